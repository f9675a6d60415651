import assert from "node:assert/strict";
import type { Buffer } from "node:buffer";
import { generateKeyPairSync, sign } from "node:crypto";
import fc from "fast-check";
import type { RTCPeerConnection } from "werift";
import { closePeerConnection, openPeerConnection } from "../src/peers/_werift.ts";
import { connectThroughProxy, epochOf, isData, type Meddle, messageTypeOf } from "./support/dtls_proxy.ts";
import { fuzzRuns } from "./support/fuzz_runs.ts";

/** Far longer than a handshake of which every second datagram is lost, which takes 10 s. */
const NEVER_MS = 60_000;
const HELLO_VERIFY_REQUEST = 3;

async function isHeard(meddle: Meddle): Promise<boolean> {
  const never = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => never.resolve(false), NEVER_MS);
  await using proxied = await connectThroughProxy(openPeerConnection, closePeerConnection, meddle);
  try {
    return await Promise.race([proxied.heard.then(() => true), never.promise]);
  } finally {
    clearTimeout(timer);
  }
}

Deno.test("werift as it comes still derives new keys from a flight that comes twice: its mending is needed", async () => {
  const worker = new Worker(new URL("support/unmended_werift.ts", import.meta.url), { type: "module" });
  try {
    const said = await new Promise((resolve) => worker.onmessage = ({ data }) => resolve(data));
    assert.equal(said, "new keys", "docs/decisions/0015-werift-mended.md says what can go then");
  } finally {
    worker.terminate();
  }
});

Deno.test("a server's flight that comes again after the handshake changes nothing", async () => {
  const flight: Buffer[] = [];
  let repeats = 0;
  const again: Meddle = (datagram, toClient) => {
    if (toClient && epochOf(datagram) === 0) flight.push(datagram);
    const isFinished = toClient && epochOf(datagram) === 1;
    if (isFinished) repeats++;
    return isFinished ? [datagram, ...flight, datagram, ...flight] : [datagram];
  };
  assert.equal(await isHeard(again), true);
  assert.ok(repeats > 0 && flight.length > 0);
});

Deno.test("a handshake gets over datagrams that are lost, repeated and late, whichever they are", async () => {
  const fates = fc.array(fc.constantFrom("pass", "lose", "repeat", "delay"), { minLength: 12, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(fates, async (fates) => {
      const queue = [...fates];
      const late = { true: [] as Buffer[], false: [] as Buffer[] };
      const heard = await isHeard((datagram, toClient) => {
        const fate = isData(datagram) ? "pass" : queue.shift() ?? "pass";
        const kept = late[`${toClient}`].splice(0);
        if (fate === "lose") return kept;
        if (fate === "delay") late[`${toClient}`].push(datagram);
        return fate === "delay" ? kept : fate === "repeat" ? [datagram, datagram, ...kept] : [datagram, ...kept];
      });
      assert.equal(heard, true);
    }),
    { ...fuzzRuns(3), endOnFailure: true },
  );
});

Deno.test("no number is given to two records of one side, also where a handshake's are repeated", async () => {
  const numbers = { true: [] as bigint[], false: [] as bigint[] };
  const lost = new Set<string>();
  const note: Meddle = (datagram, toClient) => {
    // A server answers the first hello without keeping anything, and so under the hello's number. RFC 6347 §4.2.1
    if (messageTypeOf(datagram) === HELLO_VERIFY_REQUEST) return [datagram];
    numbers[`${toClient}`].push(datagram.readBigUInt64BE(3));
    const kind = `${toClient} ${epochOf(datagram)}`;
    const isLost = !isData(datagram) && !lost.has(kind);
    lost.add(kind);
    return isLost ? [] : [datagram];
  };
  assert.equal(await isHeard(note), true);
  assert.ok(lost.size >= 4 && numbers.true.length > 20);
  for (const sent of [numbers.true, numbers.false]) assert.equal(new Set(sent).size, sent.length);
});

Deno.test("whoever shows the page's certificate and does not have its key gets no connection", async () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const impostorsKey = { sign: (text: Buffer) => sign("sha256", text, privateKey) };
  const connections: RTCPeerConnection[] = [];
  const open = async () => {
    const connection = await openPeerConnection();
    connections.push(connection);
    return connection;
  };
  const replaceKey: Meddle = (datagram) => {
    const cipher = connections[0]?.dtlsTransports[0]?.dtls?.cipher;
    if (cipher !== undefined) Reflect.set(cipher, "localPrivateKey", impostorsKey);
    return [datagram];
  };
  await using proxied = await connectThroughProxy(open, closePeerConnection, replaceKey);
  const failed = connections[1]?.connectionStateChange.watch((state) => state === "failed");
  assert.equal(await Promise.race([proxied.heard.then(() => "heard"), failed?.then(() => "failed")]), "failed");
});
