import assert from "node:assert/strict";
import fc from "fast-check";
import { anyJson, anyText, toJson } from "./support/attacks.ts";
import { checkResponse, withReferences } from "./support/fuzz_client.ts";
import { collectFailures, countRows, findDamage } from "./support/fuzz_findings.ts";
import { fuzzRuns } from "./support/fuzz_runs.ts";
import { isObject, REFERENCES } from "./support/fuzz_values.ts";
import { FOREIGN_TEXT, FUZZ_ACTORS, type FuzzWorld, makeFuzzWorld } from "./support/fuzz_world.ts";
import { MCP_CLIENTS } from "./support/mcp_client.ts";
import { bearer, type Data } from "./support/running_app.ts";

const RUNS = 100;
/** Longer waits would be many, one after the other. */
const MAX_WAIT_SECONDS = 1;
const PROTOCOLS = Object.keys(MCP_CLIENTS);
/** JSON-RPC 2.0 §5.1 */
const INTERNAL_ERROR = /"code":-32603\b/;

Deno.test("whatever anybody calls an MCP tool with, nothing fails inside, and what only reads stores nothing", async (t) => {
  await using failures = await collectFailures();
  await using world = await makeFuzzWorld();
  await using client = await MCP_CLIENTS["2026-07-28"](world.app, world.reader);
  for (const tool of await client.tools()) {
    await t.step(tool.name, async () => {
      const calls = fc.record({
        actor: fc.constantFrom(...FUZZ_ACTORS),
        protocol: fc.constantFrom(...PROTOCOLS),
        input: fc.oneof({ weight: 4, arbitrary: inputOf(tool.inputSchema) }, { weight: 1, arbitrary: anyJson }),
      });
      failures.taken();
      const property = fc.asyncProperty(calls, async ({ actor, protocol, input }) => {
        const filled = await withReferences(input, (name) => world.resolve(name, actor));
        const credential = await world.credentialOf(actor);
        const rows = countRows(world.database);
        const [response, text] = await call(world, { tool: tool.name, protocol, input: filled, credential });
        checkResponse(response, text);
        assert.doesNotMatch(text, INTERNAL_ERROR);
        assert.doesNotMatch(text, /\b(INTERNAL|UNAVAILABLE): /);
        assert.ok(!text.includes(FOREIGN_TEXT), "somebody else's element was shown");
        if (tool.annotations?.readOnlyHint === true) assert.deepEqual(countRows(world.database), rows);
        else await world.heal();
      });
      await fc.assert(property, fuzzRuns(RUNS));
      assert.deepEqual(failures.taken(), [], "the log has errors");
    });
  }
  assert.deepEqual(findDamage(world.app.dataDir), []);
});

/** Arguments by the tool's own schema, each mostly of its type. */
function inputOf({ properties = {}, required = [] }: Data): fc.Arbitrary<unknown> {
  const fields = Object.entries(properties).map(([name, schema]) => {
    if (name === "timeoutSeconds") return [name, fc.oneof(fc.integer({ max: MAX_WAIT_SECONDS }), anyText)] as const;
    return [name, fc.oneof({ weight: 4, arbitrary: fittingValue(schema) }, { weight: 1, arbitrary: anyJson })] as const;
  });
  const always = properties.timeoutSeconds === undefined ? [] : ["timeoutSeconds"];
  return fc.record(Object.fromEntries(fields), { requiredKeys: [...required, ...always] });
}

function fittingValue(schema: Data): fc.Arbitrary<unknown> {
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const types = [schema.type].flat();
  if (types.includes("array")) return fc.array(fittingValue(schema.items ?? {}), { maxLength: 3 });
  if (types.includes("integer") || types.includes("number")) {
    const { minimum = -10, maximum = 30_000 } = schema;
    return fc.integer({ min: minimum, max: maximum });
  }
  if (types.includes("boolean")) return fc.boolean();
  if (types.includes("string")) return fc.oneof(fc.constantFrom(...REFERENCES.map((name) => `«${name}»`)), anyText);
  return anyJson;
}

interface Call {
  tool: string;
  protocol: string;
  input: unknown;
  credential: string | null;
}

async function call(world: FuzzWorld, { tool, protocol, input, credential }: Call): Promise<[Response, string]> {
  const isModern = protocol === PROTOCOLS[0];
  const meta = {
    "io.modelcontextprotocol/protocolVersion": protocol,
    "io.modelcontextprotocol/clientInfo": { name: "fuzz", version: "1" },
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const params = { name: tool, arguments: input, ...(isModern ? { _meta: meta } : {}) };
  const response = await fetch(`${world.app.url}/mcp`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": protocol,
      ...(isModern ? { "mcp-method": "tools/call", "mcp-name": tool } : {}),
      ...bearer(credential),
    },
    body: toJson({ jsonrpc: "2.0", id: isObject(input) ? 1 : 2, method: "tools/call", params }),
  });
  return [response, await response.text()];
}
