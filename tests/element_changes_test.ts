import assert from "node:assert/strict";
import { capture, captureInput, createAccessToken, createProject } from "./support/captures.ts";
import { addPerson } from "./support/people.ts";
import { bearer, type Data, type GraphqlBody, type RunningApp, startApp } from "./support/running_app.ts";

const CHANGES = `query ($projectId: ID, $after: Int, $first: Int, $waitSeconds: Int) {
  elementChanges(projectId: $projectId, after: $after, first: $first, waitSeconds: $waitSeconds) {
    revision hasMore changes { kind revision elementId element { id note status } }
  }
}`;

/** A capture must reach who waits within this time of its answer. */
const LIVE_MS = 100;
/** Of one user, as the server bounds them. */
const MAX_WAITS = 64;

type Asked = { projectId?: string; after?: number; first?: number; waitSeconds?: number };

/** Who waits longer than this was not woken. */
const LONG_WAIT = { after: 0, waitSeconds: 8 };

async function changes(app: RunningApp, asked: Asked, token = app.token): Promise<Data> {
  return (await app.ask(CHANGES, asked, token)).elementChanges;
}

async function codeOf(answer: Promise<GraphqlBody>): Promise<string | undefined> {
  return (await answer).errors?.[0]?.extensions.code;
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** Changes from a revision on, each request behind the one before, until so many were told. */
async function readOn(app: RunningApp, asked: { after: number; first: number; count: number }): Promise<number[]> {
  const told: number[] = [];
  for (let { after } = asked; told.length < asked.count;) {
    const answer = await changes(app, { after, first: asked.first, waitSeconds: 8 });
    told.push(...answer.changes.map(({ revision }: Data) => revision));
    assert.equal(answer.revision, told.at(-1));
    after = answer.revision;
  }
  return told;
}

/** A request whose client may go away. */
function waitUntil(app: RunningApp, signal: AbortSignal, token = app.token): Promise<Response> {
  return fetch(`${app.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", ...bearer(token) },
    body: JSON.stringify({ query: CHANGES, variables: LONG_WAIT }),
    signal,
  });
}

Deno.test("elementChanges tells each change once, in order, page after page, and where to go on", async () => {
  await using app = await startApp();
  await createProject(app, app.token);
  assert.deepEqual(await changes(app, { after: 0 }), { revision: 0, hasMore: false, changes: [] });
  const ids: string[] = [];
  for (let index = 0; index < 120; index++) ids.push(await capture(app, app.token));
  const pages = [];
  for (let [after, hasMore] = [0, true]; hasMore;) {
    const page = await changes(app, { after, first: 50 });
    pages.push(page.changes.length);
    assert.deepEqual(page.changes.map((one: Data) => one.revision), numbers(after + 1, after + page.changes.length));
    assert.deepEqual(page.changes.map((one: Data) => one.elementId), ids.slice(after, after + 50));
    ({ revision: after, hasMore } = page);
  }
  assert.deepEqual(pages, [50, 50, 20]);
  const whole = await changes(app, { after: 20, first: 100 });
  for (const { elementId, element } of whole.changes) assert.equal(element.id, elementId);
  assert.deepEqual([whole.changes.length, whole.hasMore, whole.revision], [100, false, 120]);
  const cut = await changes(app, { after: 19, first: 100 });
  assert.deepEqual([cut.changes.length, cut.hasMore, cut.revision], [100, true, 119]);
  assert.equal((await changes(app, { after: 0 })).changes.length, 20, "20 where nothing else is said");
  assert.deepEqual(await changes(app, { after: 120 }), { revision: 120, hasMore: false, changes: [] });
});

Deno.test("elementChanges tells what happened, with the element as it is now and none where it is deleted", async () => {
  await using app = await startApp();
  await createProject(app, app.token);
  const kept = await capture(app, app.token, captureInput({ note: "first" }));
  const gone = await capture(app, app.token);
  await app.ask(
    `mutation ($id: ID!) { updateElement(input: { id: $id, status: RESOLVED, note: "second" }) { id } }`,
    { id: kept },
    app.token,
  );
  await app.ask(`mutation ($id: ID!) { deleteElement(id: $id) }`, { id: gone }, app.token);
  const now = { id: kept, note: "second", status: "RESOLVED" };
  assert.deepEqual((await changes(app, { after: 0 })).changes, [
    { kind: "CAPTURED", revision: 1, elementId: kept, element: now },
    { kind: "CAPTURED", revision: 2, elementId: gone, element: null },
    { kind: "UPDATED", revision: 3, elementId: kept, element: now },
    { kind: "DELETED", revision: 4, elementId: gone, element: null },
  ]);
  const page = await changes(app, { after: 0, first: 2 });
  assert.deepEqual(
    page.changes.map(({ element }: Data) => element),
    [now, null],
    "also where it changed again behind the page",
  );
});

Deno.test("elementChanges without after tells what comes from now on, without projectId of one's own first project", async () => {
  await using app = await startApp();
  const first = await createProject(app, app.token);
  const second = await createProject(app, app.token, "Second");
  await capture(app, app.token);
  const { revision, ...nothing } = await changes(app, {});
  assert.deepEqual([revision, nothing], [1, { hasMore: false, changes: [] }]);
  await capture(app, app.token, captureInput({ projectId: second }));
  const id = await capture(app, app.token, captureInput({ projectId: first }));
  assert.deepEqual((await changes(app, { after: revision })).changes.map((one: Data) => one.elementId), [id]);
  assert.equal((await changes(app, { projectId: second, after: 0 })).changes.length, 1);
  const limited = await createAccessToken(app, app.token, { scopes: ["ELEMENTS_READ"], projectId: second });
  assert.equal((await changes(app, { after: 0 }, limited)).revision, 1, "a token's own project");
  const waiting = changes(app, { waitSeconds: 8 });
  // The wait may begin before or after any one of them: what is told is the next.
  let isOver = false;
  void waiting.then(() => isOver = true);
  while (!isOver) await capture(app, app.token);
  const [told] = (await waiting).changes;
  assert.ok(told.revision > 2);
});

Deno.test("elementChanges refuses a revision that the project has not reached, and what is out of bounds", async () => {
  await using app = await startApp();
  await createProject(app, app.token);
  for (
    const asked of [
      { after: -1 },
      { after: 1 },
      { after: 1, waitSeconds: 8 },
      { after: 0, first: 0 },
      { after: 0, first: 101 },
      { after: 0, waitSeconds: -1 },
      { after: 0, waitSeconds: 9 },
    ]
  ) assert.equal(await codeOf(app.graphql(CHANGES, asked, app.token)), "INVALID_INPUT", JSON.stringify(asked));
  const homeless = await addPerson(app);
  assert.equal(await codeOf(app.graphql(CHANGES, {}, homeless.token)), "NOT_FOUND");
});

Deno.test(`a capture reaches who waits in elementChanges within ${LIVE_MS} ms of its answer`, async () => {
  await using app = await startApp();
  await createProject(app, app.token);
  const delays: number[] = [];
  for (let after = 0; after < 20; after++) {
    let seenAt = 0;
    const waiting = changes(app, { after, waitSeconds: 8 }).then((answer) => {
      seenAt = performance.now();
      return answer;
    });
    const id = await capture(app, app.token);
    const answeredAt = performance.now();
    assert.deepEqual((await waiting).changes.map((one: Data) => one.elementId), [id]);
    delays.push(seenAt - answeredAt);
  }
  delays.sort((one, other) => one - other);
  assert.ok((delays[18] ?? Infinity) < LIVE_MS, `95 of 100 within ${delays[18]} ms`);
});

Deno.test("readers of elementChanges lose nothing and see nothing twice while captures go on", async () => {
  await using app = await startApp();
  await createProject(app, app.token);
  const readers = [1, 7, 100].map((first) => readOn(app, { after: 0, first, count: 120 }));
  for (let burst = 0; burst < 12; burst++) await Promise.all(numbers(1, 10).map(() => capture(app, app.token)));
  for (const told of await Promise.all(readers)) assert.deepEqual(told, numbers(1, 120));
});

Deno.test("50 who wait at once are all answered by one capture", async () => {
  await using app = await startApp();
  await createProject(app, app.token);
  const asked = Array.from({ length: 50 }, () => changes(app, LONG_WAIT));
  const id = await capture(app, app.token);
  const answeredAt = performance.now();
  for (const { changes: [told], revision } of await Promise.all(asked)) {
    assert.deepEqual([told.elementId, revision], [id, 1]);
  }
  const tookMs = performance.now() - answeredAt;
  assert.ok(tookMs < 1_000, `${tookMs} ms`);
});

Deno.test("a wait for changes is over when its time is, and tells nothing then", async () => {
  await using app = await startApp();
  await createProject(app, app.token);
  const startedAt = performance.now();
  assert.deepEqual(await changes(app, { after: 0, waitSeconds: 1 }), { revision: 0, hasMore: false, changes: [] });
  const tookMs = performance.now() - startedAt;
  assert.ok(tookMs > 950 && tookMs < 2_000, `${tookMs} ms`);
});

/** Asks until one more is refused, and returns with what. */
async function untilFull(app: RunningApp): Promise<{ extensions: Record<string, unknown> }> {
  const endsAt = performance.now() + 6_000;
  while (performance.now() < endsAt) {
    const { errors: [error] = [] } = await app.graphql(CHANGES, { waitSeconds: 1 }, app.token);
    if (error?.extensions.code === "RATE_LIMITED") return error;
  }
  assert.fail("nobody was refused");
}

Deno.test("one user has 64 waits at once, the next is RATE_LIMITED, and those whose clients go away make room", async () => {
  await using app = await startApp();
  await createProject(app, app.token);
  const gone = new AbortController();
  // One whose place was taken for a moment by who looks whether all is full asks again, and so does one whose time is over.
  const waitOn = async () => {
    while (true) {
      const startedAt = performance.now();
      const { status } = await waitUntil(app, gone.signal);
      const isOver = performance.now() - startedAt > 7_900;
      assert.equal(status, isOver ? 200 : 429, "refused, waiting until it goes away, or over");
    }
  };
  const broken = Array.from({ length: MAX_WAITS }, () => assert.rejects(waitOn, { name: "AbortError" }));
  const { extensions } = await untilFull(app);
  assert.equal(extensions["retryAfterSeconds"], 8);
  const other = await addPerson(app);
  const theirs = await createProject(app, other.token);
  assert.deepEqual((await changes(app, { projectId: theirs, waitSeconds: 1 }, other.token)).changes, [], "another's");
  assert.deepEqual((await changes(app, { after: 0 })).changes, [], "who does not wait");
  gone.abort();
  await Promise.all(broken);
  // Their 8 s are not over by then.
  const startedAt = performance.now();
  const isFull = async () => await codeOf(app.graphql(CHANGES, { waitSeconds: 1 }, app.token)) === "RATE_LIMITED";
  while (await isFull()) assert.ok(performance.now() - startedAt < 3_000);
});

Deno.test("a wait for changes ends with UNAUTHENTICATED when its token is revoked", async () => {
  await using app = await startApp();
  await createProject(app, app.token);
  const token = await createAccessToken(app, app.token, { scopes: ["ELEMENTS_READ"] });
  const waiting = app.graphql(CHANGES, LONG_WAIT, token);
  const { viewer } = await app.ask(`{ viewer { accessTokens { id } } }`, {}, app.token);
  const startedAt = performance.now();
  const id = viewer.accessTokens[0].id;
  await app.ask(`mutation ($id: ID!) { revokeAccessToken(id: $id) }`, { id }, app.token);
  const { errors: [error] = [] } = await waiting;
  const told = [error?.extensions.code, error?.message];
  assert.deepEqual(told, ["UNAUTHENTICATED", "Cannot wait any longer: the credential ended"]);
  const tookMs = performance.now() - startedAt;
  assert.ok(tookMs < 2_000, `${tookMs} ms`);
});

Deno.test("a wait for changes ends with NOT_FOUND for who is taken out of the project", async () => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  const { id: userId, token } = await addPerson(app);
  const setMember = (role: "VIEWER" | null) =>
    app.ask(
      `mutation ($input: SetProjectMemberInput!) { setProjectMember(input: $input) { id } }`,
      { input: { projectId, userId, role } },
      app.token,
    );
  await setMember("VIEWER");
  const waiting = codeOf(app.graphql(CHANGES, { projectId, ...LONG_WAIT }, token));
  // It was sent before these, and waits when they are answered.
  for (let asked = 0; asked < 5; asked++) await app.ask(`{ viewer { id } }`, {}, token);
  await setMember(null);
  const startedAt = performance.now();
  assert.equal(await waiting, "NOT_FOUND");
  assert.ok(performance.now() - startedAt < 2_000);
});

Deno.test("waits for changes do not keep the server from stopping", async () => {
  await using app = await startApp();
  await createProject(app, app.token);
  const waitOn = async () => {
    while (true) {
      const code = await codeOf(app.graphql(CHANGES, LONG_WAIT, app.token));
      if (code !== "RATE_LIMITED") return code;
    }
  };
  const answers = Array.from({ length: MAX_WAITS }, waitOn);
  await untilFull(app);
  const startedAt = performance.now();
  await app.stop();
  const tookMs = performance.now() - startedAt;
  assert.deepEqual(new Set(await Promise.all(answers)), new Set(["UNAVAILABLE"]));
  assert.ok(tookMs < 3_000, `${tookMs} ms`);
});
