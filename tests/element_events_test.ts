import assert from "node:assert/strict";
import { capture, captureInput, createProject } from "./support/captures.ts";
import { type Data, type RunningApp, startApp } from "./support/running_app.ts";
import { ELEMENT_EVENTS, subscribe, subscribeOverHttp, type Subscription } from "./support/subscription.ts";

/** Live news must reach a watcher within this time of the answer to the capture. */
const LIVE_MS = 50;

interface Watched {
  app: RunningApp;
  projectId: string;
  after: number | null;
}

const TRANSPORTS = {
  "graphql-ws": ({ app, projectId, after }: Watched) =>
    Promise.resolve(subscribe(app, { query: ELEMENT_EVENTS, variables: { projectId, after }, token: app.token })),
  "server-sent events": ({ app, projectId, after }: Watched) =>
    subscribeOverHttp(app, { query: ELEMENT_EVENTS, variables: { projectId, after }, token: app.token }),
};

async function take(subscription: Subscription, count: number): Promise<Data[]> {
  const events: Data[] = [];
  while (events.length < count) events.push(await subscription.next());
  return events;
}

for (const [name, watch] of Object.entries(TRANSPORTS)) {
  Deno.test(`elementEvents over ${name} is live within ${LIVE_MS} ms`, async () => {
    await using app = await startApp();
    const projectId = await createProject(app, app.token);
    await using events = await watch({ app, projectId, after: 0 });
    await capture(app, app.token);
    await events.next();
    const delays: number[] = [];
    for (let index = 0; index < 20; index++) {
      let seenAt = 0;
      const seen = events.next().then((event) => {
        seenAt = performance.now();
        return event;
      });
      const id = await capture(app, app.token);
      const answeredAt = performance.now();
      assert.equal((await seen).elementId, id);
      delays.push(seenAt - answeredAt);
    }
    delays.sort((a, b) => a - b);
    assert.ok((delays[18] ?? Infinity) < LIVE_MS, `95 of 100 within ${delays[18]} ms`);
  });

  Deno.test(`elementEvents over ${name} replays what was missed, in order, and goes on live without gap or repeat`, async () => {
    await using app = await startApp();
    const projectId = await createProject(app, app.token);
    const captured: string[] = [];
    for (let index = 0; index < 130; index++) captured.push(await capture(app, app.token));
    await using events = await watch({ app, projectId, after: 20 });
    // Captured while the replay runs: the seam between missed and live.
    const seam = Promise.all(Array.from({ length: 60 }, () => capture(app, app.token)));
    const seen = await take(events, 170);
    await seam;
    assert.deepEqual(seen.map(({ revision }) => revision), Array.from({ length: 170 }, (_, index) => index + 21));
    assert.deepEqual(seen.slice(0, 110).map(({ elementId }) => elementId), captured.slice(20));
    assert.deepEqual(new Set(seen.slice(110).map(({ elementId }) => elementId)), new Set(await seam));
  });

  Deno.test(`elementEvents over ${name} tells changes and deletion`, async () => {
    await using app = await startApp();
    const projectId = await createProject(app, app.token);
    const id = await capture(app, app.token, captureInput({ note: "first" }));
    await using events = await watch({ app, projectId, after: 0 });
    const UPDATE = `mutation ($id: ID!) { updateElement(input: { id: $id, status: RESOLVED }) { id } }`;
    const [created] = await take(events, 1);
    await app.ask(UPDATE, { id }, app.token);
    const [updated] = await take(events, 1);
    await app.ask(`mutation ($id: ID!) { deleteElement(id: $id) }`, { id }, app.token);
    const [deleted] = await take(events, 1);
    assert.deepEqual([created.kind, created.element.note, created.element.status], ["CAPTURED", "first", "OPEN"]);
    assert.deepEqual([updated.kind, updated.element.status], ["UPDATED", "RESOLVED"]);
    assert.deepEqual(deleted, { kind: "DELETED", revision: 3, elementId: id, element: null });
    await using late = await watch({ app, projectId, after: 0 });
    assert.deepEqual((await take(late, 3)).map(({ kind, element }) => [kind, element]), [
      ["CAPTURED", null],
      ["UPDATED", null],
      ["DELETED", null],
    ]);
  });

  Deno.test(`elementEvents over ${name} refuses a revision that the project has not reached`, async () => {
    await using app = await startApp();
    const projectId = await createProject(app, app.token);
    for (const after of [-1, 1]) {
      await using events = await watch({ app, projectId, after });
      await assert.rejects(events.next(), { message: "INVALID_INPUT" });
    }
  });
}

Deno.test("elementEvents resumes after a broken connection and a restarted server with nothing lost", async () => {
  const dataDir = await Deno.makeTempDir();
  const captured: string[] = [];
  let projectId = "";
  let revision = 0;
  {
    await using app = await startApp({ dataDir });
    const token = await app.signIn();
    projectId = await createProject(app, token);
    await using events = subscribe(app, { query: ELEMENT_EVENTS, variables: { projectId, after: 0 }, token });
    captured.push(await capture(app, token), await capture(app, token));
    revision = (await events.next()).revision;
  }
  {
    await using app = await startApp({ dataDir });
    const token = await app.signIn();
    captured.push(await capture(app, token));
    await using events = subscribe(app, { query: ELEMENT_EVENTS, variables: { projectId, after: revision }, token });
    assert.deepEqual((await take(events, 2)).map(({ elementId }) => elementId), captured.slice(1));
  }
  await Deno.remove(dataDir, { recursive: true });
});

Deno.test("elementEvents ends with FORBIDDEN or NOT_FOUND for who may not see the project any more", async () => {
  const { addPerson, setMember } = await import("./support/people.ts");
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  const { id: personId, token } = await addPerson(app);
  setMember(app, { projectId, personId, role: "VIEWER" });
  await using events = subscribe(app, { query: ELEMENT_EVENTS, variables: { projectId, after: 0 }, token });
  await capture(app, app.token);
  assert.equal((await events.next()).revision, 1);
  setMember(app, { projectId, personId, role: null });
  await capture(app, app.token);
  await assert.rejects(events.next(), { message: "NOT_FOUND" });
});
