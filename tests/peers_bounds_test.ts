import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createSocket } from "node:dgram";
import fc from "fast-check";
import { AppError } from "../src/base/errors.ts";
import { readConfig } from "../src/base/config.ts";
import { type Connection, createConnection } from "../src/peers/_connection.ts";
import { createMemoryBudget } from "../src/peers/_memory_budget.ts";
import { closePeerConnection, LOOPBACK, openPeerConnection, type RtcSettings } from "../src/peers/_werift.ts";
import { isReachable, rtcNetworks } from "../src/peers/networks.ts";
import { createProject } from "./support/captures.ts";
import { fuzzRuns } from "./support/fuzz_runs.ts";
import { joinRoom } from "./support/rooms.ts";
import { startApp } from "./support/running_app.ts";
import { connectPage } from "./support/werift_page.ts";

const FIRST_PORT = 47_310;

/** Anything, and what is nearly a frame: of few messages, so that they meet, and of none that a page of ours sends. */
const frames = fc.oneof(
  // werift counts an empty message and does not send it: the channel would stand still.
  fc.uint8Array({ minLength: 1, maxLength: 7 }),
  fc.uint8Array({ minLength: 8, maxLength: 40 }).map((bytes) =>
    Uint8Array.of(255, 0, 0, (bytes[3] ?? 0) % 4, ...bytes.slice(4))
  ),
  fc.tuple(fc.nat(3), fc.nat(3), fc.nat(4), fc.uint8Array({ maxLength: 20 })).map(([number, index, count, payload]) =>
    Uint8Array.of(255, 0, 0, number, 0, index, 0, count, ...payload)
  ),
);

Deno.test("whatever frames a page sends, it is told what is wrong and its channel lives on", async () => {
  await using app = await startApp();
  await using peer = await joinRoom(app, app.token, { projectId: await createProject(app, app.token) });
  await using page = await connectPage(peer);
  let pings = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(frames, { maxLength: 30 }), async (frames) => {
      for (const frame of frames) page.channel.send(Buffer.from(frame));
      const id = `ping ${pings++}`;
      page.say({ type: "ping", id });
      for (let heard = await page.heard(); heard.id !== id; heard = await page.heard()) {
        assert.ok(heard.type === "error" && ["INVALID_INPUT", "TOO_LARGE"].includes(heard.code), JSON.stringify(heard));
      }
    }),
    { ...fuzzRuns(60), endOnFailure: true },
  );
});

/** The server's side of a connection to an offer of ours, and whether it could be answered. */
async function answered(
  rtc: RtcSettings,
): Promise<{ connection: Connection; sdp: string | null; code: string | null }> {
  const page = await openPeerConnection();
  page.createDataChannel("fingerpost.v1");
  await page.setLocalDescription(await page.createOffer());
  const offer = page.localDescription?.sdp ?? "";
  await closePeerConnection(page);
  const none = { changed: () => {}, message: () => {}, malformed: () => {}, closed: () => {} };
  const connection = createConnection({ clock: { now: Date.now }, rtc, memory: createMemoryBudget() }, none);
  try {
    return { connection, sdp: await connection.answer(offer), code: null };
  } catch (error) {
    return { connection, sdp: null, code: error instanceof AppError ? error.code : String(error) };
  }
}

Deno.test("connections take their UDP ports from the range, and none is answered when it has none left", async () => {
  const busy = createSocket("udp4");
  await new Promise<void>((resolve) => busy.bind({ port: FIRST_PORT, address: "127.0.0.1" }, resolve));
  const rtc: RtcSettings = { hosts: ["127.0.0.1"], ports: [FIRST_PORT, FIRST_PORT + 2] };
  const all = await Promise.all([answered(rtc), answered(rtc), answered(rtc)]);
  const ports = all.map(({ sdp }) => /a=candidate:.* 127\.0\.0\.1 (\d+) typ host/.exec(sdp ?? "")?.[1] ?? null);
  assert.deepEqual(ports.toSorted(), [`${FIRST_PORT + 1}`, `${FIRST_PORT + 2}`, null]);
  assert.deepEqual(all.map(({ code }) => code).toSorted(), ["UNAVAILABLE", null, null]);
  await Promise.all(all.map(({ connection }) => connection.close()));
  const again = await answered(rtc);
  assert.equal(again.code, null, "a closed connection gives its port back");
  await again.connection.close();
  busy.close();
});

