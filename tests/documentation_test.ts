import assert from "node:assert/strict";
import { buildSchema } from "graphql";
import { SHAPE_LIMITS } from "../src/api/_document_shape.ts";
import { FIELD_COSTS } from "../src/api/_field_costs.ts";
import { SECURITY_EVENT_KINDS } from "../src/audit/kinds.ts";
import { PERMISSIONS } from "../src/base/permissions.ts";
import { readTools } from "../src/mcp/_tools.ts";
import { REVISIONS, SCENARIOS } from "./support/conformance_scenarios.ts";

/** Tables in the documents that are made from the code, by the name in the comment that stands before each. */
const TABLES: Record<string, { file: string; head: string[]; rows: () => string[][] | Promise<string[][]> }> = {
  kinds: {
    file: "docs/audit.md",
    head: ["kind", "severity", "when"],
    rows: () =>
      Object.entries(SECURITY_EVENT_KINDS).map(([kind, { severity, meaning }]) => [`\`${kind}\``, severity, meaning]),
  },
  permissions: {
    file: "docs/access.md",
    head: ["permission", "roles in the instance", "scope of a token", "least role in the project"],
    rows: () =>
      Object.entries(PERMISSIONS).map(([name, { roles, scope, projectRole }]) => [
        `\`${name}\``,
        roles.join(", "),
        scope,
        projectRole ?? "",
      ]),
  },
  shapes: {
    file: "docs/limits.md",
    head: ["of the document", "at most"],
    rows: () => SHAPE_LIMITS.map(({ unit, limit }) => [unit, String(limit)]),
  },
  costs: {
    file: "docs/limits.md",
    head: ["field", "costs beside its objects"],
    rows: () => Object.entries(FIELD_COSTS).map(([name, { meaning }]) => [`\`${name}\``, meaning]),
  },
  tools: {
    file: "docs/mcp.md",
    head: ["tool", "what it does", "arguments", "scopes", "changes something"],
    rows: async () => {
      const schema = buildSchema(await Deno.readTextFile(new URL("../schema.graphql", import.meta.url)));
      const path = new URL("../src/mcp/operations", import.meta.url).pathname;
      const tools = await readTools([{ path, origin: "fingerpost", mutations: true }], schema);
      return tools.map(({ name, description, inputSchema, scopes, annotations }) => [
        `\`${name}\``,
        description,
        Object.keys(inputSchema.properties).filter((argument) => argument !== "maxTokens").join(", "),
        scopes.join(", "),
        annotations.readOnlyHint === true ? "" : "yes",
      ]);
    },
  },
  conformance: {
    file: "docs/mcp.md",
    head: ["scenario", ...REVISIONS, "left out"],
    rows: () =>
      Object.entries(SCENARIOS).map(([name, { passes, why = "" }]) => [
        name,
        ...REVISIONS.map((revision) => passes[revision]?.join(", ") ?? ""),
        why,
      ]),
  },
};

for (const [name, { file, head, rows }] of Object.entries(TABLES)) {
  Deno.test(`the table of ${name} in ${file} is the one in the code`, async () => {
    const path = new URL(`../${file}`, import.meta.url);
    const text = await Deno.readTextFile(path);
    const table = [head, head.map(() => "---"), ...await rows()].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
    const place = new RegExp(`(<!-- ${name}: [^\n]* -->\n)(?:\\n*(?:\\|[^\n]*\n)*)\\n*`);
    assert.match(text, place);
    const expected = `${text.replace(place, (_, comment) => `${comment}\n${table}\n\n`).trimEnd()}\n`;
    if (Deno.env.get("WRITE_SNAPSHOTS") === "1") await Deno.writeTextFile(path, expected);
    assert.equal(await Deno.readTextFile(path), expected);
  });
}

Deno.test("the configuration blocks in docs/mcp.md are JSON with a server in it", async () => {
  const text = await Deno.readTextFile(new URL("../docs/mcp.md", import.meta.url));
  const blocks = [...text.matchAll(/```json\n(.*?)```/gs)].map(([, block = ""]) => JSON.parse(block));
  assert.equal(blocks.length, 4);
  for (const { mcpServers, servers } of blocks) assert.ok("fingerpost" in (mcpServers ?? servers));
});
