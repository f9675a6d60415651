import assert from "node:assert/strict";
import { addPerson } from "./support/people.ts";
import { sendRaw, statusOf } from "./support/raw_request.ts";
import { bearer, type RunningApp, startApp } from "./support/running_app.ts";

async function metricsOf(app: RunningApp): Promise<string> {
  const response = await fetch(`${app.url}/metrics`);
  assert.equal(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  return await response.text();
}

Deno.test("/metrics counts answers by route and status, and errors of GraphQL by code", async () => {
  await using app = await startApp();
  await app.ask(`{ viewer { role } }`);
  await app.graphql(`{ project(id: "x") { id } }`, {}, app.token);
  await app.graphql(`{ secrets }`);
  await fetch(`${app.url}/nowhere/${crypto.randomUUID()}`).then(({ body }) => body?.cancel());
  const text = await metricsOf(app);
  const count = (line: string) => Number(new RegExp(`^${line} (\\S+)$`, "m").exec(text)?.[1]);
  assert.equal(count(`fingerpost_http_request_duration_seconds_count\\{route="graphql",status="200"\\}`), 3);
  assert.equal(count(`fingerpost_http_request_duration_seconds_count\\{route="other",status="404"\\}`), 1);
  assert.equal(count(`fingerpost_graphql_errors_total\\{code="NOT_FOUND"\\}`), 1);
  assert.equal(count(`fingerpost_graphql_errors_total\\{code="GRAPHQL_VALIDATION_FAILED"\\}`), 1);
  assert.ok(count("fingerpost_database_bytes") > 100_000);
  assert.ok(count("process_resident_memory_bytes") > 10_000_000);
  assert.equal(count("fingerpost_open_sockets"), 0);
});

Deno.test("/metrics is for who asks from this machine without a proxy, and for an admin's bearer token", async () => {
  await using app = await startApp();
  const developer = await addPerson(app);
  const { host } = new URL(app.url);
  const ask = async (...headers: string[]) =>
    statusOf(await sendRaw(app, ["GET /metrics HTTP/1.1", `Host: ${host}`, ...headers].join("\r\n")));
  assert.equal(await ask(), 200);
  for (const passedOn of ["X-Forwarded-For: 203.0.113.5", "Forwarded: for=203.0.113.5", "Via: 1.1 proxy"]) {
    assert.equal(await ask(passedOn), 401, passedOn);
    assert.equal(await ask(passedOn, `Authorization: ${bearer(app.token)["authorization"]}`), 200, passedOn);
    assert.equal(await ask(passedOn, `Authorization: ${bearer(developer.token)["authorization"]}`), 403, passedOn);
  }
});
