import assert from "node:assert/strict";
import { CAPTURE, capture, captureInput, createProject } from "./support/captures.ts";
import { addPerson, type Person, setMember } from "./support/people.ts";
import { joinRoom } from "./support/rooms.ts";
import { type Data, type RunningApp, startApp } from "./support/running_app.ts";
import { securityEvents } from "./support/security_events.ts";
import { ELEMENT_EVENTS, subscribe, subscribeOverHttp } from "./support/subscription.ts";
import { connectPage } from "./support/werift_page.ts";

type Role = "OWNER" | "EDITOR" | "VIEWER" | null;

const SET_MEMBER = `mutation ($input: SetProjectMemberInput!) {
  setProjectMember(input: $input) { members { role user { id } } }
}`;

const uuidOf = (globalId: string) => globalId.slice(globalId.indexOf("_") + 1);

interface World extends AsyncDisposable {
  app: RunningApp;
  owner: Person;
  projectId: string;
  /** Gives somebody a role as the holder of `token`: the roles by person from then on, or the code of the error. */
  set(token: string, person: { id: string }, role: Role): Promise<Record<string, string> | string>;
}

async function makeWorld(): Promise<World> {
  const app = await startApp();
  const owner = await addPerson(app);
  const projectId = await createProject(app, owner.token);
  const set: World["set"] = async (token, { id: userId }, role) => {
    const { data, errors } = await app.graphql(SET_MEMBER, { input: { projectId, userId, role } }, token);
    if (errors !== undefined) return errors[0]?.extensions.code ?? "?";
    return Object.fromEntries(data.setProjectMember.members.map(({ role, user }: Data) => [user.id, role]));
  };
  return { app, owner, projectId, set, [Symbol.asyncDispose]: () => app[Symbol.asyncDispose]() };
}

Deno.test("an owner brings people in, gives them another role and takes them out, each with its event", async () => {
  await using world = await makeWorld();
  const { app, owner, projectId, set } = world;
  const person = await addPerson(app);
  const self = { [owner.id]: "OWNER" };
  assert.deepEqual(await set(owner.token, person, "VIEWER"), { ...self, [person.id]: "VIEWER" });
  assert.deepEqual(await set(owner.token, person, "EDITOR"), { ...self, [person.id]: "EDITOR" });
  assert.deepEqual(await set(owner.token, person, "EDITOR"), { ...self, [person.id]: "EDITOR" }, "no change, no event");
  assert.deepEqual(await set(owner.token, person, null), self);
  assert.deepEqual(await set(owner.token, person, null), self);
  const events = securityEvents(app, "project.member_changed");
  assert.ok(events.every(({ subjectId, actorId }) => subjectId === uuidOf(projectId) && actorId === uuidOf(owner.id)));
  const userId = uuidOf(person.id);
  assert.deepEqual(events.map(({ details }) => details), [
    { userId, from: null, to: "VIEWER", self: false },
    { userId, from: "VIEWER", to: "EDITOR", self: false },
    { userId, from: "EDITOR", to: null, self: false },
  ]);
  const nobody = { id: "user_01a20acd-0000-7000-8000-000000000000" };
  assert.deepEqual([await set(owner.token, nobody, "VIEWER"), await set(owner.token, { id: "x" }, "VIEWER")], [
    "NOT_FOUND",
    "NOT_FOUND",
  ]);
  for (const role of ["EDITOR", "VIEWER"] as const) {
    await set(owner.token, person, role);
    assert.equal(await set(person.token, person, "OWNER"), "FORBIDDEN", `${role} raises itself`);
  }
});

Deno.test("an admin comes into a project by an event that says so, and sees its elements only then", async () => {
  await using world = await makeWorld();
  const { app, owner, projectId, set } = world;
  const elementId = await capture(app, owner.token, captureInput({ projectId }));
  const sees = async () =>
    (await app.graphql(`query ($id: ID!) { element(id: $id) { id } }`, { id: elementId }, app.token)).errors ===
      undefined;
  const { viewer } = await app.ask(`{ viewer { id } }`, {}, app.token);
  assert.equal(await sees(), false);
  assert.deepEqual(await set(app.token, viewer, "EDITOR"), { [owner.id]: "OWNER", [viewer.id]: "EDITOR" });
  assert.equal(await sees(), true);
  assert.deepEqual(await set(app.token, viewer, null), { [owner.id]: "OWNER" });
  assert.equal(await sees(), false);
  assert.deepEqual(securityEvents(app, "project.member_changed").map(({ details }) => details), [
    { userId: uuidOf(viewer.id), from: null, to: "EDITOR", self: true },
    { userId: uuidOf(viewer.id), from: "EDITOR", to: null, self: false },
  ]);
});

Deno.test("a project keeps an owner: the last one neither leaves nor steps down, whoever asks", async () => {
  await using world = await makeWorld();
  const { app, owner, set } = world;
  for (const token of [owner.token, app.token]) {
    for (const role of ["EDITOR", "VIEWER", null] as const) assert.equal(await set(token, owner, role), "CONFLICT");
  }
  const other = await addPerson(app);
  await set(owner.token, other, "OWNER");
  assert.deepEqual(await set(owner.token, owner, null), { [other.id]: "OWNER" }, "one of two may go");
});

