import assert from "node:assert/strict";

/** One of our modules: its path from the project's root, its lines, and the paths of our modules that it imports, types included. */
interface Module {
  path: string;
  lines: number;
  imports: string[];
}

/** A program of ours. `floors` are its rooms, lowest first; rooms of one floor do not know each other. `entries` lie in no room and may import any. */
interface Program {
  entries: string[];
  floors: string[][];
}

const SERVER: Program = {
  entries: ["src/main.ts"],
  floors: [
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
  ].map((rooms) => rooms.map((room) => `src/${room}`)),
};
const BROWSER: Program = {
  entries: ["clients/bundle.ts"],
  floors: [
    ["clients/masking"],
    ["clients/browser"],
    ["clients/pairing", "clients/capture", "clients/source"],
    ["clients/pointer"],
    ["clients/page_script", "extension"],
  ],
};
const PROGRAMS = [SERVER, BROWSER];
const ROOMS = PROGRAMS.flatMap(({ floors }) => floors.flat());
/** What one program may import of the other: what runs in pages as well as in the server, and the version that is built. */
const ACROSS: Record<string, string[]> = {
  "clients/masking/masking.ts": ["src/elements", "src/peers"],
  "src/app/version.ts": ["extension"],
};
const MAX_LINES = 250;
const PROJECT = new URL("../", import.meta.url);
const FORBIDDEN_NAMES = /^_?(utils?|helpers?|common|shared|lib|misc|manager|types|index)(\.ts)?$/;

/** What breaks the architecture, a line each. */
function findViolations(modules: Module[]): string[] {
  const violations = modules.flatMap((module) => [...checkModule(module), ...checkImports(module)]);
  for (const room of ROOMS) {
    if (!modules.some(({ path }) => roomOf(path) === room)) violations.push(`the room ${room} is empty`);
  }
  return violations;
}

function checkModule({ path, lines }: Module): string[] {
  const violations: string[] = [];
  if (lines > MAX_LINES) violations.push(`${path} has ${lines} lines`);
  if (path.split("/").some((name) => FORBIDDEN_NAMES.test(name))) {
    violations.push(`${path} has a name that says nothing`);
  }
  if (programOf(path) === undefined) violations.push(`${path} lies in no room of the design`);
  return violations;
}

function checkImports({ path, imports }: Module): string[] {
  const [room, program] = [roomOf(path), programOf(path)];
  return imports.flatMap((imported) => {
    if (room !== undefined && roomOf(imported) === room) return [];
    if (programOf(imported) !== program) {
      if (ACROSS[imported]?.includes(room ?? "")) return [];
      return [`${path} imports ${imported}, which lies outside of its program`];
    }
    if (program?.entries.includes(path)) return [];
    const violations: string[] = [];
    if (floorOf(imported) >= floorOf(path)) violations.push(`${path} imports ${imported}, which lies no lower`);
    if (imported.split("/").at(-1)?.startsWith("_")) violations.push(`${path} imports ${imported}, which is private`);
    return violations;
  });
}

function roomOf(path: string): string | undefined {
  return ROOMS.find((room) => path.startsWith(`${room}/`));
}

function programOf(path: string): Program | undefined {
  const room = roomOf(path) ?? "";
  return PROGRAMS.find(({ entries, floors }) => entries.includes(path) || floors.flat().includes(room));
}

function floorOf(path: string): number {
  const floor = programOf(path)?.floors.findIndex((rooms) => rooms.includes(roomOf(path) ?? ""));
  return floor === undefined || floor === -1 ? Infinity : floor;
}

/** Reads the modules from the files themselves and their imports from `deno info`, which knows type and dynamic ones too. */
async function readModules(): Promise<Module[]> {
  const paths = ["src/", "clients/", "extension/"].flatMap(listFiles);
  const imports = new Map<string, string[]>();
  // A file that nothing imports is in no graph but its own. The largest graphs first.
  for (const path of [...PROGRAMS.flatMap(({ entries }) => entries), ...paths]) {
    if (!imports.has(path)) await readGraph(path, imports);
  }
  return paths.map((path) => ({
    path,
    lines: Deno.readTextFileSync(new URL(path, PROJECT)).trimEnd().split("\n").length,
    imports: imports.get(path) ?? [],
  }));
}

function listFiles(folder: string): string[] {
  return [...Deno.readDirSync(new URL(folder, PROJECT))].flatMap(({ name, isDirectory }) => {
    if (isDirectory) return name === "node_modules" || name === "dist" ? [] : listFiles(`${folder}${name}/`);
    return name.endsWith(".ts") ? [`${folder}${name}`] : [];
  });
}

