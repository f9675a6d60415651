import assert from "node:assert/strict";

const DOCUMENT = "docs/security.md";
const STATES = ["holds", "does not apply", "not yet"];

/** How many requirements of levels 1 and 2 each section begins with. OWASP ASVS 5.0.0 */
// deno-fmt-ignore -- a chapter a line
const REQUIREMENTS: Record<string, number> = {
  "2.4": 1,
  "3.2": 2, "3.3": 4, "3.4": 6, "3.5": 5, "3.7": 2,
  "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4,
  "6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4,
  "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 2, "7.6": 2,
  "8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1,
  "13.3": 2,
  "16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 3,
};

const ROOT = new URL("..", import.meta.url);
const text = await Deno.readTextFile(new URL(DOCUMENT, ROOT));
const tables = readTables(text);
const items = tables.filter(({ head }) => head[0] === "item").flatMap(({ rows }) => rows);
const attempts = tables.filter(({ head }) => head[0] !== "item").flatMap(({ rows }) => rows);

Deno.test(`each test that ${DOCUMENT} names is in the file that it names`, async () => {
  const quoted = testsIn(text);
  assert.ok(quoted.length > 150, `only ${quoted.length} tests are named`);
  const names = new Map<string, Set<string>>();
  for (const { file } of quoted) names.set(file, await namesOfTests(file));
  const missing = quoted.filter(({ name, file }) => !names.get(file)?.has(name)).map(({ name, file }) =>
    `${file}: "${name}"`
  );
  assert.deepEqual(missing, []);
});

Deno.test(`each attempt in ${DOCUMENT} has a test that shows what stops it, or says that nothing does yet`, () => {
  assert.ok(attempts.length > 60, `only ${attempts.length} attempts`);
  for (const [attempt = "", stops = "", shown = ""] of attempts) {
    assert.ok(testsIn(shown).length > 0 || stops.includes("**not yet**"), attempt);
  }
});

Deno.test(`each requirement in ${DOCUMENT} has one of three states, and one that holds says what shows it`, () => {
  for (const [item = "", _asks, state = "", shown = ""] of items) {
    assert.ok(STATES.includes(state), `${item}: ${state}`);
    assert.ok(shown.length > 0, item);
    const section = /under "([^"]+)"/.exec(shown)?.[1];
    if (state === "holds") assert.ok(testsIn(shown).length > 0 || section !== undefined, item);
    if (section === undefined) continue;
    assert.ok(new RegExp(`^(\\*\\*${section}\\b|### ${section}$)`, "m").test(text), `${item}: ${section}`);
  }
});

Deno.test(`${DOCUMENT} has each requirement once`, () => {
  const expected = Object.entries(REQUIREMENTS).flatMap(([section, count]) =>
    Array.from({ length: count }, (_, index) => `${section}.${index + 1}`)
  );
  assert.deepEqual(items.flatMap(([item = ""]) => numbersOf(item)).sort(), expected.sort());
});

/** "4.4.3–4.4.4, 5.1.1" as the numbers that it stands for. */
function numbersOf(item: string): string[] {
  return item.split(", ").flatMap((range) => {
    const [first = "", last = first] = range.split("–");
    const section = first.slice(0, first.lastIndexOf("."));
    const [from, to] = [first, last].map((number) => Number(number.slice(number.lastIndexOf(".") + 1)));
    return Array.from({ length: (to ?? 0) - (from ?? 0) + 1 }, (_, index) => `${section}.${(from ?? 0) + index}`);
  });
}

function readTables(markdown: string): { head: string[]; rows: string[][] }[] {
  return Array.from(markdown.matchAll(/^\|.*\n\|[ -|]+\n(?:\|.*\n?)*/gm), ([table]) => {
    const [head = [], _line, ...rows] = table.trimEnd().split("\n").map((line) =>
      line.slice(1, -1).split("|").map((cell) => cell.trim())
    );
    return { head, rows };
  });
}

/** The tests that a text names: `["name"](../tests/file_test.ts)`. */
function testsIn(markdown: string): { name: string; file: string }[] {
  return Array.from(
    markdown.matchAll(/\["(.+?)"\]\(\.\.\/(tests\/[\w/]+_test\.ts)\)/g),
    ([, name = "", file = ""]) => ({
      name,
      file,
    }),
  );
}

/** The names of a file's tests; what changes from one to the next of many made in a loop is "…". */
async function namesOfTests(file: string): Promise<Set<string>> {
  const source = await Deno.readTextFile(new URL(file, ROOT));
  const calls = source.matchAll(/\b(?:Deno\.test|browserTest)\(\s*(?:"((?:[^"\\]|\\.)*)"|`([^`]*)`)/g);
  return new Set(Array.from(calls, ([, plain, template]) => plain ?? template?.replaceAll(/\$\{[^}]*\}/g, "…") ?? ""));
}
