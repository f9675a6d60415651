import assert from "node:assert/strict";
import * as fc from "fast-check";
import { readContent } from "../src/signalling/_content.ts";
import { openPeerConnection } from "../src/peers/_werift.ts";
import { candidateOf, sdpOf } from "./support/signals.ts";

const change = (from: string | RegExp, to: string) => sdpOf().replace(from, to);

Deno.test("readContent() takes what browsers and werift send", async () => {
  const connection = await openPeerConnection();
  connection.createDataChannel("x");
  const made = (await connection.createOffer()).sdp;
  await connection.close();
  const rejected = change(/^m=.*$/m, "m=audio 0 UDP/TLS/RTP/SAVPF 0").replace(/^a=(ice|fingerprint).*\r\n/gm, "");
  const media = `${sdpOf()}m=video 9/2 UDP/TLS/RTP/SAVPF 96 97\r\na=fmtp:96 profile-level-id=42e01f;x=é\r\n`;
  for (const sdp of [sdpOf(), sdpOf().replaceAll("\r\n", "\n"), sdpOf().trimEnd(), made, media, rejected]) {
    assert.equal(readContent("OFFER", sdp).role, "description", sdp);
    assert.equal(readContent("ANSWER", sdp).role, "description", sdp);
  }
  assert.deepEqual(readContent("OFFER", sdpOf({ fragment: "a+/b" })).fragments, ["a+/b"]);
});

const CANDIDATES = [
  "candidate:842163049 1 udp 1677729535 203.0.113.7 46154 typ srflx raddr 10.0.1.17 rport 46154 generation 0 ufrag EEtu network-id 3 network-cost 10",
  "candidate:0 1 UDP 2122187007 5f1e0a1c-7d2b-4b8e-9a63-2f6a1f4b8c11.local 51200 typ host",
  "candidate:1 1 TCP 2105524479 192.168.1.2 9 typ host tcptype active",
  "candidate:1 2 udp 2113937151 fd00::1 50001 typ relay raddr :: rport 0",
  "",
];

Deno.test("readContent() takes candidates as browsers write them, one or several", () => {
  for (const candidate of CANDIDATES) {
    const payload = JSON.stringify({ candidate, sdpMid: "0", sdpMLineIndex: 0, usernameFragment: "EEtu" });
    assert.deepEqual(readContent("CANDIDATE", payload), { role: "candidate", fragments: ["EEtu"] });
  }
  const batch = JSON.stringify(CANDIDATES.map((candidate) => ({ candidate, sdpMid: null, sdpMLineIndex: null })));
  assert.deepEqual(readContent("CANDIDATE", batch), { role: "candidate", fragments: [] });
});

Deno.test("readContent() refuses descriptions that are not what they claim", () => {
  const refused = [
    "v=0",
    candidateOf(1),
    change("v=0", "v=1"),
    change(/^o=.*$/m, "o=me"),
    change(/^s=-\r\n/m, ""),
    change(/^t=0 0\r\n/m, ""),
    change(/^m=.*$/m, "a=nothing"),
    change(/^m=.*$/m, "m=application 99999 UDP/DTLS/SCTP x"),
    change(/^a=ice-ufrag.*\r\n/m, ""),
    change(/^a=ice-pwd:.*$/m, "a=ice-pwd:short"),
    change(/^a=fingerprint.*$/m, "a=fingerprint:sha-256 AB"),
    change("a=mid:0", "a=mid:0\r\r\na=x"),
    change("a=mid:0", "a=mid:0\ra=x"),
    change("a=mid:0", "a=mid:0\u2028a=x"),
    change("a=mid:0", "a=mid:0\u0085a=x"),
    change("a=mid:0", "a=mid:0\va=x"),
    change("a=mid:0", "a=mid:\x1b[2J"),
    change("a=mid:0", "<script>"),
    change("a=mid:0", ""),
    change("a=mid:0", "a=candidate:not one"),
    `${sdpOf()}a=${"x".repeat(8_192)}\r\n`,
    `${sdpOf()}${"a=x\r\n".repeat(4_096)}`,
  ];
  for (const sdp of refused) assert.throws(() => readContent("OFFER", sdp), { code: "INVALID_INPUT" }, sdp.slice(-200));
  assert.throws(() => readContent("ANSWER", sdpOf({ size: 65_537 })), { code: "TOO_LARGE" });
});

Deno.test("readContent() refuses candidates that are not what they claim", () => {
  const [good = ""] = CANDIDATES;
  const lines = [
    "x",
    sdpOf(),
    `a=${good}`,
    good.replace("candidate:", "candidate: "),
    good.replace("203.0.113.7", "203.0.113.700"),
    good.replace("203.0.113.7", "[::1]"),
    good.replace("46154", "65536"),
    good.replace("typ", "type"),
    good.replace("10.0.1.17", "nowhere!"),
    `${good} odd`,
    `${good} a \u0000`,
    `${good}\r\na=x y`,
    `${good} a b\nc`,
    `${good}${" x y".repeat(300)}`,
  ];
  const payloads = [
    "",
    "null",
    "1",
    "{}",
    "[]",
    "[[]]",
    sdpOf(),
    `{"candidate":1}`,
    JSON.stringify({ candidate: good, sdpMid: 0 }),
    JSON.stringify({ candidate: good, sdpMLineIndex: -1 }),
    JSON.stringify(Array.from({ length: 257 }, () => ({ candidate: "" }))),
    ...lines.map((candidate) => JSON.stringify({ candidate })),
    ...lines.map((candidate) => JSON.stringify([{ candidate: good }, { candidate }])),
  ];
  for (const payload of payloads) {
    assert.throws(() => readContent("CANDIDATE", payload), { code: "INVALID_INPUT" }, payload.slice(0, 300));
  }
});

Deno.test("readContent() ends soon, whatever it is given", () => {
  const pieces = fc.constantFrom(
    "a=candidate:",
    " 1",
    " udp",
    "\r\n",
    "\n",
    "m=",
    "a=ice-ufrag:",
    "x",
    " ",
    "typ",
    "é",
    "-.",
  );
  const texts = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(pieces, { maxLength: 2_000 }).map((all) => all.join("")),
  );
  fc.assert(
    fc.property(texts, fc.constantFrom("OFFER" as const, "ANSWER" as const, "CANDIDATE" as const), (text, kind) => {
      for (const payload of [text, sdpOf() + text, JSON.stringify({ candidate: `${CANDIDATES[0]}${text}` })]) {
        try {
          readContent(kind, payload);
        } catch (error) {
          assert.ok(error instanceof Error && error.name === "AppError", String(error));
        }
      }
    }),
  );
  const startedAt = performance.now();
  for (const long of ["1.".repeat(500), "-".repeat(1_000), "a.".repeat(200), `${"a".repeat(250)}!`]) {
    for (let count = 0; count < 100; count++) {
      assert.throws(() =>
        readContent("CANDIDATE", JSON.stringify({ candidate: CANDIDATES[0]?.replace("203.0.113.7", long) }))
      );
    }
  }
  assert.ok(performance.now() - startedAt < 5_000);
});
