import assert from "node:assert/strict";
import { SHAPE_LIMITS } from "../src/api/_document_shape.ts";
import { FIELD_COSTS } from "../src/api/_field_costs.ts";
import { SECURITY_EVENT_KINDS } from "../src/audit/kinds.ts";
import { PERMISSIONS } from "../src/base/permissions.ts";

/** Tables in the documents that are made from the code, by the name in the comment that stands before each. */
const TABLES: Record<string, { file: string; head: string[]; rows: () => string[][] }> = {
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
};

for (const [name, { file, head, rows }] of Object.entries(TABLES)) {
  Deno.test(`the table of ${name} in ${file} is the one in the code`, async () => {
    const path = new URL(`../${file}`, import.meta.url);
    const text = await Deno.readTextFile(path);
    const table = [head, head.map(() => "---"), ...rows()].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
    const place = new RegExp(`(<!-- ${name}: [^\n]* -->\n)(?:\\n*(?:\\|[^\n]*\n)*)\\n*`);
    assert.match(text, place);
    const expected = `${text.replace(place, (_, comment) => `${comment}\n${table}\n\n`).trimEnd()}\n`;
    if (Deno.env.get("WRITE_SNAPSHOTS") === "1") await Deno.writeTextFile(path, expected);
    assert.equal(await Deno.readTextFile(path), expected);
  });
}
