import assert from "node:assert/strict";
import { newId } from "../src/base/ids.ts";
import { openKv } from "../src/kv/kv.ts";
import {
  deleteSession,
  findSession,
  insertSession,
  listSessions,
  type SessionRecord,
  touchSession,
} from "../src/sessions/_records.ts";
import { createProject } from "./support/captures.ts";
import { movableClock } from "./support/movable_clock.ts";
import { addPerson, write } from "./support/people.ts";
import { ADMIN, type RunningApp, startApp } from "./support/running_app.ts";
import { makeSession } from "./support/sessions.ts";
import { ELEMENT_EVENTS, subscribeOverHttp } from "./support/subscription.ts";

const HOUR_MS = 3_600_000;
const UPDATE = `mutation ($input: UpdateUserInput!) { updateUser(input: $input) { id } }`;
const REVOKE_ALL = `mutation ($id: ID!) { revokeUserSessions(userId: $id) }`;

const codeOf = async (app: RunningApp, token: string) =>
  (await app.graphql(`{ viewer { id } }`, {}, token)).errors?.[0]?.extensions.code ?? "ok";

async function withKv(work: (kv: Deno.Kv) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  {
    using kv = await openKv(`${folder}/kv.db`);
    await work(kv);
  }
  await Deno.remove(folder, { recursive: true });
}

function record(userId: string): SessionRecord {
  const facts = { createdAt: 0, lastUsedAt: 0, endsAt: 30 * 24 * HOUR_MS, ipAddress: null, userAgent: null };
  return { id: newId(), userId, ...facts };
}

Deno.test("a session that is deleted while it is used stays deleted", async () => {
  await withKv(async (kv) => {
    for (let round = 0; round < 100; round++) {
      const session = record("ada");
      await insertSession(kv, session.id, session);
      await Promise.all([
        touchSession(kv, session.id, { from: 0, now: 60_000 }),
        deleteSession(kv, "ada", session.id),
        touchSession(kv, session.id, { from: 0, now: 60_001 }),
      ]);
      assert.equal(await findSession(kv, session.id), null);
    }
    assert.deepEqual(await listSessions(kv, "ada"), []);
  });
});

Deno.test("a use is written once, however many requests come at once", async () => {
  await withKv(async (kv) => {
    const session = record("ada");
    await insertSession(kv, session.id, session);
    const versions = new Set<string | null>();
    const read = async () => versions.add((await kv.get(["sessions", "by_hash", session.id])).versionstamp);
    await read();
    await Promise.all(Array.from({ length: 100 }, async (_, index) => {
      await touchSession(kv, session.id, { from: 0, now: 60_000 + index });
      await read();
    }));
    assert.equal(versions.size, 2, "as made, and as used");
  });
});

Deno.test("lastUsedAt moves once a minute and no more often, by HTTP and by socket", async () => {
  const clock = movableClock();
  await using app = await startApp({ clock });
  const token = await makeSession(app, (await app.ask(`{ viewer { id } }`, {}, app.token)).viewer.id);
  await using socket = await openSocket(app, token);
  const lastUsedAt = async () => {
    const { viewer } = await app.ask(`{ viewer { sessions { lastUsedAt } } }`, {}, app.token);
    return Date.parse(viewer.sessions.at(-1).lastUsedAt);
  };
  const madeAt = await lastUsedAt();
  clock.advance(50_000);
  assert.equal(await codeOf(app, token), "ok");
  assert.equal(await lastUsedAt(), madeAt);
  clock.advance(11_000);
  await Promise.all(Array.from({ length: 30 }, () => codeOf(app, token)));
  const usedAt = await lastUsedAt();
  assert.ok(usedAt >= madeAt + 60_000);
  clock.advance(61_000);
  await socket.ask();
  assert.ok(await lastUsedAt() >= usedAt + 60_000);
});

Deno.test("a socket that is used keeps its session, and one that expired is refused before anything closes it", async () => {
  const clock = movableClock();
  await using app = await startApp({ clock });
  const { token } = await addPerson(app);
  await using socket = await openSocket(app, token);
  for (let day = 0; day < 3; day++) {
    clock.advance(23 * HOUR_MS);
    assert.equal(await socket.ask(), "answered");
  }
  assert.equal(await codeOf(app, token), "ok");
  clock.advance(24 * HOUR_MS);
  const asked = socket.ask(`mutation { createProject(input: { name: "Too late" }) { id } }`);
  assert.equal(await asked, 4401);
  assert.equal(write(app, (database) => database.prepare("SELECT count(*) AS n FROM projects").get()?.["n"]), 0);
});

