import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import sharp from "sharp";
import { isDataOnly, keepReachable, readCandidates } from "../src/peers/_candidates.ts";
import { closePeerConnection, openPeerConnection, restartPeerConnection } from "../src/peers/_werift.ts";
import { captureInput, createAccessToken, createProject, fullCaptureInput } from "./support/captures.ts";
import { addPerson, setMember } from "./support/people.ts";
import { joinRoom, type RoomPeer, serverPeerOf } from "./support/rooms.ts";
import { type RunningApp, startApp } from "./support/running_app.ts";
import { sdpOf } from "./support/signals.ts";
import { connectPage, nextSignal, type WeriftPage } from "./support/werift_page.ts";

const LIVE_PAGES = `query ($projectId: ID) { livePages(projectId: $projectId) {
  id peerId url title user { id } connectedAt } }`;
const LIVE = `query ($id: ID!) { element(id: $id) { live selector html revision note } }`;

interface Room {
  app: RunningApp;
  projectId: string;
  peer: RoomPeer;
}

async function openRoom(settings: Parameters<typeof startApp>[0] = {}): Promise<Room & AsyncDisposable> {
  const app = await startApp(settings);
  const projectId = await createProject(app, app.token);
  const peer = await joinRoom(app, app.token, { projectId });
  const close = async () => {
    await peer.leave();
    await app[Symbol.asyncDispose]();
  };
  return { app, projectId, peer, [Symbol.asyncDispose]: close };
}

async function sayPage(page: WeriftPage, pageId: string): Promise<void> {
  page.say({ type: "page", id: "page", pageId, url: `https://shop.example/${pageId}`, title: "Shop" });
  assert.deepEqual(await page.ask({ type: "ping", id: "after page" }), { type: "pong", id: "after page" });
}

async function livePageIds({ app }: Room, token = app.token, projectId: string | null = null): Promise<string[]> {
  const { livePages } = await app.ask(LIVE_PAGES, { projectId }, token);
  return livePages.map(({ id }: { id: string }) => id);
}

for (const trickle of [false, true]) {
  Deno.test(`a page that offers ${trickle ? "with trickled" : "with its"} candidates sends captures to the server`, async () => {
    await using room = await openRoom();
    const { app, projectId, peer } = room;
    await using page = await connectPage(peer, { trickle });
    const input = fullCaptureInput({ projectId, html: `<p>${"ä".repeat(200_000)}</p>` });
    const captured = await page.ask({ type: "capture", id: "c1", ...input });
    assert.deepEqual([captured.type, captured.id, captured.revision], ["captured", "c1", 1]);
    const { element } = await app.ask(LIVE, { id: captured.elementId }, app.token);
    assert.deepEqual([element.html, element.note, element.revision], [input["html"], input["note"], 1]);
    const again = await page.ask({ type: "capture", id: "c2", ...input });
    assert.deepEqual([again.elementId, again.revision], [captured.elementId, 1], "the same clientId");
  });
}

Deno.test("captures that overlap are stored in the order in which they were sent, and what follows waits for them", async () => {
  await using room = await openRoom();
  const { projectId, peer } = room;
  await using page = await connectPage(peer);
  const png = await sharp({ create: { width: 900, height: 900, channels: 3, background: "#8af" } }).png().toBuffer();
  const screenshot = { mimeType: "image/png", base64: png.toBase64() };
  const ids = Array.from({ length: 12 }, (_, index) => String(index));
  // Those with an image take longer before they are stored; one in the middle is refused.
  for (const [index, id] of ids.entries()) {
    const fields = { projectId, ...index % 3 === 0 ? { screenshot } : {}, ...index === 5 ? { box: null } : {} };
    page.say({ type: "capture", id, ...captureInput(fields) });
  }
  page.say({ type: "ping", id: "last" });
  const answers = [];
  for (let count = 0; count <= ids.length; count++) answers.push(await page.heard());
  assert.deepEqual(answers.at(-1), { type: "pong", id: "last" });
  const revisions = new Map(answers.map(({ id, revision, code }) => [id, revision ?? code]));
  assert.deepEqual(ids.map((id) => revisions.get(id)), [1, 2, 3, 4, 5, "INVALID_INPUT", 6, 7, 8, 9, 10, 11]);
});

