import assert from "node:assert/strict";
import { getNamedType, type GraphQLInputType, type GraphQLSchema, isEnumType, isInputObjectType } from "graphql";
import { introspect, operationsOf } from "./support/fuzz_operations.ts";
import { CONTENT, MARK, markedCapture, PASSING, PASSWORDS, SEALED } from "./support/known_secrets.ts";
import { MCP_CLIENTS } from "./support/mcp_client.ts";
import { addPerson, write } from "./support/people.ts";
import { sendRaw } from "./support/raw_http.ts";
import { bearer, clientOf, type RunningApp } from "./support/running_app.ts";
import { findInFiles, findInRows, findInText } from "./support/secret_places.ts";
import { type SecretWorld, STEPS } from "./support/secret_steps.ts";
import { listening, startTask } from "./support/started_task.ts";

Deno.test("no secret that any operation takes or gives is in the audit log, in another's row, in the files or in the log", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "fingerpost_secrets_" });
  try {
    await using server = startTask({
      FINGERPOST_DATA_DIR: dataDir,
      FINGERPOST_ADMIN_PASSWORD: PASSWORDS.admin,
      FINGERPOST_LOG_LEVEL: "debug",
      FINGERPOST_LOG_FORMAT: "json",
    });
    const world = worldOf(await listening(server), dataDir);
    for (const step of Object.values(STEPS)) await step(world);
    const schema = await introspect({ ...world.app, token: world.admin });
    assert.deepEqual(Object.keys(STEPS).sort(), rootFieldsOf(schema), "each root field has its step");
    await useWrongly(world, schema);
    await useTools(world);
    await useOddRequests(world);
    await useSocket(world);
    await breakInside(world);
    server.kill("SIGTERM");
    const { code, stdout, stderr } = await server.end();
    assert.equal(code, 0);
    checkPlaces({ dataDir, log: stdout + stderr, credentials: world.credentials });
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});

function worldOf(url: string, dataDir: string): SecretWorld {
  const unused = { id: "", email: "", token: "" };
  const app = { url, dataDir, ...clientOf(url) } as RunningApp;
  return { app, admin: "", owner: unused, member: unused, projectId: "", elementId: "", credentials: ["x".repeat(43)] };
}

function rootFieldsOf(schema: GraphQLSchema): string[] {
  return [...new Set(operationsOf(schema).map(({ field }) => field.name))].sort();
}

/** Every argument of every root field holds a text that must be forgotten, from those who may not do what it asks for. */
async function useWrongly({ app, member }: SecretWorld, schema: GraphQLSchema): Promise<void> {
  for (const { document, variables } of operationsOf(schema)) {
    const filled = Object.fromEntries(variables.map(({ name, argument }) => [name, fill(argument.type)]));
    for (const credential of [null, "x".repeat(43), member.token]) {
      const response = await fetch(`${app.url}/graphql`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
          ...bearer(credential),
        },
        body: JSON.stringify({ query: document, variables: filled }),
      });
      await response.body?.cancel();
    }
  }
}

function fill(type: GraphQLInputType): unknown {
  const named = getNamedType(type);
  // No scope, so that nobody makes an access token of that name.
  const isList = String(type).startsWith("[");
  if (isEnumType(named)) return isList ? [] : named.getValues()[0]?.name;
  if (isInputObjectType(named)) {
    return Object.fromEntries(Object.entries(named.getFields()).map(([name, field]) => [name, fill(field.type)]));
  }
  const scalars: Record<string, unknown> = { Int: 1, Float: 1, Boolean: true, DateTime: "2026-01-31T12:00:00Z" };
  return scalars[named.name] ?? (isList ? [PASSING.argument] : PASSING.argument);
}

async function useTools({ app, owner }: SecretWorld): Promise<void> {
  for (const connect of Object.values(MCP_CLIENTS)) {
    await using client = await connect(app, owner.token);
    for (const { name, inputSchema } of await client.tools()) {
      await client.call(name, "timeoutSeconds" in inputSchema.properties ? { timeoutSeconds: 1 } : {});
      const input = Object.keys(inputSchema.properties).map((key) => [key, PASSING.argument]);
      await client.call(name, Object.fromEntries(input)).catch(() => {});
    }
    await client.call(PASSING.argument).catch(() => {});
  }
}