Deno.test("each address of the settings gets a candidate and a socket of its own", async () => {
  const { connection, sdp } = await answered({ hosts: ["127.0.0.1", "127.0.0.2"], ports: null });
  const hosts = [...(sdp ?? "").matchAll(/a=candidate:\S+ \d+ udp \d+ (\S+) \d+ typ host/g)].map(([, host]) => host);
  assert.deepEqual(hosts.toSorted(), ["127.0.0.1", "127.0.0.2"]);
  await connection.close();
});

Deno.test("a server sends to the networks of its own addresses, and to no machine's own services", () => {
  const reached: [string[], string, boolean][] = [
    [["127.0.0.1"], "127.0.0.1", true],
    [["127.0.0.1"], "192.168.0.20", true],
    [["127.0.0.1"], "192.168.0.7", false],
    [["127.0.0.1"], "203.0.113.9", false],
    [["192.168.0.2"], "10.1.2.3", true],
    [["192.168.0.2"], "127.0.0.1", false],
    [["192.168.0.2"], "203.0.113.9", false],
    [["203.0.113.7"], "203.0.113.9", true],
    [["203.0.113.7"], "192.168.0.7", false],
    [["203.0.113.7"], "127.0.0.1", false],
    [["203.0.113.7", "127.0.0.1"], "127.0.0.1", true],
    [["203.0.113.7"], "169.254.169.254", false],
    [["203.0.113.7"], "255.255.255.255", false],
    [["203.0.113.7"], "224.0.0.1", false],
    [["203.0.113.7"], "0.0.0.0", false],
    [["203.0.113.7"], "example.org", false],
  ];
  for (const [hosts, address, expected] of reached) {
    assert.equal(isReachable(address, hosts, ["192.168.0.20"]), expected, `${hosts} to ${address}`);
  }
  assert.deepEqual(rtcNetworks(["127.0.0.1", "127.0.0.2"], ["192.168.0.20"]), ["127.0.0.0/8", "192.168.0.20"]);
  assert.ok(
    !isReachable("192.168.0.20", ["127.0.0.1"], []) && !isReachable("127.0.0.2", ["203.0.113.7"], ["127.0.0.2"]),
  );
});

Deno.test("the settings of WebRTC are read, and refused with their name where they are none", () => {
  const read = (name: string, text: string) => readConfig(new Map([[name, text]]));
  assert.deepEqual(readConfig(new Map<string, string>()).rtcHosts, LOOPBACK.hosts);
  assert.equal(readConfig(new Map<string, string>()).rtcPorts, null);
  assert.deepEqual(read("FINGERPOST_RTC_HOSTS", "192.168.0.10, 127.0.0.1").rtcHosts, ["192.168.0.10", "127.0.0.1"]);
  assert.deepEqual(read("FINGERPOST_RTC_PORTS", "50000-50199").rtcPorts, [50_000, 50_199]);
  for (const text of ["0.0.0.0", "localhost", "::1", "10.0.0.1,", "10.0.0.256"]) {
    assert.throws(() => read("FINGERPOST_RTC_HOSTS", text), { message: /^FINGERPOST_RTC_HOSTS must be/ }, text);
  }
  for (const text of ["50000", "2-1", "80-90", "50000-70000", "a-b"]) {
    assert.throws(() => read("FINGERPOST_RTC_PORTS", text), { message: /^FINGERPOST_RTC_PORTS must be/ }, text);
  }
});