interface GraphModule {
  specifier: string;
  dependencies?: { code?: { specifier?: string }; type?: { specifier?: string } }[];
}

async function readGraph(path: string, imports: Map<string, string[]>): Promise<void> {
  const command = new Deno.Command(Deno.execPath(), { args: ["info", "--json", new URL(path, PROJECT).pathname] });
  const { stdout } = await command.output();
  const { modules }: { modules: GraphModule[] } = JSON.parse(new TextDecoder().decode(stdout));
  for (const { specifier, dependencies = [] } of modules) {
    const targets = dependencies.flatMap(({ code, type }) => [code?.specifier, type?.specifier]);
    const ours = targets.filter((target) => target !== undefined).map(pathOf).filter((target) => target !== null);
    const from = pathOf(specifier);
    if (from !== null) imports.set(from, [...new Set(ours)]);
  }
}

/** A module's path in the project; null: a library's. */
function pathOf(specifier: string): string | null {
  const path = specifier.startsWith(PROJECT.href) ? specifier.slice(PROJECT.href.length) : null;
  return path === null || path.startsWith("node_modules/") ? null : path;
}

const sound = await readModules();

Deno.test("the source keeps to its floors, doors, names and sizes", () => {
  assert.deepEqual(findViolations(sound), []);
});

Deno.test("the architecture test finds each kind of violation", () => {
  const planted = (module: Partial<Module>): string[] =>
    findViolations([...sound, { path: "src/elements/new.ts", lines: 10, imports: [], ...module }]);
  const importing = (path: string, imported: string): string[] => planted({ path, imports: [imported] });
  assert.deepEqual(planted({}), []);
  for (
    const [path, imported, why] of [
      ["src/elements/new.ts", "src/api/schema.ts", "lies no lower"],
      ["src/kv/new.ts", "src/events/events.ts", "lies no lower"],
      ["src/elements/new.ts", "src/users/_rows.ts", "is private"],
      ["src/app/new.ts", "src/main.ts", "lies no lower"],
      ["src/elements/new.ts", "clients/masking/_secret_values.ts", "lies outside of its program"],
      ["src/elements/new.ts", "clients/browser/messages.ts", "lies outside of its program"],
      ["src/elements/new.ts", "tests/x.ts", "lies outside of its program"],
      ["src/base/new.ts", "clients/masking/masking.ts", "lies outside of its program"],
      ["clients/capture/new.ts", "clients/pointer/pointer.ts", "lies no lower"],
      ["clients/source/new.ts", "clients/capture/capture.ts", "lies no lower"],
      ["extension/new.ts", "clients/capture/_features.ts", "is private"],
      ["extension/new.ts", "src/base/errors.ts", "lies outside of its program"],
    ] as const
  ) assert.deepEqual(importing(path, imported), [`${path} imports ${imported}, which ${why}`]);
  assert.deepEqual(importing("src/elements/new.ts", "clients/masking/masking.ts"), []);
  assert.deepEqual(importing("extension/new.ts", "clients/capture/capture.ts"), []);
  assert.deepEqual(planted({ lines: 251 }), ["src/elements/new.ts has 251 lines"]);
  for (const name of ["utils.ts", "_helpers.ts", "types.ts", "shared/x.ts", "index.ts"]) {
    assert.deepEqual(planted({ path: `src/elements/${name}` }), [`src/elements/${name} has a name that says nothing`]);
  }
  for (const path of ["src/new.ts", "src/extras/new.ts", "clients/new.ts", "clients/extras/new.ts"]) {
    assert.deepEqual(planted({ path }), [`${path} lies in no room of the design`]);
  }
  const withoutUsers = sound.filter(({ path }) => !path.startsWith("src/users/"));
  assert.deepEqual(findViolations(withoutUsers), ["the room src/users is empty"]);
});

Deno.test("the architecture test sees type imports and dynamic ones", () => {
  const modules = new Map(sound.map((module) => [module.path, module.imports]));
  assert.ok(modules.get("src/elements/_rows.ts")?.includes("src/elements/elements.ts"), "a type import");
  assert.ok(modules.get("src/app/commands.ts")?.includes("src/app/start.ts"), "a dynamic import");
  assert.ok(modules.get("src/elements/_capture.ts")?.includes("clients/masking/masking.ts"), "one of another program");
  assert.ok(modules.get("extension/_connections.ts")?.includes("clients/browser/fingerpost.ts"), "a browser's");
});
