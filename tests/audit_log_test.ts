import assert from "node:assert/strict";
import { capture, captureInput, createAccessToken, createProject } from "./support/captures.ts";
import { addPerson } from "./support/people.ts";
import { type Data, type RunningApp, startApp } from "./support/running_app.ts";
import { subscribe } from "./support/subscription.ts";

const EVENTS = `query ($filter: SecurityEventFilter, $first: Int, $last: Int, $after: String, $before: String) {
  securityEvents(filter: $filter, first: $first, last: $last, after: $after, before: $before) {
    totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { node {
      id sequence kind severity actorKind actor { id email } subjectId ipAddress userAgent details occurredAt hash
    } }
  }
}`;

async function list(app: RunningApp, variables: Record<string, unknown> = {}): Promise<Data[]> {
  const { securityEvents } = await app.ask(EVENTS, { first: 50, ...variables }, app.token);
  return securityEvents.edges.map(({ node }: Data) => node);
}

const sequences = (events: Data[]) => events.map(({ sequence }) => sequence);

Deno.test("securityEvents tells who did what to what, from where and when, newest first", async () => {
  await using app = await startApp();
  const person = await addPerson(app);
  const projectId = await createProject(app, person.token);
  const [event] = await list(app);
  const { id, sequence, occurredAt, hash, userAgent, ...rest } = event;
  assert.deepEqual(rest, {
    kind: "project.created",
    severity: "INFO",
    actorKind: "user",
    actor: { id: person.id, email: person.email },
    subjectId: projectId,
    ipAddress: "127.0.0.1",
    details: {},
  });
  assert.match(id, /^security_event_/);
  assert.match(hash, /^[0-9a-f]{64}$/);
  assert.match(userAgent, /^Deno\//);
  assert.ok(Math.abs(Date.parse(occurredAt) - Date.now()) < 10_000);
  assert.deepEqual(
    (await app.ask(`query ($id: ID!) { node(id: $id) { ... on SecurityEvent { sequence } } }`, { id }, app.token)).node,
    { sequence },
  );
  assert.deepEqual(sequences(await list(app)), Array.from({ length: sequence }, (_, index) => sequence - index));
});

Deno.test("securityEvents filters by kind, severity, actor and time, and pages through each filter both ways", async () => {
  await using app = await startApp();
  const person = await addPerson(app);
  const middle = new Date(Date.now() + 5).toISOString();
  await new Promise((resolve) => setTimeout(resolve, 10));
  for (let index = 0; index < 7; index++) await createProject(app, index % 2 ? person.token : app.token, `P${index}`);
  const id = await capture(app, person.token);
  await app.ask(`mutation ($id: ID!) { deleteElement(id: $id) }`, { id }, person.token);
  const all = await list(app);
  const filters: [Data, (event: Data) => boolean][] = [
    [{}, () => true],
    [{ kind: ["project.created"] }, ({ kind }) => kind === "project.created"],
    [
      { kind: ["project.created", "element.deleted", "project.created"] },
      ({ kind }) => /^(project.created|element.deleted)$/.test(kind),
    ],
    [{ kind: [] }, () => false],
    [{ severity: ["INFO"] }, ({ severity }) => severity === "INFO"],
    [{ severity: ["CRITICAL", "WARNING"] }, ({ severity }) => severity !== "INFO"],
    [{ actorId: person.id }, ({ actor }) => actor?.id === person.id],
    [{ occurredAfter: middle }, ({ occurredAt }) => occurredAt > middle],
    [{ occurredBefore: middle }, ({ occurredAt }) => occurredAt < middle],
    [
      { kind: ["project.created"], severity: ["INFO"], actorId: person.id, occurredAfter: middle },
      ({ kind, actor }) => kind === "project.created" && actor?.id === person.id,
    ],
  ];
  for (const [filter, matches] of filters) {
    const expected = all.filter(matches);
    const told = JSON.stringify(filter);
    assert.deepEqual(await list(app, { filter }), expected, told);
    for (const direction of ["first", "last"] as const) {
      const seen: number[] = [];
      for (let cursor: string | null = null;;) {
        const place = cursor === null ? {} : direction === "first" ? { after: cursor } : { before: cursor };
        const { securityEvents } = await app.ask(EVENTS, { filter, [direction]: 3, ...place }, app.token);
        const page = sequences(securityEvents.edges.map(({ node }: Data) => node));
        if (direction === "first") seen.push(...page);
        else seen.unshift(...page);
        assert.equal(securityEvents.totalCount, expected.length, told);
        const { hasNextPage, hasPreviousPage, endCursor, startCursor } = securityEvents.pageInfo;
        cursor = direction === "first" ? endCursor : startCursor;
        if (!(direction === "first" ? hasNextPage : hasPreviousPage)) break;
      }
      assert.deepEqual(seen, sequences(expected), `${told} ${direction}`);
    }
  }
  const code = async (filter: Data) => (await app.graphql(EVENTS, { filter }, app.token)).errors?.[0]?.extensions.code;
  assert.equal(await code({ kind: ["user.exploded"] }), "INVALID_INPUT");
  assert.equal(await code({ actorId: "project_x" }), "NOT_FOUND");
});

Deno.test("a token with AUDIT_READ reads all of securityEvents, who did it included, and one without reads nothing", async () => {
  await using app = await startApp();
  const person = await addPerson(app);
  await createProject(app, person.token);
  const [auditor, reader] = await Promise.all(
    ["AUDIT_READ", "ELEMENTS_READ"].map((scope) => createAccessToken(app, app.token, { scopes: [scope] })),
  );
  const filter = { kind: ["project.created"], severity: null, occurredAfter: null };
  const { data, errors } = await app.graphql(EVENTS, { first: 5, filter }, auditor);
  assert.equal(errors, undefined);
  assert.deepEqual(data.securityEvents.edges.map(({ node }: Data) => node.actor), [
    { id: person.id, email: person.email },
  ]);
  const refused = await app.graphql(EVENTS, { first: 5 }, reader);
  assert.equal(refused.errors?.[0]?.extensions.code, "FORBIDDEN");
});

Deno.test("securityEventRecorded tells what was missed and then each event as it is committed, once and in order", async () => {
  await using app = await startApp();
  const query = `subscription ($after: Int) { securityEventRecorded(after: $after) { sequence kind } }`;
  const [{ sequence }] = await list(app, { first: 1 });
  await createProject(app, app.token, "missed");
  await using events = subscribe(app, { query, variables: { after: sequence }, token: app.token });
  assert.deepEqual(await events.next(), { sequence: sequence + 1, kind: "project.created" });
  await Promise.all(Array.from({ length: 20 }, (_, index) => createProject(app, app.token, `P${index}`)));
  for (let index = 2; index < 22; index++) {
    assert.deepEqual(await events.next(), { sequence: sequence + index, kind: "project.created" });
  }
  const { token } = await addPerson(app, "ADMIN");
  await using fromNow = subscribe(app, { query, variables: {}, token });
  await using beyond = subscribe(app, { query, variables: { after: 10_000 }, token });
  await assert.rejects(beyond.next(), { message: "INVALID_INPUT" });
  await createProject(app, app.token, "new");
  assert.equal((await fromNow.next()).sequence, sequence + 22);
});

Deno.test("each refused attempt is an event that names the operation and not what was sent", async () => {
  await using app = await startApp();
  const stranger = await addPerson(app);
  const projectId = await createProject(app, app.token);
  const id = await capture(app, app.token, captureInput({ projectId }));
  const reader = await createAccessToken(app, app.token, { scopes: ["ELEMENTS_READ"] });
  const attempts: [string, Data, () => Promise<unknown>][] = [
    [
      "access.denied",
      { operation: "users", code: "FORBIDDEN" },
      () => app.graphql(`{ users { totalCount } }`, {}, stranger.token),
    ],
    ["access.denied", { operation: "users", code: "UNAUTHENTICATED" }, () => app.graphql(`{ users { totalCount } }`)],
    [
      "access.denied",
      { operation: "element", code: "NOT_FOUND" },
      () => app.graphql(`query ($id: ID!) { element(id: $id) { id } }`, { id }, stranger.token),
    ],
    [
      "access.denied",
      { operation: "node", code: "NOT_FOUND" },
      () => app.graphql(`query ($id: ID!) { node(id: $id) { id } }`, { id }, stranger.token),
    ],
    [
      "access.denied",
      { operation: "project", code: "NOT_FOUND" },
      () => app.graphql(`query ($id: ID!) { project(id: $id) { id } }`, { id: projectId }, stranger.token),
    ],
    [
      "access.denied",
      { operation: "deleteElement", code: "FORBIDDEN" },
      () => app.graphql(`mutation ($id: ID!) { deleteElement(id: $id) }`, { id }, reader),
    ],
  ];
  for (const [kind, details, attempt] of attempts) {
    await attempt();
    const [event] = await list(app, { first: 1 });
    assert.deepEqual([event.kind, event.severity, event.details], [kind, "WARNING", details]);
    assert.ok(!JSON.stringify(event).includes(id));
  }
  const before = await list(app);
  const unknown = "element_01a20acd-0000-7000-8000-000000000000";
  await app.graphql(`query ($id: ID!) { element(id: $id) { id } }`, { id: unknown }, stranger.token);
  assert.deepEqual(sequences(await list(app)), sequences(before), "what is not there was not refused");
});
