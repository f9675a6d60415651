import assert from "node:assert/strict";
import { capture, captureInput, createAccessToken, createProject } from "./support/captures.ts";
import { MCP_TASK_CLIENTS, startMcpTask } from "./support/mcp_task.ts";
import { type Data, type RunningApp, startApp } from "./support/running_app.ts";
import { runTask } from "./support/tasks.ts";

const UPDATE = `mutation ($input: UpdateElementInput!) { updateElement(input: $input) { revision } }`;
const INITIALIZE = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "test", version: "1" } },
};
/** Nothing listens there. */
const NOWHERE = "http://127.0.0.1:9";

function note(app: Pick<RunningApp, "ask">, token: string, id: string, text: string): Promise<unknown> {
  return app.ask(UPDATE, { input: { id, note: text } }, token);
}

Deno.test("deno task mcp: lines that are no messages are answered with an error, and its input's end ends it at once", async () => {
  await using app = await startApp();
  await createProject(app, app.token);
  await using task = startMcpTask({ url: app.url, token: app.token });
  await task.send(INITIALIZE);
  assert.equal((await task.next()).result.serverInfo.name, "fingerpost");
  await task.send("nonsense");
  assert.deepEqual([(await task.next()).error.code], [-32700]);
  await task.send([INITIALIZE] as Data);
  assert.match((await task.next()).error.message, /batch/);
  await task.send({ id: 7, method: 1 });
  assert.deepEqual([await task.next()].map(({ id, error }) => [id, error.code]), [[7, -32600]]);
  await task.send(`{"jsonrpc":"2.0","id":8,"method":"tools/call","params":{"name":"${"x".repeat(10_000_000)}"}}`);
  assert.match((await task.next()).error.message, /at most 10000000 are taken/);
  await task.send({ jsonrpc: "2.0", id: 9, method: "tools/list" });
  assert.equal((await task.next()).id, 9);
  assert.ok(task.longest() < 1_000_000);
  // Waits for changes: nothing of that is answered any more.
  const input = { timeoutSeconds: 30 };
  await task.send({
    jsonrpc: "2.0",
    id: 10,
    method: "tools/call",
    params: { name: "watch_elements", arguments: input },
  });
  const startedAt = performance.now();
  await task.closeInput();
  assert.equal((await task.status).code, 0);
  assert.ok(performance.now() - startedAt < 2_000, "at once");
});

Deno.test("deno task mcp: without a server all tools are listed, a dead token is told as one, and SIGTERM ends it", async () => {
  await using app = await startApp();
  const tasks = [startMcpTask({ url: NOWHERE, token: "fp_none" }), startMcpTask({ url: app.url, token: "fp_none" })];
  const [away, refused] = await Promise.all(tasks.map(async (task) => {
    await task.send(INITIALIZE);
    await task.next();
    await task.send({ jsonrpc: "2.0", id: 2, method: "tools/list" });
    const { result } = await task.next();
    assert.ok(result.tools.some(({ name }: Data) => name === "set_element_status"));
    await task.send({ jsonrpc: "2.0", id: 3, method: "tools/call", params: { name: "list_elements", arguments: {} } });
    const { content } = (await task.next()).result;
    task.kill("SIGTERM");
    assert.equal((await task.status).code, 0);
    await task[Symbol.asyncDispose]();
    return content[0].text;
  }));
  assert.match(away, /^UNAVAILABLE: Cannot reach Fingerpost at http:\/\/127\.0\.0\.1:9/);
  assert.match(refused, /^UNAUTHENTICATED: .* FINGERPOST_TOKEN/);
});

Deno.test("deno task mcp: a setting that is missing or wrong is named in one line, with exit code 2", async () => {
  const cases: [Record<string, string>, RegExp][] = [
    [{}, /^[^\n]*FINGERPOST_URL must be set\n$/],
    [{ FINGERPOST_URL: NOWHERE }, /^[^\n]*FINGERPOST_TOKEN must be set\n$/],
    [{ FINGERPOST_URL: "localhost", FINGERPOST_TOKEN: "x" }, /^FINGERPOST_URL must begin with http[^\n]*\n$/],
  ];
  await Promise.all(cases.map(async ([environment, told]) => {
    const unset = { FINGERPOST_URL: "", FINGERPOST_TOKEN: "" };
    const { code, stdout, stderr } = await runTask("mcp", [], "", { ...unset, ...environment });
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, told);
  }));
});

for (const [version, connect] of Object.entries(MCP_TASK_CLIENTS)) {
  // The clients leave a timer behind when they close.
  Deno.test({
    name:
      `deno task mcp: a client of protocol ${version} asks, hears of changes, and goes on after the server was away`,
    sanitizeOps: false,
  }, async () => {
    await using app = await startApp();
    await createProject(app, app.token);
    const id = await capture(app, app.token, captureInput({ note: "First" }));
    const token = await createAccessToken(app, app.token, { scopes: ["ELEMENTS_READ"] });
    await using client = await connect({ url: app.url, token });
    const names = (await client.listTools()).tools.map(({ name }: Data) => name);
    assert.ok(names.includes("get_element") && !names.includes("set_element_status"), names.join());
    assert.match(JSON.stringify((await client.call("get_pointed_element")).structuredContent), /"note":"First"/);
    assert.equal(JSON.parse((await client.read(`element://${id}`)).contents[0].text).id, id);
    assert.equal((await client.getPrompt({ name: "fix_element" })).messages[1].content.resource.uri, `element://${id}`);
    await client.watch([`element://${id}`]);
    await note(app, app.token, id, "Second");
    assert.equal(await client.next(), `element://${id}`);
    await app.stop();
    const { isError, content } = await client.call("get_pointed_element");
    assert.equal(isError, true);
    assert.match(
      content[0].text,
      new RegExp(`^UNAVAILABLE: Cannot reach Fingerpost at ${app.url}: .*tried again at the next call`),
    );
    const { port } = new URL(app.url);
    await using again = await startApp({ environment: { FINGERPOST_PORT: port }, dataDir: app.dataDir });
    await note(again, app.token, id, "Third");
    assert.match(JSON.stringify((await client.call("get_pointed_element")).structuredContent), /"note":"Third"/);
    assert.equal(await client.next(), `element://${id}`, "what happened while the stream was broken is told");
    // At its end it tells what it has not yet told.
    await client[Symbol.asyncDispose]();
    const calls = await again.ask(`{ mcpToolExecutions { edges { node { tool outcome } } } }`, {}, app.token);
    assert.ok(calls.mcpToolExecutions.edges.some(({ node }: Data) => node.tool === "get_pointed_element"));
  });
}
