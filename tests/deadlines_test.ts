import assert from "node:assert/strict";
import { GraphQLNonNull, GraphQLObjectType, GraphQLSchema, GraphQLString } from "graphql";
import { createDeadlines } from "../src/api/_deadlines.ts";
import { createOperations } from "../src/api/operations.ts";
import { systemActor } from "../src/base/actor.ts";
import { AppError } from "../src/base/errors.ts";
import type { RequestContext } from "../src/graphql/builder.ts";
import { write } from "./support/people.ts";
import { bearer, type RunningApp, startApp } from "./support/running_app.ts";
import { TRANSPORTS } from "./support/transports.ts";

const never = () => new Promise<never>(() => {});
const untilEnd = (signal: AbortSignal) =>
  new Promise<never>((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

Deno.test("at its deadline an operation is UNAVAILABLE whether its work ends or not, and its signal says so to the work", async () => {
  using deadlines = createDeadlines({ deadlineMs: 30 });
  const client = new AbortController();
  const refused = { name: "AppError", code: "UNAVAILABLE", message: "Cannot answer this within 0.03 s: ask for less" };
  const deadline = deadlines.begin(() => client.signal);
  const signal = deadline.signal();
  await assert.rejects(async () => await deadline.hold(never), refused);
  assert.ok(signal.aborted);
  assert.throws(() => signal.throwIfAborted(), refused);
  const late = deadlines.begin(() => client.signal);
  await assert.rejects(async () => await late.hold(never), refused);
  assert.throws(() => late.signal().throwIfAborted(), refused, "one that is asked for only then has ended");
  assert.equal(client.signal.aborted, false);
});

Deno.test("what is done in time is answered as it is, one after the other, and nothing is left running", async () => {
  const deadlines = createDeadlines({ deadlineMs: 60 });
  const begin = () => deadlines.begin(() => new AbortController().signal);
  assert.equal(begin().hold(() => 1), 1, "at once where it is at once");
  assert.equal(await begin().hold(() => Promise.resolve(2)), 2);
  await assert.rejects(async () => await begin().hold(() => Promise.reject(new Error("its own"))), /its own/);
  const [one, other] = await Promise.allSettled([begin().hold(never), begin().hold(() => Promise.resolve(3))]);
  assert.deepEqual([one.status, other], ["rejected", { status: "fulfilled", value: 3 }]);
  // Deno's sanitizer fails the test if the timer still ran: the last tick found nothing to look after.
  await assert.rejects(async () => await begin().hold(never), { code: "UNAVAILABLE" });
});

Deno.test("an operation's signal ends with its client's", () => {
  using deadlines = createDeadlines();
  const client = new AbortController();
  const signal = deadlines.begin(() => client.signal).signal();
  client.abort(new Error("gone"));
  assert.throws(() => signal.throwIfAborted(), /gone/);
});

/** A schema whose fields wait until they are told to end; what ended them is kept. */
function waitingSchema(ended: unknown[]): GraphQLSchema {
  const type = new GraphQLNonNull(GraphQLString);
  const wait = async (_root: unknown, _args: unknown, { signal }: RequestContext) =>
    await untilEnd(signal()).catch((error: unknown) => {
      ended.push(error);
      throw error;
    });
  async function* twice() {
    yield { wait: "long" };
    yield { wait: "short" };
  }
  return new GraphQLSchema({
    query: new GraphQLObjectType({ name: "Query", fields: { wait: { type, resolve: wait } } }),
    mutation: new GraphQLObjectType({ name: "Mutation", fields: { wait: { type, resolve: wait } } }),
    subscription: new GraphQLObjectType<{ wait: string }, RequestContext>({
      name: "Subscription",
      fields: {
        wait: {
          type,
          subscribe: twice,
          resolve: (root, args, context) => root.wait === "long" ? wait(root, args, context) : root.wait,
        },
      },
    }),
  });
}

function run(schema: GraphQLSchema, query: string) {
  const operations = createOperations(schema, {
    introspection: true,
    follow: () => ({ [Symbol.dispose]: () => {} }),
    noteRefusal: () => {},
    noteError: () => {},
    rateLeft: () => Promise.resolve({ limit: 1, remaining: 1, resetSeconds: 1 }),
    deadlineMs: 40,
  });
  const { signal } = new AbortController();
  const context = {
    actor: systemActor,
    signal: () => signal,
    requestId: "r",
    responseHeaders: () => new Headers(),
    sameOrigin: () => false,
  };
  return { operations, answer: operations.run({ query }, context) };
}

for (const kind of ["query", "mutation"]) {
  Deno.test(`at its deadline a ${kind} is UNAVAILABLE without data, and what it waited for is told to end`, async () => {
    const ended: unknown[] = [];
    const { operations, answer } = run(waitingSchema(ended), `${kind} { wait }`);
    using _closed = operations;
    const result = await answer;
    assert.ok("errors" in result);
    assert.equal(result.data, undefined);
    assert.deepEqual(result.errors?.map(({ message, extensions }) => [message, extensions["code"]]), [
      ["Cannot answer this within 0.04 s: ask for less", "UNAVAILABLE"],
    ]);
    assert.ok(ended[0] instanceof AppError);
  });
}

Deno.test("a subscription goes on when the answer to one of its events was late", async () => {
  const ended: unknown[] = [];
  const { operations, answer } = run(waitingSchema(ended), `subscription { wait }`);
  using _closed = operations;
  const results = await answer;
  assert.ok("next" in results);
  const first = (await results.next()).value;
  assert.equal(first?.errors?.[0]?.extensions["code"], "UNAVAILABLE");
  assert.equal((await results.next()).value?.data?.["wait"], "short");
  assert.equal((await results.next()).done, true);
  assert.equal(ended.length, 1);
});

/** Reads the whole audit log, in a thread, to find nothing. */
const FILTERED = `{ securityEvents(filter: { occurredAfter: "2999-01-01T00:00:00Z" }) { edges { node { id } } } }`;

/** Makes a read of the audit log one without an end, for as long as `work` takes. */
async function withEndlessLog(app: RunningApp, work: () => Promise<void>): Promise<void> {
  write(app, (database) =>
    database.exec(`
      ALTER TABLE security_events RENAME TO real_events;
      CREATE VIEW security_events AS
        WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1000000000)
        SELECT sequence, id, kind, severity, actor_kind, actor_id, subject_id, ip_address, user_agent, details, hash,
          occurred_at + 0 AS occurred_at FROM numbers CROSS JOIN real_events`));
  try {
    await work();
  } finally {
    write(
      app,
      (database) => database.exec(`DROP VIEW security_events; ALTER TABLE real_events RENAME TO security_events`),
    );
  }
}

/** A log of more than 64 events: every 64th asks whether the statement is still wanted. */
async function fillLog(app: RunningApp): Promise<void> {
  await Promise.all(
    Array.from({ length: 70 }, (_, index) =>
      app.ask(
        `mutation ($name: String!) { createProject(input: { name: $name }) { id } }`,
        { name: `P${index}` },
        app.token,
      )),
  );
}

/** That more statements than there are threads are answered soon: none of those before holds one. */
async function assertThreadsAreFree(app: RunningApp): Promise<void> {
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: 8 }, () => app.ask(FILTERED, {}, app.token)),
  );
  assert.ok(performance.now() - startedAt < 8_000, `${performance.now() - startedAt} ms`);
}

