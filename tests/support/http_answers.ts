import { bearer, type Data, type RunningApp } from "./running_app.ts";

/** The types that an answer may have. */
export const JSON_TYPE = "application/json";
export const RESPONSE_TYPE = "application/graphql-response+json";
export const EVENT_STREAM = "text/event-stream";

/** A request that anybody may make. */
export const VIEWER = { query: "{ viewer { role } }" };

/** What is posted. */
export interface Question {
  /** Text is sent as it is, anything else as JSON. */
  body?: unknown;
  accept?: string | undefined;
  token?: string | null;
}

/** What came back. */
export interface HttpAnswer {
  status: number;
  /** Without its parameters. */
  type: string;
  headers: Headers;
  text: string;
  /** The code of the first error. */
  code?: string;
}

/** Posts a request; of an event stream only the head is waited for. */
export async function post(
  app: RunningApp,
  { body, accept = "*/*", token = app.token }: Question,
): Promise<HttpAnswer> {
  const closed = new AbortController();
  const headers = { "content-type": JSON_TYPE, accept, ...bearer(token) };
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const { signal } = closed;
  return await readAnswer(await fetch(`${app.url}/graphql`, { method: "POST", headers, body: text, signal }), closed);
}

/** Asks by GET. */
export async function get(
  app: RunningApp,
  parameters: Record<string, string>,
  accept = JSON_TYPE,
): Promise<HttpAnswer> {
  const headers = { accept, ...bearer(app.token) };
  return await readAnswer(await fetch(`${app.url}/graphql?${new URLSearchParams(parameters)}`, { headers }));
}

/** Reads an answer; an event stream is closed instead. */
export async function readAnswer(response: Response, closed = new AbortController()): Promise<HttpAnswer> {
  const { status, headers } = response;
  const type = headers.get("content-type")?.split(";")[0] ?? "";
  const isStream = type === EVENT_STREAM;
  const text = isStream ? "" : await response.text();
  if (isStream) closed.abort();
  const code: string | undefined = type.endsWith("json") ? parse(text).errors?.[0]?.extensions?.code : undefined;
  return { status, type, headers, text, ...(code === undefined ? {} : { code }) };
}

/** Parses an answer's JSON. */
export function parse(text: string): Data {
  return JSON.parse(text);
}
