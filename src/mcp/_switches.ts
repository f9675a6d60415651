import { type DocumentNode, Kind, type OperationDefinitionNode, visit } from "graphql";
import type { FrontMatter } from "./_front_matter.ts";
import type { JsonSchema } from "./_json_schema.ts";

/** The parts of an answer that a caller may choose: each is a Boolean variable which stands in `@include` alone. */
export interface Switches {
  names: readonly string[];
  /** The switches of each level, by the front matter's `level NAME: …` lines. */
  levels: ReadonlyMap<string, readonly string[]>;
  /** The one where the caller says nothing, by the line `level: NAME`. */
  defaultLevel: string | undefined;
}

/** Finds a document's switches. Throws an Error where the front matter's levels name others. */
export function readSwitches(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  { values }: FrontMatter,
): Switches {
  const [included, elsewhere] = [new Set<string>(), new Set<string>()];
  visit(document, {
    VariableDefinition: () => false,
    Directive: ({ name, arguments: args = [] }) => {
      for (const { value } of args) {
        if (value.kind === Kind.VARIABLE && name.value === "include") included.add(value.name.value);
      }
      return name.value === "include" ? false : undefined;
    },
    Variable: ({ name }) => void elsewhere.add(name.value),
  });
  const names = (operation.variableDefinitions ?? []).map(({ variable }) => variable.name.value)
    .filter((name) => included.has(name) && !elsewhere.has(name));
  const levels = new Map<string, readonly string[]>();
  for (const [key, [value = ""] = []] of values) {
    const [, level] = /^level (\w+)$/.exec(key) ?? [];
    if (level !== undefined) levels.set(level, readLevel(value, { names, levels }));
  }
  const [defaultLevel] = values.get("level") ?? [];
  if (defaultLevel === undefined ? levels.size > 0 : !levels.has(defaultLevel)) {
    throw new Error('its levels need one that holds where none is named: "level: NAME"');
  }
  return { names, levels, defaultLevel };
}

function readLevel(value: string, { names, levels }: Pick<Switches, "names" | "levels">): readonly string[] {
  return value.split(/ +/).filter((word) => word !== "").flatMap((word) => {
    const found = levels.get(word) ?? (names.includes(word) ? [word] : undefined);
    if (found === undefined) {
      throw new Error(`its level names "${word}", which is neither a field nor a level before it`);
    }
    return found;
  });
}

/** The arguments by which a caller chooses. */
export function switchArguments({ names, levels, defaultLevel }: Switches): Record<string, JsonSchema> {
  if (names.length === 0) return {};
  const fields = {
    type: "array",
    items: { type: "string", enum: [...names] },
    description: "Just these; with a level, these too.",
  };
  if (defaultLevel === undefined) return { fields };
  const level = { type: "string", enum: [...levels.keys()], default: defaultLevel };
  return { level, fields };
}

/** The values of the switches for what a caller chose. */
export function switchVariables(
  { names, levels, defaultLevel }: Switches,
  { level, fields }: { level?: unknown; fields?: unknown },
): Record<string, boolean> {
  const chosen = new Set<unknown>(Array.isArray(fields) ? fields : []);
  const named = level ?? (Array.isArray(fields) && fields.length > 0 ? undefined : defaultLevel);
  for (const name of levels.get(String(named)) ?? []) chosen.add(name);
  return Object.fromEntries(names.map((name) => [name, chosen.has(name)]));
}