for (const role of ["VIEWER", null] as const) {
  Deno.test(`of two owners who ${role === null ? "remove" : "lower"} each other at once, one stays`, async () => {
    await using world = await makeWorld();
    const { app, projectId, owner, set } = world;
    const other = await addPerson(app);
    for (let round = 0; round < 10; round++) {
      for (const { id: personId } of [owner, other]) setMember(app, { projectId, personId, role: "OWNER" });
      const outcomes = await Promise.all([set(owner.token, other, role), set(other.token, owner, role)]);
      assert.equal(outcomes.filter((outcome) => typeof outcome !== "string").length, 1, JSON.stringify(outcomes));
      const query = `query ($id: ID!) { project(id: $id) { members { role } } }`;
      const { project } = await app.ask(query, { id: projectId }, app.token);
      assert.equal(project.members.filter(({ role }: Data) => role === "OWNER").length, 1);
    }
  });
}

Deno.test("who is taken out of a project loses what is open on it within a second, and nothing on others", async () => {
  await using world = await makeWorld();
  const { app, owner, projectId, set } = world;
  const person = await addPerson(app);
  await set(owner.token, person, "EDITOR");
  const own = await createProject(app, person.token);
  const watch = { query: ELEMENT_EVENTS, token: person.token };
  await using overSocket = subscribe(app, { ...watch, variables: { projectId, after: 0 } });
  await using overHttp = await subscribeOverHttp(app, { ...watch, variables: { projectId, after: 0 } });
  await using elsewhere = await subscribeOverHttp(app, { ...watch, variables: { projectId: own, after: 0 } });
  await using witness = await joinRoom(app, owner.token, { projectId });
  await using peer = await joinRoom(app, person.token, { projectId });
  await using page = await connectPage(peer);
  await capture(app, owner.token, captureInput({ projectId }));
  assert.deepEqual([(await overSocket.next()).kind, (await overHttp.next()).kind], ["CAPTURED", "CAPTURED"]);
  const ended = Promise.all([
    ...[overSocket, overHttp, peer].map((reader) => assert.rejects(reader.next(), { message: "NOT_FOUND" })),
    page.channel.stateChanged.watch((state) => state === "closed"),
  ]);
  await set(owner.token, person, null);
  const endedAt = performance.now();
  await ended;
  assert.ok(performance.now() - endedAt < 1_000, `${performance.now() - endedAt} ms`);
  assert.equal((await witness.next()).__typename, "PeerJoined");
  assert.deepEqual(await witness.next(), { __typename: "PeerLeft", peerId: peer.id });
  await capture(app, person.token, captureInput({ projectId: own }));
  assert.equal((await elsewhere.next()).kind, "CAPTURED");
});

Deno.test("who becomes VIEWER of a project reads on, and its page's captures are refused from then on", async () => {
  await using world = await makeWorld();
  const { app, owner, projectId, set } = world;
  const person = await addPerson(app);
  await set(owner.token, person, "EDITOR");
  await using peer = await joinRoom(app, person.token, { projectId });
  await using page = await connectPage(peer);
  const say = () => page.ask({ type: "capture", id: "c", ...captureInput({ projectId }) });
  assert.equal((await say()).type, "captured");
  await set(owner.token, person, "VIEWER");
  const { type, code } = await say();
  assert.deepEqual([type, code], ["error", "FORBIDDEN"]);
  const { errors } = await app.graphql(CAPTURE, { input: captureInput({ projectId }) }, person.token);
  assert.equal(errors?.[0]?.extensions.code, "FORBIDDEN");
  const events = { query: ELEMENT_EVENTS, variables: { projectId, after: 0 }, token: person.token };
  await using reader = await subscribeOverHttp(app, events);
  assert.equal((await reader.next()).kind, "CAPTURED");
});

Deno.test("what opens on a project in the very moment of a removal ends within a second", async () => {
  await using world = await makeWorld();
  const { app, owner, projectId, set } = world;
  const person = await addPerson(app);
  await set(owner.token, person, "EDITOR");
  const watch = { query: ELEMENT_EVENTS, variables: { projectId, after: 0 }, token: person.token };
  const watching = Array.from({ length: 20 }, async () => {
    await using events = await subscribeOverHttp(app, watch);
    return await events.next().then(() => "event", (error: Error) => error.message);
  });
  const joining = Array.from({ length: 10 }, async (): Promise<string> => {
    try {
      await using peer = await joinRoom(app, person.token, { projectId });
      for (;;) await peer.next();
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  });
  await set(owner.token, person, null);
  const removedAt = performance.now();
  assert.deepEqual(new Set(await Promise.all([...watching, ...joining])), new Set(["NOT_FOUND"]));
  assert.ok(performance.now() - removedAt < 1_000);
});
