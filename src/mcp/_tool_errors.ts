import type { CallToolResult } from "@modelcontextprotocol/server";

/** Why a tool's call has no answer: one of the API's codes, and what it says of it. */
export interface ToolError {
  message: string;
  extensions: Record<string, unknown>;
}

/** What to do next, told with an error. */
const NEXT_STEPS: Record<string, string> = {
  NOT_FOUND: "list_elements shows what exists",
  UNAUTHENTICATED: "Ask the person for a new access token",
  FORBIDDEN: "Ask the person for an access token, or a role in the project, that may do this",
  PEER_UNAVAILABLE: "list_pages shows the connected pages; get_element gives what was captured",
  UNAVAILABLE: "Try again in a moment",
  TOO_LARGE: "Ask for less",
  TOO_COMPLEX: "Ask for less",
};

/** A failed call as an agent reads it: the code, what went wrong, and the next step. */
export function toErrorResult({ message, extensions }: ToolError): CallToolResult {
  const sentences = [`${String(extensions["code"])}: ${message}`, ...issuesOf(extensions), nextStep(extensions)];
  const text = sentences.filter((sentence) => sentence !== undefined).map((sentence) => sentence.replace(/\.$/, ""));
  return { content: [{ type: "text", text: `${text.join(". ")}.` }], isError: true };
}

function issuesOf({ issues }: Record<string, unknown>): string[] {
  if (!Array.isArray(issues)) return [];
  return issues.slice(0, 10).map((issue) => `${[issue?.path].flat().join(".")}: ${String(issue?.message)}`);
}

function nextStep({ code, retryAfterSeconds }: Record<string, unknown>): string | undefined {
  if (code === "RATE_LIMITED") return `Wait ${Number(retryAfterSeconds ?? 1)} s, then try again`;
  return NEXT_STEPS[String(code)];
}
