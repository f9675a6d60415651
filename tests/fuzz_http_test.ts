import assert from "node:assert/strict";
import fc from "fast-check";
import { anyJson, anyText, toJson } from "./support/attacks.ts";
import { checkResponse } from "./support/fuzz_client.ts";
import { collectFailures, countRows, findDamage } from "./support/fuzz_findings.ts";
import { fuzzRuns } from "./support/fuzz_runs.ts";
import { type FuzzWorld, makeFuzzWorld } from "./support/fuzz_world.ts";
import { sendRaw } from "./support/raw_http.ts";

const RUNS = 600;

const encoder = new TextEncoder();
const READ = `{ viewer { id email } }`;
const METHODS = ["POST", "GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "x", "get"];

/** A text, mostly without what would end a header line early. */
const headerText = fc.oneof(
  { weight: 4, arbitrary: anyText.map((text) => text.replaceAll(/[\0\r\n]/g, "")) },
  { weight: 1, arbitrary: anyText },
);
const usually = <T>(usual: T, ...others: T[]) =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(usual, ...others) });
const replaced = (usual: string, ...others: string[]) =>
  fc.oneof({ weight: 4, arbitrary: usually(usual, ...others) }, { weight: 1, arbitrary: headerText });

/** `{token}`, `{session}`, `{host}` and `{element}` are filled in when it is sent. */
const headers = fc.record({
  host: replaced("{host}", "", "evil.example", "localhost", "[::1]", "127.0.0.1:99999", "{host}@x", "a b", "{host}, x"),
  authorization: replaced("Bearer {session}", "Bearer {token}", "Bearer ", "bearer x", "Basic YTpi", "Bearer {token}x"),
  cookie: replaced("", "fingerpost_session={session}", "fingerpost_session=", "fingerpost_session=\u00ff; ;=;,"),
  origin: replaced("", "null", "http://{host}", "https://evil.example", "http://localhost:1", "x", "http://"),
  "content-type": replaced(
    "application/json",
    "application/json; charset=utf-16",
    "text/plain",
    "",
    "multipart/form-data; boundary=",
  ),
  accept: replaced(
    "application/json, text/event-stream",
    "text/html",
    "*/*",
    "text/event-stream",
    "multipart/mixed",
    "",
  ),
  "x-forwarded-for": replaced("", "1.2.3.4", "::1, 127.0.0.1", "x, y", ",".repeat(3_000)),
  "user-agent": replaced("test", "x".repeat(6_000), "\u00e9"),
  "sec-fetch-site": replaced("", "same-origin", "cross-site"),
  "mcp-protocol-version": replaced("2025-11-25", "2026-07-28", "1", ""),
  upgrade: usually("", "websocket", "h2c"),
  "content-encoding": usually("", "gzip", "identity"),
  expect: usually("", "100-continue", "x"),
  range: usually("", "bytes=0-", "bytes=99999999-"),
});

const target = fc.oneof(
  fc.constantFrom(
    "/graphql",
    "/mcp",
    "/screenshots/{element}",
    "/health/ready",
    "/",
    "*",
    "//",
    "http://evil.example/",
  ),
  anyText.map((text) => `/screenshots/${encode(text)}`),
  anyText.map((text) => `/graphql/${encode(text)}`),
  anyText.map((text) => `/${text.replaceAll(/[\0\r\n ]/g, "")}`),
  fc.record({
    query: fc.constantFrom(READ, "", "mutation { signOut }"),
    variables: anyJson,
    extensions: anyJson,
    operationName: anyText,
  })
    .map(({ query, variables, extensions, operationName }) =>
      `/graphql?query=${encode(query)}&variables=${encode(toJson(variables))}&extensions=${
        encode(toJson(extensions))
      }` +
      `&operationName=${encode(operationName)}`
    ),
  fc.tuple(anyText, anyText).map(([query, more]) => `/graphql?query=${encode(query)}&${encode(more)}`),
);

const graphqlBody = fc.record({
  query: fc.oneof(fc.constant(READ), anyText.map((text) => `{ node(id: "${text}") { id } }`), anyText, anyJson),
  variables: anyJson,
  operationName: fc.oneof(fc.constant(null), anyJson),
  extensions: anyJson,
}, { requiredKeys: [] });

