// Pairs of peers that send each other signals, for `signalling_bench.ts`, on Node for both servers: `node signalling_clients.mjs <plan>`.
// Its last line is what it measured, as JSON.
import { createHash, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import process from "node:process";
import WebSocket from "ws";

const { kind, url, serverPid, tokens, projectId, pairs, ratePerSecond, rateSeconds, fullSeconds, warmUpSeconds, window } = JSON
  .parse(process.argv[2]);
/** An offer, an answer's worth of candidates behind it, and the next negotiation. */
const SIGNALS_PER_NEGOTIATION = 12;
const SOCKET = url.replace("http", "ws");

const SIGNALS = `subscription ($input: JoinRoomInput!) { signals(input: $input) {
  __typename
  ... on RoomJoined { self { id } peers { id } resumeToken }
  ... on PeerJoined { peer { id } }
  ... on PeerLeft { peerId }
  ... on Signal { sequence from negotiationId kind payload }
  ... on SignalExpired { to negotiationId kind }
} }`;
const SEND = `mutation ($input: SendSignalInput!) { sendSignal(input: $input) { sequence delivered } }`;
const SEND_HASH = createHash("sha256").update(SEND).digest("hex");

const CANDIDATES = Array.from(
  { length: 15 },
  (_, index) =>
    `candidate:${index + 1} 1 udp ${2113937151 - index} 192.0.2.${index + 1} ${50000 + index} typ host generation 0`,
);
const OFFER = [
  "v=0",
  "o=- 4611731400430051336 2 IN IP4 127.0.0.1",
  "s=-",
  "t=0 0",
  "a=group:BUNDLE 0",
  "a=extmap-allow-mixed",
  "a=msid-semantic: WMS",
  "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
  "c=IN IP4 0.0.0.0",
  ...[...CANDIDATES, ...CANDIDATES.slice(0, 5)].map((line) => `a=${line}`),
  "a=ice-ufrag:4ZcD",
  "a=ice-pwd:2/1muCWoOi3uLifh0NuRHlGk",
  "a=ice-options:trickle",
  `a=fingerprint:sha-256 ${Array.from({ length: 32 }, (_, index) => (index + 16).toString(16).toUpperCase()).join(":")}`,
  "a=setup:actpass",
  "a=mid:0",
  "a=sctp-port:5000",
  "a=max-message-size:262144",
  "",
].join("\r\n");
const BATCH = JSON.stringify(CANDIDATES.map((candidate) => ({ candidate, sdpMid: "0", sdpMLineIndex: 0 })));

/** One direction of a pair: what was sent and is still to come, in order. */
let delays = [];
let received = 0;
let refused = null;
let onArrival = () => {};

function arrived(link) {
  delays.push(performance.now() - link.sentAt.shift());
  received++;
  onArrival(link);
}

function open(path, onText) {
  const socket = new WebSocket(path.url, path.protocol, { perMessageDeflate: false });
  // From the start: PeerServer says OPEN in the same breath.
  socket.on("message", (data) => onText(data.toString()));
  socket.on("close", (code) => refused ??= `A socket closed with ${code}`);
  return new Promise((resolve, reject) => {
    socket.once("open", () => resolve(socket));
    socket.once("error", reject);
  });
}

// Node 20 has no Promise.withResolvers().
function settling() {
  let resolve;
  return { promise: new Promise((settle) => resolve = settle), resolve: (value) => resolve(value) };
}

/** Sends and hears signals as a page does with our server: one socket, the mutation by its hash. */
async function openOurs(index) {
  const [acknowledged, joined] = [settling(), settling()];
  const side = { link: { sentAt: [], sent: 0, negotiationId: "" }, partner: null, id: "", send };
  let isKnown = false;
  const socket = await open({ url: `${SOCKET}/graphql`, protocol: "graphql-transport-ws" }, (text) => {
    if (text.includes(`"id":"s"`)) {
      if (text.includes(`"__typename":"Signal"`)) arrived(side.partner.link);
      else if (text.includes(`"RoomJoined"`)) joined.resolve(JSON.parse(text).payload.data.signals);
      else if (!text.includes(`"PeerJoined"`)) refused ??= text;
    } else if (text.includes(`"errors"`) || text.includes(`"type":"error"`)) refused ??= text;
    else if (text.includes(`"next"`)) isKnown = true;
    else if (text.includes("connection_ack")) acknowledged.resolve();
  });
  const say = (message) => socket.send(JSON.stringify(message));
  say({ type: "connection_init", payload: { authorization: `Bearer ${tokens[index % tokens.length]}` } });
  await acknowledged.promise;
  const input = { projectId, room: `${process.pid} ${index >> 1}`, label: "Bench", kind: "EXTENSION" };
  say({ id: "s", type: "subscribe", payload: { query: SIGNALS, variables: { input } } });
  side.id = (await joined.promise).self.id;
  let asked = 0;
  function send(signal) {
    const extensions = { persistedQuery: { version: 1, sha256Hash: SEND_HASH } };
    const variables = { input: { from: side.id, to: side.partner.id, clientId: randomUUID(), ...signal } };
    // The protocol wants a string; an empty one leaves it to the hash, once the server knows that.
    const query = isKnown ? "" : SEND;
    say({ id: `m${asked++}`, type: "subscribe", payload: { query, extensions, variables } });
  }
  return side;
}

async function openPeerJs() {
  const opened = settling();
  const side = { link: { sentAt: [], sent: 0, negotiationId: "" }, partner: null, id: randomUUID(), send };
  const socket = await open({ url: `${SOCKET}/peerjs?key=peerjs&id=${side.id}&token=${randomUUID()}` }, (text) => {
    if (text.includes(`"type":"OPEN"`)) opened.resolve();
    else if (text.includes(`"src"`)) arrived(side.partner.link);
    else refused ??= text;
  });
  await opened.promise;
  function send({ kind, negotiationId, payload }) {
    const message = { type: kind, dst: side.partner.id, payload: { connectionId: negotiationId, payload } };
    socket.send(JSON.stringify(message));
  }
  return side;
}

function sendNext(side) {
  const { link } = side;
  const isOffer = link.sent++ % SIGNALS_PER_NEGOTIATION === 0;
  if (isOffer) link.negotiationId = randomUUID();
  link.sentAt.push(performance.now());
  side.send({
    kind: isOffer ? "OFFER" : "CANDIDATE",
    negotiationId: link.negotiationId,
    payload: isOffer ? OFFER : BATCH,
  });
}

const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function settle(sides) {
  for (let waited = 0; waited < 500 && sides.some(({ link }) => link.sentAt.length > 0); waited++) await wait(10);
  const lost = sides.reduce((sum, { link }) => sum + link.sentAt.length, 0);
  if (refused ?? lost > 0) throw new Error(refused ?? `${lost} signals did not arrive`);
}

/** Sends at a rate, whether what was sent before has arrived or not. */
async function atRate(sides, seconds) {
  delays = [];
  const startedAt = performance.now();
  const total = ratePerSecond * seconds;
  for (let sent = 0; sent < total;) {
    for (const due = (performance.now() - startedAt) / 1_000 * ratePerSecond; sent < Math.min(due, total); sent++) {
      sendNext(sides[sent % sides.length]);
    }
    await wait(1);
  }
  await settle(sides);
  return delays.toSorted((a, b) => a - b);
}

/** Keeps so many signals of each side under way; how many arrived a second. */
async function atFull(sides, seconds) {
  const byLink = new Map(sides.map((side) => [side.link, side]));
  onArrival = (link) => sendNext(byLink.get(link));
  for (const side of sides) for (let count = 0; count < window; count++) sendNext(side);
  const [before, startedAt] = [received, performance.now()];
  await wait(seconds * 1_000);
  const perSecond = (received - before) / (performance.now() - startedAt) * 1_000;
  onArrival = () => {};
  await settle(sides);
  return perSecond;
}

/** Processor time; Linux counts it in hundredths of a second. proc_pid_stat(5) */
function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

const sides = [];
for (let index = 0; index < 2 * pairs; index++) {
  sides.push(await (kind === "ours" ? openOurs(index) : openPeerJs()));
}
for (const [index, side] of sides.entries()) side.partner = sides[index ^ 1];
await atFull(sides, warmUpSeconds);
const sorted = await atRate(sides, rateSeconds);
const before = [cpuSeconds("self"), cpuSeconds(serverPid)];
const perSecond = await atFull(sides, fullSeconds);
const [clientCpu, serverCpu] = ["self", serverPid].map((pid, index) => (cpuSeconds(pid) - before[index]) / fullSeconds);
const of = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
process.stdout.write(`${JSON.stringify({ p50Ms: of(0.5), p99Ms: of(0.99), perSecond, clientCpu, serverCpu })}\n`);
process.exit(0);
