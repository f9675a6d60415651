import assert from "node:assert/strict";
import { bearer, type RunningApp, startApp } from "./support/running_app.ts";
import { movableClock } from "./support/movable_clock.ts";
import { TRANSPORTS } from "./support/transports.ts";

const QUERY = `query ($first: Int) { projects(first: $first) { edges { node { id } } } }`;

async function send(app: RunningApp, headers: Record<string, string>, query = QUERY) {
  const response = await fetch(`${app.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", ...bearer(app.token), ...headers },
    body: JSON.stringify({ query, variables: { first: 30 } }),
  });
  return await response.json();
}

Deno.test("who sends GraphQL-Cost: 1 is told the operation's cost and what is left of it and of the rate limit", async () => {
  const clock = movableClock();
  await using app = await startApp({ clock });
  clock.advance(120_000);
  const { data, extensions } = await send(app, { "graphql-cost": "1" });
  assert.deepEqual(data.projects.edges, []);
  const { rate, ...cost } = extensions.cost;
  assert.deepEqual(cost, { requested: 31, limit: 5_000, remaining: 4_969 });
  assert.deepEqual([rate.limit, rate.remaining], [1_200, 1_199]);
  assert.ok(rate.resetSeconds > 50 && rate.resetSeconds <= 60, `${rate.resetSeconds}`);
  assert.equal((await send(app, { "graphql-cost": "1" })).extensions.cost.rate.remaining, 1_198);
  const failed = await send(app, { "graphql-cost": "1" }, `{ node(id: "x") { id } project(id: "x") { id } }`);
  assert.deepEqual([failed.errors.length, failed.extensions.cost.requested], [1, 2], "with errors of fields too");
});

Deno.test("nobody else is told", async () => {
  await using app = await startApp();
  for (const headers of [{}, { "graphql-cost": "0" }]) assert.equal((await send(app, headers)).extensions, undefined);
});

Deno.test("on a socket the same is told to who sends extensions with cost: true", async () => {
  await using app = await startApp();
  const request = { query: QUERY, variables: { first: 9 } };
  const told = await TRANSPORTS["WebSocket"]?.(app, { ...request, extensions: { cost: true } }, app.token);
  assert.equal(told?.extensions.cost.requested, 10);
  const untold = await TRANSPORTS["WebSocket"]?.(app, request, app.token);
  assert.equal(untold?.extensions, undefined);
});

Deno.test("a page of an allowed origin may send the header", async () => {
  await using app = await startApp();
  const response = await fetch(`${app.url}/graphql`, {
    method: "OPTIONS",
    headers: {
      origin: "http://localhost:3000",
      "access-control-request-method": "POST",
      "access-control-request-headers": "graphql-cost",
    },
  });
  assert.match(response.headers.get("access-control-allow-headers") ?? "", /\bgraphql-cost\b/);
});