Deno.test("a page is live from its page message until it closes, and so are its elements", async () => {
  await using room = await openRoom();
  const { app, projectId, peer } = room;
  await using page = await connectPage(peer);
  const { elementId } = await page.ask({ type: "capture", id: "c", ...captureInput({ projectId, pageId: "tab-1" }) });
  const other = await page.ask({ type: "capture", id: "o", ...captureInput({ projectId, pageId: "tab-2" }) });
  const live = async (id: string) => (await app.ask(LIVE, { id }, app.token)).element.live;
  assert.deepEqual([await live(elementId), await livePageIds(room)], [false, []]);
  await sayPage(page, "tab-1");
  assert.deepEqual([await live(elementId), await live(other.elementId)], [true, false]);
  const { livePages: [shown] } = await app.ask(LIVE_PAGES, { projectId }, app.token);
  const { viewer } = await app.ask(`{ viewer { id } }`, {}, app.token);
  const { connectedAt, ...facts } = shown;
  assert.deepEqual(facts, {
    id: "tab-1",
    peerId: peer.id,
    url: "https://shop.example/tab-1",
    title: "Shop",
    user: { id: viewer.id },
  });
  assert.match(connectedAt, /Z$/);
  await page.close();
  assert.equal((await nextSignal(peer, "n1")).kind, "BYE");
  assert.deepEqual([await live(elementId), await livePageIds(room)], [false, []]);
});

Deno.test("a connection ends with a BYE of the page, and with its stay in the room", async () => {
  await using room = await openRoom();
  const { app, projectId, peer } = room;
  await using first = await connectPage(peer, { negotiationId: "first" });
  await sayPage(first, "tab-1");
  await peer.send({ to: serverPeerOf(peer).id, negotiationId: "first", kind: "BYE", payload: null });
  assert.equal((await nextSignal(peer, "first")).kind, "BYE");
  assert.deepEqual(await livePageIds(room), []);
  await using witness = await joinRoom(app, app.token, { projectId });
  await using second = await connectPage(peer, { negotiationId: "second" });
  await sayPage(second, "tab-2");
  assert.deepEqual(await livePageIds(room), ["tab-2"]);
  await peer.leave();
  assert.deepEqual(await witness.next(), { __typename: "PeerLeft", peerId: peer.id });
  assert.deepEqual(await livePageIds(room), []);
});

Deno.test("livePages shows the pages of projects that the caller may read", async () => {
  await using room = await openRoom();
  const { app, projectId, peer } = room;
  const [member, stranger] = [await addPerson(app), await addPerson(app)];
  setMember(app, { projectId, personId: member.id, role: "VIEWER" });
  await using page = await connectPage(peer);
  await sayPage(page, "tab-1");
  assert.deepEqual(await livePageIds(room, member.token), ["tab-1"]);
  assert.deepEqual(await livePageIds(room, member.token, projectId), ["tab-1"]);
  assert.deepEqual(await livePageIds(room, stranger.token), []);
  const { errors } = await app.graphql(LIVE_PAGES, { projectId }, stranger.token);
  assert.equal(errors?.[0]?.extensions.code, "NOT_FOUND");
  const other = await createProject(app, app.token);
  assert.deepEqual(await livePageIds(room, app.token, other), []);
  const limited = await createAccessToken(app, app.token, { scopes: ["ELEMENTS_READ"], projectId: other });
  assert.deepEqual(await livePageIds(room, limited), []);
});