/** Bodies that are no JSON, queries in the URL, credentials where they do not belong. */
async function useOddRequests({ app, owner, credentials }: SecretWorld): Promise<void> {
  const { host } = new URL(app.url);
  const accept = "application/json, text/event-stream";
  for (const path of ["/graphql", "/mcp"]) {
    for (const body of [`${PASSING.body}`, `{"query": "{ ${PASSING.body} }"`, `{"query": "{ ${PASSING.body} }"}`]) {
      const headers = { "content-type": "application/json", accept, ...bearer(owner.token) };
      await fetch(app.url + path, { method: "POST", headers, body }).then((response) => response.text());
    }
    const target = `${path}?query={${PASSING.query}}&token=${owner.token}`;
    for (const name of [host, "evil.example", "a b", "[", `${host}:x`]) {
      const headers: [string, string][] = [
        ["host", name],
        ["connection", "close"],
        ["authorization", `Bearer ${credentials[0]}`],
        ["cookie", `fingerpost_session=${owner.token}`],
      ];
      await sendRaw(app.url, { method: "GET", target, headers, body: new Uint8Array(), isCut: false });
    }
  }
  await fetch(`${app.url}/screenshots/element_x?token=${owner.token}`, { headers: bearer(owner.token) })
    .then((response) => response.text());
}

async function useSocket({ app, owner, credentials }: SecretWorld): Promise<void> {
  const init = (credential: string | undefined) =>
    JSON.stringify({ type: "connection_init", payload: { authorization: `Bearer ${credential}` } });
  const ask = (query: string) => JSON.stringify({ type: "subscribe", id: PASSING.argument, payload: { query } });
  const conversations = [
    [init(credentials[0])],
    [init(owner.token), ask(`{ ${PASSING.query} }`), ask(`{ element(id: "${PASSING.argument}") { id } }`)],
    [init(owner.token), `{"${PASSING.body}`],
    [init(owner.token), JSON.stringify({ type: "next", id: "1", payload: { data: PASSING.body } })],
    [init(owner.token), JSON.stringify({ type: PASSING.body })],
  ];
  for (const messages of conversations) {
    const socket = new WebSocket(`${app.url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
    await new Promise<void>((resolve) => {
      socket.onopen = () => [...messages, `{"type":"ping"}`].forEach((message) => socket.send(message));
      socket.onmessage = ({ data }) => JSON.parse(data).type === "pong" && socket.close();
      socket.onerror = () => {};
      socket.onclose = () => resolve();
    });
  }
}

/** What is logged where something fails that never should, with the fault and its cause. */
async function breakInside(world: SecretWorld): Promise<void> {
  const { app, admin } = world;
  const tables = ["elements", "users", "access_tokens", "app_config", "element_comments"];
  const trigger = (table: string) =>
    `CREATE TRIGGER broken_${table} BEFORE INSERT ON ${table} BEGIN
    SELECT RAISE(ABORT, 'broken'); END`;
  const { token } = await addPerson(app);
  world.credentials.push(token);
  write(app, (database) => tables.forEach((table) => database.exec(trigger(table))));
  const user = { email: "other@example.org", name: "Other", role: "VIEWER", password: PASSWORDS.created };
  const failing: [string, Record<string, unknown>, string][] = [
    [`mutation ($input: CaptureElementInput!) { captureElement(input: $input) { id } }`, {
      input: markedCapture({ projectId: world.projectId }),
    }, world.owner.token],
    [`mutation ($id: ID!, $body: String!) { commentOnElement(input: { elementId: $id, body: $body }) { id } }`, {
      id: world.elementId,
      body: CONTENT.comment,
    }, world.owner.token],
    [`mutation ($input: CreateUserInput!) { createUser(input: $input) { id } }`, { input: user }, admin],
    [`mutation { createAccessToken(input: { name: "x", scopes: [SIGNALS] }) { token } }`, {}, token],
    [
      `mutation ($value: JSON!) { setConfig(key: "turn.secret", value: $value) { key } }`,
      { value: SEALED.secret },
      admin,
    ],
  ];
  for (const [document, variables, credential] of failing) {
    const { errors } = await app.graphql(document, variables, credential);
    assert.equal(errors?.[0]?.extensions.code, "INTERNAL", document);
  }
  write(app, (database) => tables.forEach((table) => database.exec(`DROP TRIGGER broken_${table}`)));
}

function checkPlaces({ dataDir, log, credentials }: { dataDir: string; log: string; credentials: string[] }): void {
  const never = [...credentials, ...[PASSWORDS, SEALED, PASSING].flatMap((texts) => Object.values<string>(texts))];
  const content = Object.values(CONTENT);
  const contentTables = findInRows(dataDir, { never: content, content: [] }).map(({ place }) => place);
  assert.ok(contentTables.includes("elements.note"), "the search finds what is there");
  assert.match(log, /POST.+\/graphql.+ 200 in \d+ ms/, "the log is there");
  assert.deepEqual(findInRows(dataDir, { never, content }), []);
  assert.deepEqual(findInFiles(dataDir, never), []);
  assert.deepEqual(findInText("log", log, [...never, ...content]), []);
  // A part of one, in whatever spelling.
  assert.deepEqual(log.split("\n").filter((line) => line.toLowerCase().includes(MARK)), []);
}
