import type { ExecutionAnswer } from "../mcp/caller.ts";

/** A server elsewhere, and the token that it is asked with. */
export interface Remote {
  /** Its origin. */
  url: string;
  token: string;
}

/** A GraphQL operation as it is sent. */
export interface RemoteOperation {
  query: string;
  variables: Record<string, unknown>;
  extensions?: Record<string, unknown>;
}

/** Sends an operation. Rejects where there is no answer. Never goes where a redirect leads: the token is for this origin. */
export async function send(
  { url, token }: Remote,
  operation: RemoteOperation,
  { accept, signal }: { accept: string; signal: AbortSignal },
): Promise<Response> {
  return await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", accept, authorization: `Bearer ${token}` },
    body: JSON.stringify(operation),
    redirect: "manual",
    signal,
  });
}

/** What a response that is no stream answers. */
export async function readAnswer(remote: Remote, response: Response): Promise<ExecutionAnswer> {
  const body = toAnswer(parse(await response.text()));
  if (body === null) {
    return unavailable(`${remote.url} answered with status ${response.status}, and not as Fingerpost does`);
  }
  const [error] = body.errors ?? [];
  if (error?.extensions["code"] !== "UNAUTHENTICATED") return body;
  const message = `Fingerpost at ${remote.url} does not take the token in FINGERPOST_TOKEN`;
  return { errors: [{ message, extensions: { code: "UNAUTHENTICATED" } }] };
}

/** What parsed JSON answers; null: it is no answer to a GraphQL operation. */
export function toAnswer(body: unknown): ExecutionAnswer | null {
  if (typeof body !== "object" || body === null) return null;
  const { data, errors }: { data?: unknown; errors?: unknown } = body;
  const answer: ExecutionAnswer = {};
  if (Array.isArray(errors)) {
    answer.errors = errors.map((error) => ({ message: String(error?.message), extensions: { ...error?.extensions } }));
  }
  if (typeof data === "object" && data !== null) answer.data = { ...data };
  return answer.data === undefined && answer.errors === undefined ? null : answer;
}

/** That a server can't be asked now. */
export function unreachable({ url }: Remote): ExecutionAnswer {
  return unavailable(`Cannot reach Fingerpost at ${url}: is it running? It is tried again at the next call`);
}

/** Whether nothing of a request can have arrived. */
export function isUnsent(error: unknown): boolean {
  return error instanceof TypeError && error.message.includes("client error (Connect)");
}

function unavailable(message: string): ExecutionAnswer {
  return { errors: [{ message, extensions: { code: "UNAVAILABLE" } }] };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
