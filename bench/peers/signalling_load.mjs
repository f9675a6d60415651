// Pairs of clients in a process of their own, for `signalling_bench.ts`: one line of JSON on standard input, one on standard output.
// Each pair's first sends to its second: at a rate, or as much as the server takes with a few under way.
import { createInterface } from "node:readline";
import { WebSocket } from "ws";

const SDP = (marker, size) => {
  const head = [
    "v=0",
    `o=- ${marker} 2 IN IP4 127.0.0.1`,
    "s=-",
    "t=0 0",
    "a=group:BUNDLE 0",
    "a=msid-semantic: WMS",
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
    "c=IN IP4 0.0.0.0",
    "a=ice-ufrag:4ZcD",
    "a=ice-pwd:2/1muCWoOi3uLifh0NuRHlYx",
    "a=ice-options:trickle",
    "a=fingerprint:sha-256 7B:8B:F0:65:5F:78:E2:51:3B:AC:6F:F3:3F:46:1B:35:DC:B8:5F:64:1A:24:C2:43:F0:A1:58:D0:A1:2C:19:08",
    "a=setup:actpass",
    "a=mid:0",
    "a=sctp-port:5000",
    "a=max-message-size:262144",
  ].join("\r\n");
  const line = (index) => `a=candidate:${index} 1 udp 2122260223 127.0.0.1 ${50_000 + index} typ host generation 0`;
  let text = head;
  for (let index = 0; text.length < size - 70; index++) text += `\r\n${line(index)}`;
  return `${text}\r\n`;
};
const SEND = `mutation ($input: SendSignalInput!) { sendSignal(input: $input) { sequence delivered } }`;
const JOIN = `subscription ($input: JoinRoomInput!) { signals(input: $input) { __typename
  ... on RoomJoined { self { id } } ... on Signal { sequence from negotiationId kind payload } } }`;

let pairs = [];
let peerCount = 0;
let arrived = () => {};

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  const answer = command.name === "open" ? await open(command) : await run(command);
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
process.exit(0);

async function open({ server, url, tokens, projectId, pairCount, pairsPerUser }) {
  pairs = [];
  const tokenOf = (index) => tokens[Math.floor(index / pairsPerUser)];
  const connect = server === "ours"
    ? (index) => openOurs({ url, token: tokenOf(index), projectId, room: `room ${index}` })
    : () => openPeer(url);
  for (let index = 0; index < pairCount; index++) {
    const [sender, receiver] = [await connect(index), await connect(index)];
    receiver.onText = (text) => arrived(Number(/o=- (\d+) /.exec(text)?.[1]));
    pairs.push((marker, size) => sender.send(receiver.id, SDP(marker, size)));
  }
  return {};
}

/** One client of ours: a socket with its room and its mutations. */
function openOurs({ url, token, projectId, room }) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
    const say = (message) => socket.send(JSON.stringify(message));
    const client = { id: "", onText: () => {}, send };
    let sent = 0;
    socket.on("error", reject);
    socket.on("close", (code) => fail(code));
    socket.on("open", () => say({ type: "connection_init", payload: { authorization: `Bearer ${token}` } }));
    socket.on("message", (data) => {
      const text = data.toString("latin1");
      if (text.startsWith('{"type":"connection_ack"')) {
        const input = { projectId, room, label: "Bench", kind: "AGENT" };
        return say({ id: "room", type: "subscribe", payload: { query: JOIN, variables: { input } } });
      }
      if (text.includes('"errors"')) throw new Error(text);
      if (!text.includes('"id":"room"')) return;
      if (text.includes("RoomJoined")) {
        client.id = JSON.parse(text).payload.data.signals.self.id;
        return resolve(client);
      }
      if (text.includes('"Signal"')) client.onText(text);
    });
    function send(to, payload) {
      const input = { from: client.id, to, negotiationId: "n", kind: "OFFER", payload };
      say({ id: String(++sent), type: "subscribe", payload: { query: SEND, variables: { input } } });
    }
  });
}

/** One client of PeerServer. */
function openPeer(url) {
  return new Promise((resolve, reject) => {
    const id = `peer${++peerCount}`;
    const socket = new WebSocket(`${url.replace("http", "ws")}/peerjs?key=peerjs&id=${id}&token=${id}`);
    const client = {
      id,
      onText: () => {},
      send: (dst, sdp) =>
        socket.send(JSON.stringify({ type: "OFFER", dst, payload: { sdp, type: "offer", connectionId: "n" } })),
    };
    socket.on("error", reject);
    socket.on("close", (code) => fail(code));
    socket.on("message", (data) => {
      const text = data.toString("latin1");
      if (text.includes('"OPEN"')) resolve(client);
      else client.onText(text);
    });
  });
}

function fail(code) {
  process.stderr.write(`A socket closed with ${code}\n`);
  process.exit(1);
}

/** Sends at a rate (signals a second; null: as the server takes them) and returns the times in milliseconds and what arrived a second. */
async function run({ seconds, rate, size, window }) {
  const times = [];
  const sentAt = new Map();
  let sent = 0;
  const send = (pair) => {
    const marker = ++sent;
    sentAt.set(marker, { at: performance.now(), pair });
    pairs[pair](marker, size);
  };
  const startedAt = performance.now();
  const endsAt = startedAt + seconds * 1_000;
  arrived = (marker) => {
    const { at, pair } = sentAt.get(marker);
    sentAt.delete(marker);
    const now = performance.now();
    if (now <= endsAt) times.push(now - at);
    if (rate === null && now < endsAt) send(pair);
  };
  if (rate === null) {
    for (let under = 0; under < window; under++) for (let pair = 0; pair < pairs.length; pair++) send(pair);
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  } else {
    // In small portions: a timer is no better than a millisecond.
    while (performance.now() < endsAt) {
      const due = Math.floor((performance.now() - startedAt) * rate / 1_000);
      while (sent < due) send(sent % pairs.length);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
  for (let waited = 0; sentAt.size > 0 && waited < 5_000; waited += 20) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  if (sentAt.size > 0) throw new Error(`${sentAt.size} signals did not arrive`);
  times.sort((one, other) => one - other);
  const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))];
  return { perSecond: times.length / seconds, p50: at(0.5), p99: at(0.99) };
}
