/** A value of an answer as an object; one without fields where it is none. */
export function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

/** A value of an answer as a list; an empty one where it is none. */
export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The nodes of a connection, in order. */
export function nodesOf(connection: unknown): Record<string, unknown>[] {
  return listOf(objectOf(connection)["edges"]).map((edge) => objectOf(objectOf(edge)["node"]));
}

/** A text of an answer, or null. */
export function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
