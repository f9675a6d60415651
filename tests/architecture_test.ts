import assert from "node:assert/strict";

/** One module of `src/`: its path from there, its lines, and the paths of our modules that it imports, types included. */
interface Module {
  path: string;
  lines: number;
  imports: string[];
}

/** The rooms by floor, lowest first. Rooms of one floor do not know each other. */
const FLOORS = [
  ["base"],
  ["database", "kv", "events", "graphql"],
  ["audit"],
  ["users", "settings", "status", "rate_limits"],
  ["sessions"],
  ["projects", "tool_executions", "pairing"],
  ["elements"],
  ["signalling"],
  ["peers"],
  ["api", "mcp", "pages"],
  ["app"],
];
/** What runs in pages as well as in the server, with the rooms that may import it: all else of `clients/` is a browser's. */
const IN_PAGES_TOO = { module: "../clients/masking/masking.ts", rooms: ["elements", "peers"] };
const MAX_LINES = 250;
const PROJECT = new URL("../", import.meta.url);
const FORBIDDEN_NAMES = /^_?(utils?|helpers?|common|shared|lib|misc|manager|types|index)(\.ts)?$/;
/** Every room has at least its door: fewer modules mean that the test looked in the wrong place. */
const MIN_MODULES = FLOORS.flat().length;

/** What breaks the architecture, a line each. */
function findViolations(modules: Module[]): string[] {
  const violations = modules.flatMap((module) => [...checkModule(module), ...checkImports(module)]);
  if (modules.length < MIN_MODULES) violations.push(`only ${modules.length} modules were looked at`);
  for (const room of FLOORS.flat()) {
    if (!modules.some(({ path }) => path.startsWith(`${room}/`))) violations.push(`the room ${room} is empty`);
  }
  return violations;
}

function checkModule({ path, lines }: Module): string[] {
  const names = path.split("/");
  const violations: string[] = [];
  if (names.length === 1 && path !== "main.ts") violations.push(`${path} lies at the root of src`);
  if (lines > MAX_LINES) violations.push(`${path} has ${lines} lines`);
  if (names.some((name) => FORBIDDEN_NAMES.test(name))) violations.push(`${path} has a name that says nothing`);
  if (names.length > 1 && floorOf(path) === -1) violations.push(`${path} lies in no room of the design`);
  return violations;
}

function checkImports({ path, imports }: Module): string[] {
  return imports.flatMap((imported) => {
    if (imported.startsWith("../")) return checkOutside(path, imported);
    if (roomOf(path) === roomOf(imported) || path === "main.ts") return [];
    const violations: string[] = [];
    if (floorOf(imported) >= floorOf(path)) violations.push(`${path} imports ${imported}, which lies no lower`);
    if (imported.split("/").at(-1)?.startsWith("_")) violations.push(`${path} imports ${imported}, which is private`);
    return violations;
  });
}

function checkOutside(path: string, imported: string): string[] {
  if (imported === IN_PAGES_TOO.module && IN_PAGES_TOO.rooms.includes(roomOf(path))) return [];
  return [`${path} imports ${imported}, which lies outside of src`];
}

function roomOf(path: string): string {
  return path.split("/")[0] ?? "";
}

function floorOf(path: string): number {
  if (path === "main.ts") return FLOORS.length;
  return FLOORS.findIndex((rooms) => rooms.includes(roomOf(path)));
}

/** Reads `src/` from the files themselves and their imports from `deno info`, which knows type and dynamic ones too. */
async function readModules(): Promise<Module[]> {
  const root = new URL("src/", PROJECT);
  const paths = listFiles(root, "");
  const imports = new Map<string, string[]>();
  // A file that nothing imports is in no graph but its own.
  for (const path of paths) {
    if (!imports.has(path)) await readGraph(root, path, imports);
  }
  return paths.map((path) => ({
    path,
    lines: Deno.readTextFileSync(new URL(path, root)).trimEnd().split("\n").length,
    imports: imports.get(path) ?? [],
  }));
}

function listFiles(root: URL, folder: string): string[] {
  return [...Deno.readDirSync(new URL(folder, root))].flatMap((entry) => {
    const path = `${folder}${entry.name}`;
    if (entry.isDirectory) return listFiles(root, `${path}/`);
    return path.endsWith(".ts") ? [path] : [];
  });
}

