import { type Change, ChangeType, CriticalityLevel, diff } from "@graphql-inspector/core";
import { buildSchema } from "graphql";

/** What a release and the records since then say. */
export interface Release {
  /** `schema.released.graphql`. */
  schema: string;
  /** The text of each decision record. */
  records: string[];
}

/** Dangerous changes that give the same request another answer. */
const CHANGED_DEFAULTS = new Set<string>([
  ChangeType.FieldArgumentDefaultChanged,
  ChangeType.InputFieldDefaultValueChanged,
  ChangeType.DirectiveArgumentDefaultValueChanged,
]);

/** The version that a released schema names. Throws where it names none. */
export function versionOf(schema: string): string {
  const [, version] = /^# The schema of (\d+\.\d+\.\d+)\n/.exec(schema) ?? [];
  if (version === undefined) throw new Error("Cannot tell the release: its schema begins with no version");
  return version;
}

/** What breaks clients of the release and no record names, and what a record names and nothing breaks: a line each. */
export async function findBreaches({ schema, records }: Release, current: string): Promise<string[]> {
  const version = versionOf(schema);
  const changes = await diff(buildSchema(schema), buildSchema(current));
  const breaks = changes.filter(isBreak);
  const named = new Set(records.flatMap((record) => namesIn(record, version)));
  const broken = new Set(breaks.map(({ path }) => path ?? ""));
  return [
    ...breaks.filter(({ path }) => !named.has(path ?? "")).map(({ path, message }) =>
      `${message}: name it in a decision record (Breaks ${version}: ${path})`
    ),
    ...[...named].filter((name) => !broken.has(name)).map((name) =>
      `A decision record names ${name}, which breaks nothing`
    ),
  ];
}

function isBreak({ type, criticality }: Change): boolean {
  return criticality.level === CriticalityLevel.Breaking || CHANGED_DEFAULTS.has(type);
}

function namesIn(record: string, version: string): string[] {
  const lines = Array.from(record.matchAll(/^Breaks (\d+\.\d+\.\d+): (.+)$/gm));
  return lines.filter(([, since]) => since === version).flatMap(([, , names = ""]) => names.split(/, */));
}
