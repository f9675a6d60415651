import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  type Implementation,
  PROTOCOL_VERSION_META_KEY,
  SERVER_INFO_META_KEY,
} from "@modelcontextprotocol/server";
import type { ToolCalls } from "./_tool_calls.ts";
import type { ToolDefinition } from "./_tools.ts";
import type { Caller } from "./caller.ts";

/**
 * Calls of tools as nearly all clients send them, answered without a server of the SDK: with the same bytes, at a third of the cost.
 * Whatever is not exactly so, and the first of a client, is the SDK's: what it took once, in the same words, it takes again.
 */
export interface PlainCalls {
  /** What a message calls; null: it is no plain call. */
  read(message: unknown): PlainCall | null;
  /** The JSON-RPC response. Never throws. */
  answer(call: PlainCall, asking: { caller: Caller; signal: () => AbortSignal }): Promise<string>;
}

/** A tool's call as it was sent. */
export interface PlainCall {
  id: string | number;
  tool: ToolDefinition;
  input: Record<string, unknown>;
  /** What the client says of itself, as JSON; null: it is of protocol 2025, and said so before. */
  client: string | null;
}

/** What plain calls are answered with. */
export interface PlainCallsOptions {
  findTool: (name: string) => ToolDefinition | undefined;
  calls: ToolCalls;
  serverInfo: Implementation;
}

/** The revision whose calls say who the client is. */
export const PLAIN_PROTOCOL = "2026-07-28";
const MESSAGE_KEYS = new Set(["jsonrpc", "id", "method", "params"]);
const PARAMS_KEYS = new Set(["name", "arguments", "_meta"]);
const LEGACY_META_KEYS = new Set(["progressToken"]);
const META_KEYS = new Set([
  PROTOCOL_VERSION_META_KEY,
  CLIENT_INFO_META_KEY,
  CLIENT_CAPABILITIES_META_KEY,
  "progressToken",
]);
/** A client that says more of itself is the SDK's. */
const MAX_CLIENT_CHARACTERS = 1_000;

/** Builds the calls. */
export function createPlainCalls({ findTool, calls, serverInfo }: PlainCallsOptions): PlainCalls {
  const stamp = `,"resultType":"complete","_meta":${JSON.stringify({ [SERVER_INFO_META_KEY]: serverInfo })}}`;
  return { read, answer };

  function read(message: unknown): PlainCall | null {
    if (!isObject(message) || !hasOnly(message, MESSAGE_KEYS) || !isObject(message["params"])) return null;
    const { jsonrpc, id, method, params } = message;
    if (jsonrpc !== "2.0" || method !== "tools/call" || !isId(id) || !hasOnly(params, PARAMS_KEYS)) return null;
    const { name, arguments: input = {}, _meta: meta = {} } = params;
    const tool = typeof name === "string" ? findTool(name) : undefined;
    // One that waits tells of its progress.
    if (tool === undefined || tool.waiting !== null || !isObject(input) || Object.hasOwn(input, "__proto__")) {
      return null;
    }
    const client = isObject(meta) ? readClient(meta) : undefined;
    return client === undefined ? null : { id, tool, input, client };
  }

  async function answer(
    { id, tool, input, client }: PlainCall,
    { caller, signal }: { caller: Caller; signal: () => AbortSignal },
  ): Promise<string> {
    const { json } = await calls.call(tool, input, { caller, signal, request: null });
    const result = client === null ? json : json.slice(0, -1) + stamp;
    return `{"result":${result},"jsonrpc":"2.0","id":${JSON.stringify(id)}}`;
  }
}

function readClient(meta: Record<string, unknown>): string | null | undefined {
  const { progressToken = 0 } = meta;
  if (!isId(progressToken)) return undefined;
  if (hasOnly(meta, LEGACY_META_KEYS)) return null;
  if (!hasOnly(meta, META_KEYS) || meta[PROTOCOL_VERSION_META_KEY] !== PLAIN_PROTOCOL) return undefined;
  const client = JSON.stringify([meta[CLIENT_INFO_META_KEY], meta[CLIENT_CAPABILITIES_META_KEY]]);
  return client.length <= MAX_CLIENT_CHARACTERS ? client : undefined;
}

function isId(value: unknown): value is string | number {
  return typeof value === "string" || Number.isSafeInteger(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function hasOnly(object: Record<string, unknown>, keys: ReadonlySet<string>): boolean {
  for (const key of Object.keys(object)) if (!keys.has(key)) return false;
  return true;
}
