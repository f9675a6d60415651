import { createHash } from "node:crypto";

/** The SHA-256, in hexadecimal digits, of a call's arguments as JSON with their names in order. They are flat, so the same ones have the same hash. */
export function hashArguments(input: Record<string, unknown>): string {
  const sorted = Object.entries(input).sort(([one], [other]) => one < other ? -1 : 1);
  return createHash("sha256").update(toJson(sorted)).digest("hex");
}

function toJson(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    // Deeper than the stack: no tool takes that, whatever it says.
    return "";
  }
}