interface GraphModule {
  specifier: string;
  dependencies?: { code?: { specifier?: string }; type?: { specifier?: string } }[];
}

async function readGraph(root: URL, path: string, imports: Map<string, string[]>): Promise<void> {
  const command = new Deno.Command(Deno.execPath(), { args: ["info", "--json", new URL(path, root).pathname] });
  const { stdout } = await command.output();
  const { modules }: { modules: GraphModule[] } = JSON.parse(new TextDecoder().decode(stdout));
  for (const { specifier, dependencies = [] } of modules) {
    if (!specifier.startsWith(root.href)) continue;
    const targets = dependencies.flatMap(({ code, type }) => [code?.specifier, type?.specifier]);
    const ours = targets.filter((target) => target !== undefined).flatMap((target) => {
      if (target.startsWith(root.href)) return [target.slice(root.href.length)];
      return target.startsWith(PROJECT.href) ? [`../${target.slice(PROJECT.href.length)}`] : [];
    });
    imports.set(specifier.slice(root.href.length), [...new Set(ours)]);
  }
}

Deno.test("the source keeps to its floors, doors, names and sizes", async () => {
  assert.deepEqual(findViolations(await readModules()), []);
});

Deno.test("the architecture test finds each kind of violation", async () => {
  const sound = await readModules();
  const planted = (module: Partial<Module>): string[] =>
    findViolations([...sound, { path: "elements/new.ts", lines: 10, imports: [], ...module }]);
  assert.deepEqual(planted({}), []);
  assert.deepEqual(planted({ imports: ["api/schema.ts"] }), [
    "elements/new.ts imports api/schema.ts, which lies no lower",
  ]);
  assert.deepEqual(planted({ path: "kv/new.ts", imports: ["events/events.ts"] }), [
    "kv/new.ts imports events/events.ts, which lies no lower",
  ]);
  assert.deepEqual(planted({ imports: ["users/_rows.ts"] }), [
    "elements/new.ts imports users/_rows.ts, which is private",
  ]);
  assert.deepEqual(planted({ path: "new.ts" }), ["new.ts lies at the root of src"]);
  assert.deepEqual(planted({ path: "app/new.ts", imports: ["main.ts"] }), [
    "app/new.ts imports main.ts, which lies no lower",
  ]);
  assert.deepEqual(planted({ lines: 251 }), ["elements/new.ts has 251 lines"]);
  assert.deepEqual(planted({ imports: ["../clients/masking/masking.ts"] }), []);
  for (const imported of ["../clients/masking/_secret_values.ts", "../clients/browser/messages.ts", "../tests/x.ts"]) {
    assert.deepEqual(planted({ imports: [imported] }), [
      `elements/new.ts imports ${imported}, which lies outside of src`,
    ]);
  }
  assert.deepEqual(planted({ path: "base/new.ts", imports: ["../clients/masking/masking.ts"] }), [
    "base/new.ts imports ../clients/masking/masking.ts, which lies outside of src",
  ]);
  for (const name of ["utils.ts", "_helpers.ts", "types.ts", "shared/x.ts", "index.ts"]) {
    assert.deepEqual(planted({ path: `elements/${name}` }), [`elements/${name} has a name that says nothing`]);
  }
  assert.deepEqual(planted({ path: "extras/new.ts" }), ["extras/new.ts lies in no room of the design"]);
  assert.match(findViolations([]).join("\n"), /only 0 modules were looked at/);
  const withoutUsers = sound.filter(({ path }) => !path.startsWith("users/"));
  assert.deepEqual(findViolations(withoutUsers), ["the room users is empty"]);
});

Deno.test("the architecture test sees type imports and dynamic ones", async () => {
  const modules = new Map((await readModules()).map((module) => [module.path, module.imports]));
  assert.ok(modules.get("elements/_rows.ts")?.includes("elements/elements.ts"), "a type import");
  assert.ok(modules.get("app/commands.ts")?.includes("app/start.ts"), "a dynamic import");
  assert.ok(modules.get("elements/_capture.ts")?.includes("../clients/masking/masking.ts"), "one from outside of src");
});