Deno.test("a slow read is UNAVAILABLE at the deadline over every transport, and its thread is free again", async () => {
  await using app = await startApp({ operationDeadlineMs: 1_500 });
  await fillLog(app);
  await withEndlessLog(app, async () => {
    for (const [transport, ask] of Object.entries(TRANSPORTS)) {
      const answers = await Promise.all([1, 2, 3].map(() => ask(app, { query: FILTERED }, app.token)));
      for (const { data, errors } of answers) {
        assert.equal(data ?? null, null);
        assert.deepEqual(errors?.map(({ message, extensions }) => [extensions.code, message]), [
          ["UNAVAILABLE", "Cannot answer this within 1.5 s: ask for less"],
        ], transport);
      }
    }
  });
  await assertThreadsAreFree(app);
});

Deno.test("a slow read ends when its client goes away, and its thread is free again", async () => {
  await using app = await startApp();
  await fillLog(app);
  await withEndlessLog(app, async () => {
    const clients = new AbortController();
    const body = JSON.stringify({ query: FILTERED });
    const headers = { "content-type": "application/json", ...bearer(app.token) };
    const asked = Array.from(
      { length: 6 },
      () => fetch(`${app.url}/graphql`, { method: "POST", headers, body, signal: clients.signal }),
    );
    // They were taken up before these are answered.
    for (let round = 0; round < 20; round++) await app.ask(`{ viewer { id } }`, {}, app.token);
    clients.abort();
    const results = await Promise.allSettled(asked);
    assert.ok(results.every(({ status }) => status === "rejected"), "none was answered");
  });
  await assertThreadsAreFree(app);
});
