import assert from "node:assert/strict";
import { capture, captureInput, createAccessToken, createProject } from "./support/captures.ts";
import { MCP_CLIENTS } from "./support/mcp_client.ts";
import { addPerson } from "./support/people.ts";
import { bearer, startApp } from "./support/running_app.ts";

for (const [version, connect] of Object.entries(MCP_CLIENTS)) {
  Deno.test(`mcp: over protocol ${version} bad arguments and refusals are clear results`, async () => {
    await using app = await startApp();
    const stranger = await addPerson(app);
    const projectId = await createProject(app, app.token);
    const token = await createAccessToken(app, stranger.token, { scopes: ["ELEMENTS_READ"] });
    await using client = await connect(app, token);
    const text = async (input: Record<string, unknown>) => {
      const { isError, content } = await client.call("list_elements", input);
      assert.equal(isError, true);
      return content[0].text as string;
    };
    assert.match(await text({ projectId }), /^NOT_FOUND: Cannot find project ".*list_elements shows what exists\.$/);
    assert.match(await text({ first: 1_000 }), /^INVALID_INPUT: .*must be <= 100/);
    assert.match(
      await text({ unknown: 1 }),
      /^INVALID_INPUT: .*"unknown": list_elements has projectId, pageId, status, first/,
    );
    assert.match(await text({ first: "ten" }), /must be integer/);
    assert.match(await text({ status: ["GONE"] }), /must be equal to one of the allowed values/);
    assert.match(await text({ maxTokens: 26_000 }), /must be <= 25000/);
    await assert.rejects(async () => {
      const { isError } = await client.call("no_such_tool");
      if (isError) throw new Error("refused");
    });
  });

  Deno.test(`mcp: over protocol ${version} a token sees only its project and needs its scope`, async () => {
    await using app = await startApp();
    const [first, second] = [await createProject(app, app.token), await createProject(app, app.token, "Other")];
    const mine = await capture(app, app.token, captureInput({ projectId: first }));
    await capture(app, app.token, captureInput({ projectId: second }));
    const narrow = await createAccessToken(app, app.token, { scopes: ["ELEMENTS_READ"], projectId: first });
    await using client = await connect(app, narrow);
    assert.equal((await client.call("get_pointed_element")).structuredContent.pointedElement.id, mine);
    const writer = await createAccessToken(app, app.token, { scopes: ["ELEMENTS_WRITE"] });
    await using other = await connect(app, writer);
    await assert.rejects(other.call("get_pointed_element"), /[Ss]cope.*ELEMENTS_READ/);
  });
}

Deno.test("mcp: text and structured content stay under the budget, and what is cut is named", async () => {
  await using app = await startApp();
  await createProject(app, app.token);
  const computedStyles = Object.fromEntries(
    Array.from({ length: 400 }, (_, index) => [`--property-${index}`, `value ${index} é`]),
  );
  const elementId = await capture(
    app,
    app.token,
    captureInput({ html: `<p>${"é".repeat(300_000)}</p>`, text: "x".repeat(100_000), computedStyles }),
  );
  await using client = await MCP_CLIENTS["2026-07-28"](app, app.token);
  for (const maxTokens of [500, 8_000, 25_000]) {
    const { structuredContent, content } = await client.call("get_element", { elementId, level: "full", maxTokens });
    for (const form of [JSON.stringify(structuredContent), content[0].text]) {
      assert.ok(new TextEncoder().encode(form).length <= maxTokens * 4, `${form.length} for ${maxTokens}`);
    }
    assert.equal(structuredContent.element.htmlPart.htmlByteSize, 600_007);
    assert.ok(structuredContent.cut.length > 0);
    for (const { kept, of, next } of structuredContent.cut) {
      assert.ok(kept < of && /^get_element |^raise/.test(next), next);
    }
  }
});

Deno.test("mcp: whatever a capture's JSON looks like, its answer keeps to the budget and comes at once", async () => {
  await using app = await startApp();
  await createProject(app, app.token);
  await using client = await MCP_CLIENTS["2026-07-28"](app, app.token);
  const many = (count: number, value: unknown) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, value]));
  const shapes: Record<string, unknown>[] = [
    many(2_000, { s: "x".repeat(1_000), o: {} }),
    many(1_500, { s: "x".repeat(1_000) }),
    many(30, many(30, many(30, "y".repeat(50)))),
    { list: Array.from({ length: 20_000 }, () => ["z".repeat(20)]) },
  ];
  for (const attributes of shapes) {
    const elementId = await capture(app, app.token, captureInput({ attributes, note: "n".repeat(20_000) }));
    for (
      const [name, maxTokens] of [["get_element", 500], ["get_element", 8_000], ["list_elements", 500]]
    ) {
      const startedAt = performance.now();
      const { structuredContent, content } = await client.call(
        String(name),
        name === "get_element" ? { elementId, level: "full", maxTokens } : { maxTokens },
      );
      assert.ok(performance.now() - startedAt < 2_000, `${name} took ${performance.now() - startedAt} ms`);
      assert.ok(new TextEncoder().encode(JSON.stringify(structuredContent)).length <= Number(maxTokens) * 4);
      assert.ok(new TextEncoder().encode(content[0].text).length <= Number(maxTokens) * 4);
      assert.ok(structuredContent.cut.length > 0);
    }
  }
});

Deno.test("mcp: who does not say who it is gets 401 and how to say it", async () => {
  await using app = await startApp();
  for (const token of [null, "nobody"]) {
    const response = await fetch(`${app.url}/mcp`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...bearer(token) },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
    });
    assert.equal(response.status, 401);
    assert.match(response.headers.get("www-authenticate") ?? "", /^Bearer /);
    assert.equal((await response.json()).errors[0].extensions.code, "UNAUTHENTICATED");
  }
});
