import assert from "node:assert/strict";
import { createProject } from "./support/captures.ts";
import { bearer, startApp } from "./support/running_app.ts";

const JSON_TYPE = /^application\/(json|graphql-response\+json)(; ?charset=utf-8)?$/;

Deno.test("every answer with a body says what type it is, and is of it", async () => {
  await using app = await startApp();
  await createProject(app, app.token);
  const json = { "content-type": "application/json", accept: "application/json, text/event-stream" };
  const post = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
    method: "POST",
    body: JSON.stringify(body),
    headers: { ...json, ...headers },
  });
  const asks: [string, RequestInit, RegExp?][] = [
    ["/nothing", {}],
    ["/health/live", {}],
    ["/health/ready", {}],
    ["/graphql?query={viewer{id}}", {}],
    ["/graphql?query={viewer{id}}", { headers: { accept: "application/graphql-response+json" } }],
    ["/graphql?query={viewer{id}}", { headers: { accept: "text/html" } }, /^text\/html; charset=utf-8$/],
    ["/graphql?query=mutation{signOut}", {}],
    ["/graphql", post({ query: "{ viewer {" })],
    ["/graphql", { method: "POST", body: "x" }],
    ["/graphql", post({ query: "{ viewer { id } }" }, bearer("nobody"))],
    [
      "/mcp",
      post({ jsonrpc: "2.0", id: 1, method: "tools/list" }, bearer(app.token)),
      /^text\/event-stream|^application\/json/,
    ],
    ["/mcp", post({})],
    ["/screenshots/element_x", { headers: bearer(app.token) }],
  ];
  for (const [path, init, type = JSON_TYPE] of asks) {
    const response = await fetch(`${app.url}${path}`, init);
    const body = await response.text();
    assert.match(response.headers.get("content-type") ?? "none", type, `${path} ${response.status}`);
    if (type === JSON_TYPE) JSON.parse(body);
  }
});

Deno.test("the one redirect goes from / to the page on this server, whatever the request says", async () => {
  await using app = await startApp();
  for (const path of ["/", "/?to=https://evil.example", "/?query=x#https://evil.example"]) {
    const response = await fetch(`${app.url}${path}`, {
      redirect: "manual",
      headers: { referer: "https://evil.example/", "x-forwarded-host": "evil.example", "x-forwarded-proto": "https" },
    });
    await response.body?.cancel();
    assert.deepEqual([response.status, response.headers.get("location")], [302, "/graphql"], path);
  }
  for (const path of ["//evil.example", "/\\evil.example", "/graphql/", "/health", "/.git/config", "/src/main.ts"]) {
    const response = await fetch(`${app.url}${path}`, { redirect: "manual" });
    await response.body?.cancel();
    assert.equal(response.status, 404, path);
  }
});