Deno.test("a message that can't be answered gets an error with its id, and the channel lives on", async () => {
  await using room = await openRoom();
  const { projectId, peer } = room;
  await using page = await connectPage(peer);
  const refused: [Record<string, unknown>, string | null, string][] = [
    [{ type: "nonsense", id: "1" }, "1", "INVALID_INPUT"],
    [{ type: "toString", id: "2" }, "2", "INVALID_INPUT"],
    [{ type: "ping" }, null, "INVALID_INPUT"],
    [{ type: "capture", id: "3", ...captureInput({ projectId, box: null }) }, "3", "INVALID_INPUT"],
    [{ type: "capture", id: "4", ...captureInput({ projectId: "project_none" }) }, "4", "NOT_FOUND"],
    [{ type: "page", id: "5", pageId: "tab", url: "javascript:alert(1)", title: "" }, "5", "INVALID_INPUT"],
  ];
  for (const [message, id, code] of refused) {
    const answer = await page.ask(message);
    assert.deepEqual([answer.type, answer.id, answer.code], ["error", id, code]);
  }
  const frames: (string | Buffer)[] = ["text", Buffer.from([1, 2, 3]), Buffer.from([0, 0, 0, 9, 0, 0, 0, 1, 0xff])];
  for (const frame of frames) {
    page.channel.send(frame);
    const { type, id, code } = await page.heard();
    assert.deepEqual([type, id, code], ["error", null, "INVALID_INPUT"]);
  }
  assert.deepEqual(await page.ask({ type: "ping", id: "6" }), { type: "pong", id: "6" });
});

Deno.test("a page does what who negotiated may do, at that moment", async () => {
  await using room = await openRoom();
  const { app, projectId } = room;
  const { id: personId, token } = await addPerson(app);
  setMember(app, { projectId, personId, role: "VIEWER" });
  await using peer = await joinRoom(app, token, { projectId });
  await using page = await connectPage(peer);
  const capture = async () => await page.ask({ type: "capture", id: "c", ...captureInput({ projectId }) });
  assert.equal((await capture()).code, "FORBIDDEN");
  setMember(app, { projectId, personId, role: "EDITOR" });
  assert.equal((await capture()).type, "captured");
  setMember(app, { projectId, personId, role: null });
  assert.equal((await capture()).code, "NOT_FOUND");
  const told = await page.ask({ type: "page", id: "p", pageId: "tab", url: "https://x.example/", title: "" });
  assert.deepEqual([told.id, told.code], ["p", "NOT_FOUND"]);
});

Deno.test("the server says BYE to an offer that it can't answer, and to a user's ninth connection", async () => {
  await using room = await openRoom();
  const { peer } = room;
  const to = serverPeerOf(peer).id;
  const data = sdpOf();
  const medium = "m=audio 9 UDP/TLS/RTP/SAVPF 111";
  for (const [index, payload] of [`${data}${medium}\r\n`, data.replace(/^m=.*$/m, medium)].entries()) {
    await peer.send({ to, negotiationId: `bad${index}`, kind: "OFFER", payload });
    assert.equal((await nextSignal(peer, `bad${index}`)).kind, "BYE");
  }
  await using stack = new AsyncDisposableStack();
  for (let index = 0; index < 8; index++) {
    stack.use(await connectPage(peer, { negotiationId: `good${index}` }));
  }
  await assert.rejects(connectPage(peer, { negotiationId: "ninth" }), { message: "BYE" });
});

Deno.test("a second offer of one negotiation restarts ICE: the same channel goes on over it", async () => {
  await using room = await openRoom();
  const { peer } = room;
  await using page = await connectPage(peer);
  await sayPage(page, "tab-1");
  const { connection } = page;
  const before = connection.iceTransports[0]?.localParameters.usernameFragment;
  for (let restart = 0; restart < 3; restart++) {
    const found = connection.iceConnectionStateChange.watch((state) => state === "connected");
    await connection.setLocalDescription(await connection.createOffer({ iceRestart: true }));
    const payload = connection.localDescription?.sdp;
    await peer.send({ to: serverPeerOf(peer).id, negotiationId: "n1", kind: "OFFER", payload });
    const answer = await nextSignal(peer, "n1");
    assert.equal(answer.kind, "ANSWER");
    await connection.setRemoteDescription({ type: "answer", sdp: answer.payload });
    restartPeerConnection(connection);
    await found;
    assert.equal((await page.ask({ type: "ping", id: `${restart}` })).type, "pong");
  }
  assert.notEqual(connection.iceTransports[0]?.localParameters.usernameFragment, before);
  assert.deepEqual(await livePageIds(room), ["tab-1"]);
});

