import assert from "node:assert/strict";
import { OperationTypeNode } from "graphql";
import { ERROR_CODES } from "../../src/base/errors.ts";
import { toJson } from "./attacks.ts";
import { withLiterals } from "./fuzz_literals.ts";
import type { FuzzOperation } from "./fuzz_operations.ts";
import { isObject, type Reference, REFERENCES } from "./fuzz_values.ts";
import { FOREIGN_TEXT, type FuzzActor, type FuzzWorld } from "./fuzz_world.ts";
import { bearer, type GraphqlBody } from "./running_app.ts";

/** A request as it is sent: references replaced, the credential at hand. */
export interface FuzzRequest {
  kind: OperationTypeNode;
  document: string;
  variables: Record<string, unknown>;
  credential: string | null;
}

const KNOWN_CODES = new Set<string>([
  ...ERROR_CODES,
  "GRAPHQL_PARSE_FAILED",
  "GRAPHQL_VALIDATION_FAILED",
  "BAD_USER_INPUT",
]);
/** For the first event of a subscription that may have none. */
const EVENT_WAIT_MS = 15;

/** Replaces what stands for something of the world, which may have to be made for it. */
export async function prepareFuzz(
  world: FuzzWorld,
  actor: FuzzActor,
  { operation, template, isInline }: {
    operation: FuzzOperation;
    template: Record<string, unknown>;
    isInline: boolean;
  },
): Promise<FuzzRequest> {
  const variables = await withReferences(template, (name) => world.resolve(name, actor)) as Record<string, unknown>;
  const { kind } = operation;
  const literal = isInline ? withLiterals(operation, variables) : null;
  const document = literal ?? operation.document;
  return { kind, document, variables, credential: await world.credentialOf(actor) };
}

/** Sends a request, and holds its answer against what every answer must be. */
export async function sendFuzz(world: FuzzWorld, request: FuzzRequest): Promise<GraphqlBody> {
  const { kind, document, variables, credential } = request;
  const isStream = kind === OperationTypeNode.SUBSCRIPTION;
  const closed = new AbortController();
  const response = await fetch(`${world.app.url}/graphql`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: isStream ? "text/event-stream" : "application/json",
      ...bearer(credential),
    },
    body: toJson({ query: document, variables }),
    signal: closed.signal,
  });
  const text = isStream ? await firstEvent(response, closed) : await response.text();
  checkResponse(response, text);
  assert.ok(!text.includes(FOREIGN_TEXT), "somebody else's element was shown");
  const body: GraphqlBody = text === "" ? {} : JSON.parse(text);
  checkErrors(body);
  return body;
}

/** What holds for every response: no 5xx, no header of the client's making, nothing of the inside. */
export function checkResponse({ status, headers }: Pick<Response, "status" | "headers">, text: string): void {
  assert.ok(status < 500, `${status}: ${text.slice(0, 500)}`);
  assert.equal(headers.get("x-injected"), null);
  // GraphiQL's own page has its sources' paths in it.
  if (headers.get("content-type")?.includes("text/html")) return;
  assert.doesNotMatch(text, /\.ts:\d+:\d+|node_modules|SQLITE_|SqliteError|TypeError:/, "the inside shows");
}

/** Each error has a code of the closed list; none says that the server failed. */
export function checkErrors({ errors = [] }: GraphqlBody): void {
  for (const error of errors) {
    const { code } = error.extensions;
    assert.ok(KNOWN_CODES.has(code) && code !== "INTERNAL" && code !== "UNAVAILABLE", JSON.stringify(error));
  }
}

/** Whether the root field itself was refused, so that nothing may have changed. */
export function isRefused({ errors = [] }: GraphqlBody): boolean {
  return errors.some(({ path }) => path === undefined || path.length === 1);
}

/** The value with every reference in it replaced. */
export async function withReferences(value: unknown, resolve: (name: Reference) => Promise<string>): Promise<unknown> {
  if (typeof value === "string") {
    const name = REFERENCES.find((reference) => value === `«${reference}»`);
    return name === undefined ? value : await resolve(name);
  }
  if (Array.isArray(value)) return await Promise.all(value.map((item) => withReferences(item, resolve)));
  if (!isObject(value)) return value;
  const entries: [string, unknown][] = [];
  for (const [name, inner] of Object.entries(value)) entries.push([name, await withReferences(inner, resolve)]);
  return Object.fromEntries(entries);
}

// Its JSON, or that of a refusal; nothing where no event came at once.
async function firstEvent(response: Response, closed: AbortController): Promise<string> {
  if (!response.headers.get("content-type")?.startsWith("text/event-stream")) return await response.text();
  let text = "";
  const timer = setTimeout(() => closed.abort(), EVENT_WAIT_MS);
  try {
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk;
      const [, data] = /^data: ?(\{.*)\n\n/m.exec(text) ?? [];
      if (data !== undefined) return data;
    }
  } catch (error) {
    if (!closed.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
    closed.abort();
  }
  return "";
}
