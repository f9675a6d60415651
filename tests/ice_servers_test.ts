import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createProject } from "./support/captures.ts";
import { movableClock } from "./support/movable_clock.ts";
import { joinRoom, SIGNALS } from "./support/rooms.ts";
import { type Data, type RunningApp, startApp } from "./support/running_app.ts";
import { subscribe } from "./support/subscription.ts";

const TURN = ["turn:turn.example.org:3478?transport=udp", "turns:turn.example.org"];
const ENVIRONMENT = { FINGERPOST_TURN_URLS: `stun:stun.example.org,${TURN}`, FINGERPOST_TURN_SECRET: "shared" };
const ICE_SERVERS = `query ($projectId: ID!) { iceServers(projectId: $projectId) { urls username credential } }`;
const SET = `mutation ($key: String!, $value: JSON!) { setConfig(key: $key, value: $value) { key } }`;

const query = SIGNALS.replace("iceServers { urls }", "iceServers { urls username credential }");
const serversOf = async (app: RunningApp, projectId: string): Promise<Data[]> =>
  (await app.ask(ICE_SERVERS, { projectId }, app.token)).iceServers;
const credentialOf = (username: string, secret: string) => createHmac("sha1", secret).update(username).digest("base64");

Deno.test("RoomJoined and iceServers give out TURN credentials by the REST rule, made anew each time", async () => {
  const clock = movableClock();
  await using app = await startApp({ clock, environment: ENVIRONMENT });
  const projectId = await createProject(app, app.token);
  const { viewer } = await app.ask(`{ viewer { id } }`, {}, app.token);
  const join = async (more: Data = {}) => {
    const variables = { input: { projectId, label: "A page", kind: "EXTENSION", ...more } };
    const events = subscribe(app, { query, variables, token: app.token });
    return { events, joined: await events.next() };
  };
  const first = await join();
  const [stun, turn] = first.joined.iceServers;
  assert.deepEqual(stun, { urls: ["stun:stun.example.org"], username: null, credential: null });
  assert.deepEqual(turn.urls, TURN);
  const [expiry, userId] = turn.username.split(":");
  assert.ok(viewer.id.endsWith(userId));
  const lifeSeconds = Number(expiry) - clock.now() / 1_000;
  assert.ok(lifeSeconds > 8 * 3_600 - 60 && lifeSeconds <= 8 * 3_600, String(lifeSeconds));
  assert.equal(turn.credential, credentialOf(turn.username, "shared"));

  clock.advance(5_000);
  const { resumeToken } = first.joined;
  const back = await join({ resumeToken, afterSequence: 0 });
  assert.equal(back.joined.resumed, true);
  for (const [, later] of [back.joined.iceServers, await serversOf(app, projectId)]) {
    assert.ok(Number(later.username.split(":")[0]) >= Number(expiry) + 5);
    assert.equal(later.credential, credentialOf(later.username, "shared"));
  }
  for (const { events } of [first, back]) await events[Symbol.asyncDispose]();
});

Deno.test("the settings of an admin stand before those of the environment, and TURN servers without a secret are left out", async () => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  assert.deepEqual(await serversOf(app, projectId), []);
  const set = (key: string, value: unknown) => app.ask(SET, { key, value }, app.token);
  await set("turn.urls", ["turn:own.example.org", "stun:own.example.org"]);
  assert.deepEqual((await serversOf(app, projectId)).map(({ urls }) => urls), [["stun:own.example.org"]]);
  await set("turn.secret", "sealed");
  const [, turn] = await serversOf(app, projectId);
  assert.deepEqual(turn.urls, ["turn:own.example.org"]);
  assert.equal(turn.credential, credentialOf(turn.username, "sealed"));
  await using peer = await joinRoom(app, app.token, { projectId });
  assert.equal(peer.joined.iceServers.length, 2);
});