Deno.test("a page that is silent for 10 s is not live, and its connection ends after 2 minutes, as does one that never opened", async () => {
  let now = Date.now();
  await using room = await openRoom({ clock: { now: () => now } });
  const { peer } = room;
  await using page = await connectPage(peer);
  await sayPage(page, "tab-1");
  now += 9_999;
  assert.deepEqual(await livePageIds(room), ["tab-1"]);
  now += 1;
  assert.deepEqual(await livePageIds(room), []);
  assert.equal((await page.ask({ type: "ping", id: "1" })).type, "pong");
  assert.deepEqual(await livePageIds(room), ["tab-1"]);
  await using stack = new AsyncDisposableStack();
  const unopened = stack.adopt(await openPeerConnection(), (connection) => closePeerConnection(connection));
  unopened.createDataChannel("fingerpost.v1");
  await unopened.setLocalDescription(await unopened.createOffer());
  const payload = unopened.localDescription?.sdp;
  await peer.send({ to: serverPeerOf(peer).id, negotiationId: "n2", kind: "OFFER", payload });
  assert.equal((await nextSignal(peer, "n2")).kind, "ANSWER");
  now += 120_000;
  const ends = [await nextSignal(peer), await nextSignal(peer)];
  assert.deepEqual(ends.map(({ negotiationId, kind }) => [negotiationId, kind]), [["n1", "BYE"], ["n2", "BYE"]]);
});

Deno.test("a packet that breaks the protocol does not end the server", async () => {
  await using room = await openRoom();
  await using page = await connectPage(room.peer);
  const association = page.connection.sctpTransport?.sctp;
  const UNKNOWN_KIND = 99;
  const CHANNEL_CONTROL = 50;
  await association?.send(page.channel.id, UNKNOWN_KIND, Buffer.from([1]), { ordered: true });
  // The acknowledgement of a channel that nobody opened. RFC 8832 §5.2
  await association?.send(4_000, CHANNEL_CONTROL, Buffer.from([2]), { ordered: true });
  assert.deepEqual(await page.ask({ type: "ping", id: "1" }), { type: "pong", id: "1" });
});

Deno.test("the server tries no candidate beyond this machine", () => {
  const HOSTS = ["127.0.0.1"];
  const near = "candidate:1 1 udp 2113937151 127.0.0.1 50000 typ host";
  const far = [
    "candidate:1 1 udp 2113937151 192.0.2.7 53 typ host",
    "candidate:1 1 udp 2113937151 5b1a-7.local 50000 typ host",
    "candidate:1 1 tcp 2113937151 127.0.0.1 8000 typ host",
    "candidate:1 1 udp 2113937151 127.0.0.1.example.org 53 typ host",
  ];
  const sdp = [
    "v=0",
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
    ...[near, ...far].map((line) => `a=${line}`),
    "",
  ];
  assert.deepEqual(keepReachable(sdp.join("\r\n"), HOSTS).split("\r\n"), [...sdp.slice(0, 2), `a=${near}`, ""]);
  const batch = [near, ...far].map((candidate) => ({ candidate, sdpMid: "0", sdpMLineIndex: 0 }));
  assert.deepEqual(readCandidates(JSON.stringify(batch), HOSTS), batch.slice(0, 1));
  assert.deepEqual(readCandidates(JSON.stringify(batch[0]), HOSTS), batch.slice(0, 1));
  for (const payload of ["", "null", "{}", "[1]", `{"candidate":1}`]) {
    assert.deepEqual(readCandidates(payload, HOSTS), []);
  }
  assert.deepEqual([isDataOnly(sdp.join("\r\n")), isDataOnly("v=0"), isDataOnly("m=video 9 x")], [true, false, false]);
});