Deno.test("sockets and streams that open in the very moment of a revocation end within a second", async () => {
  await using app = await startApp();
  const { id, token } = await addPerson(app);
  const projectId = await createProject(app, token);
  const opened = Promise.all(Array.from({ length: 20 }, async () => {
    await using socket = await openSocket(app, token);
    return await socket.closed;
  }));
  const streamed = Promise.all(Array.from({ length: 20 }, async () => {
    await using events = await subscribeOverHttp(app, {
      query: ELEMENT_EVENTS,
      variables: { projectId, after: 0 },
      token,
    });
    return await events.next().then(() => "event", (error: Error) => error.message);
  }));
  await app.ask(REVOKE_ALL, { id }, app.token);
  const revokedAt = performance.now();
  const codes = new Set([...await opened, ...await streamed]);
  assert.ok(performance.now() - revokedAt < 1_000);
  for (const code of codes) assert.ok([4401, 4403, "UNAUTHENTICATED", "FORBIDDEN"].includes(code), String(code));
});

Deno.test("no sign-in with the old password outlives its change", async () => {
  await using app = await startApp();
  const { email, token } = await addPerson(app);
  const input = { currentPassword: ADMIN.password, newPassword: "an entirely new one" };
  const changing = app.ask(
    `mutation ($input: ChangePasswordInput!) { changePassword(input: $input) }`,
    { input },
    token,
  );
  const signedIn = await Promise.allSettled(Array.from({ length: 4 }, () => app.signIn(email)));
  await changing;
  const tokens = signedIn.flatMap((outcome) => outcome.status === "fulfilled" ? [outcome.value] : []);
  for (const old of tokens) assert.equal(await codeOf(app, old), "UNAUTHENTICATED");
  assert.equal(await codeOf(app, token), "ok", "the session that changed it lives on");
  assert.equal(await codeOf(app, await app.signIn(email, input.newPassword)), "ok");
});

Deno.test("sessions that a crash left to a disabled account are dead, and stay so when it is enabled again", async () => {
  await using app = await startApp();
  const { id, email, token } = await addPerson(app);
  // As after a crash between the two files: the account was changed, its sessions were not deleted yet.
  write(app, (database) => database.prepare("UPDATE users SET status = 'DISABLED' WHERE email = ?").run(email));
  assert.equal(await codeOf(app, token), "UNAUTHENTICATED");
  await app.ask(UPDATE, { input: { id, status: "ACTIVE" } }, app.token);
  assert.equal(await codeOf(app, token), "UNAUTHENTICATED");
  assert.equal(await codeOf(app, await makeSession(app, id)), "ok");
});

interface Socket extends AsyncDisposable {
  closed: Promise<number>;
  /** "answered", or the code with which it closed first. */
  ask(query?: string): Promise<string | number>;
}

/** Opens a socket and waits until it is acknowledged or closed. */
async function openSocket(app: RunningApp, token: string): Promise<Socket> {
  const socket = new WebSocket(`${app.url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
  const closed = new Promise<number>((resolve) => socket.onclose = ({ code }) => resolve(code));
  let received = (_type: string) => {};
  socket.onmessage = ({ data }) => received(JSON.parse(data).type);
  socket.onopen = () =>
    socket.send(JSON.stringify({ type: "connection_init", payload: { authorization: `Bearer ${token}` } }));
  const until = (type: string) =>
    Promise.race([closed, new Promise<string>((resolve) => received = (got) => got === type && resolve("answered"))]);
  await until("connection_ack");
  return {
    closed,
    ask: (query = "{ viewer { id } }") => {
      const answered = until("complete");
      socket.send(JSON.stringify({ id: crypto.randomUUID(), type: "subscribe", payload: { query } }));
      return answered;
    },
    [Symbol.asyncDispose]: async () => {
      socket.close();
      await closed;
    },
  };
}