const mcpBody = fc.record({
  jsonrpc: usually<unknown>("2.0", 2, null),
  id: fc.oneof(fc.nat(), anyJson),
  method: fc.oneof(
    fc.constantFrom(
      "tools/list",
      "tools/call",
      "initialize",
      "ping",
      "server/discover",
      "resources/read",
      "notifications/cancelled",
    ),
    anyText,
  ),
  params: fc.oneof(
    anyJson,
    fc.record({ name: usually("list_elements", "__proto__", "x"), arguments: anyJson, _meta: anyJson }, {
      requiredKeys: ["name"],
    }),
  ),
}, { requiredKeys: ["jsonrpc"] });

const json = fc.oneof(graphqlBody, mcpBody, anyJson, fc.array(graphqlBody, { maxLength: 2 })).map(toJson);

/** A body: JSON, mostly whole, or cut, with a byte changed, or no JSON at all. */
const body = fc.oneof(
  { weight: 5, arbitrary: json.map((text) => encoder.encode(text)) },
  {
    weight: 2,
    arbitrary: fc.tuple(json, fc.nat()).map(([text, cut]) => encoder.encode(text).subarray(0, cut % (text.length + 1))),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(json, fc.nat(), fc.nat(255)).map(([text, at, byte]) => {
      const bytes = encoder.encode(text);
      bytes[at % bytes.length] = byte;
      return bytes;
    }),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) },
);

/** How the body's length is told: rightly, or not. */
const framing = usually("right", "short", "chunked", "none", "x", "-1", "twice");

Deno.test("whatever bytes come as a request, the server answers without a 5xx, stores nothing, and lives on", async () => {
  await using failures = await collectFailures();
  await using world = await makeFuzzWorld();
  const element = await world.resolve("element", "ADMIN");
  const method = usually(...METHODS as [string, ...string[]]);
  await fc.assert(
    fc.asyncProperty(fc.record({ method, target, headers, body, framing }), async (request) => {
      const session = await world.credentialOf("VIEWER") ?? "";
      const fillings = {
        token: await world.credentialOf("token") ?? "",
        session,
        host: new URL(world.app.url).host,
        element,
      };
      const rows = countRows(world.database);
      const isCut = request.framing === "short" || request.framing === "chunked";
      const { statuses, headers, text } = await sendRaw(world.app.url, {
        method: request.method,
        target: fill(request.target, fillings),
        headers: framed(request, fillings),
        body: request.body,
        isCut,
      });
      for (const status of statuses) {
        // To who left in the middle it says so, and nobody reads it.
        const isBrokenOff = isCut && status === 503 && text.includes("broken off");
        if (!isBrokenOff) checkResponse({ status, headers }, text);
      }
      assert.doesNotMatch(text, /^x-injected:/im);
      assert.deepEqual(countRows(world.database), rows, "something was stored");
      assert.deepEqual(failures.taken(), [], "the log has errors");
      await lives(world);
    }),
    fuzzRuns(RUNS),
  );
  assert.deepEqual(findDamage(world.app.dataDir), []);
});

type Framed = { headers: Record<string, string>; body: Uint8Array; framing: string };

function framed({ headers, body, framing }: Framed, fillings: Record<string, string>): [string, string][] {
  const given = Object.entries(headers).filter(([, value]) => value !== "")
    .map(([name, value]): [string, string] => [name, fill(value, fillings)]);
  const length = String(body.length);
  const lengths: Record<string, [string, string][]> = {
    right: [["content-length", length]],
    short: [["content-length", String(body.length + 10)]],
    chunked: [["transfer-encoding", "chunked"]],
    none: [],
    twice: [["content-length", length], ["content-length", `${length}0`]],
  };
  return [["connection", "close"], ...given, ...lengths[framing] ?? [["content-length", framing]]];
}

async function lives({ app }: FuzzWorld): Promise<void> {
  const response = await fetch(`${app.url}/health/live`);
  assert.equal((await response.json()).status, "ok");
}

function fill(text: string, fillings: Record<string, string>): string {
  return text.replaceAll(/\{(\w+)\}/g, (whole, name) => fillings[name] ?? whole);
}

function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
