import type { CallToolResult, ImageContent, ServerContext } from "@modelcontextprotocol/server";
import { AjvJsonSchemaValidator } from "@modelcontextprotocol/server/validators/ajv";
import { composeAnswer } from "./_answer.ts";
import { hashArguments } from "./_argument_hash.ts";
import { hasImages, takeImages } from "./_images.ts";
import { BUDGET } from "./_input_schema.ts";
import { byteLength } from "./_json_size.ts";
import { switchVariables } from "./_switches.ts";
import { toErrorResult, type ToolError } from "./_tool_errors.ts";
import type { ToolDefinition } from "./_tools.ts";
import { DEFAULT_TIMEOUT_SECONDS, waitFor } from "./_waiting.ts";
import type { Caller, ExecutionAnswer } from "./caller.ts";

/** Calls tools. */
export interface ToolCalls {
  /** Answers a call; what goes wrong is a result that says so. Never throws. */
  call(tool: ToolDefinition, input: Record<string, unknown>, call: CallContext): Promise<ToolAnswer>;
}

/** What a tool answered. */
export interface ToolAnswer {
  result: CallToolResult;
  /** The same as JSON. */
  json: string;
}

/** As whom a tool is called. */
export interface CallContext {
  caller: Caller;
  /** Ends the work; asked for only if need be. */
  signal: () => AbortSignal;
  /** The request that calls, where it may be told of progress. */
  request: Pick<ServerContext["mcpReq"], "_meta" | "notify"> | null;
}

type Outcome = ToolAnswer & { code: string | null };

/** A token of a model is counted as this many bytes. */
const BYTES_PER_TOKEN = 4;
const DENIALS = new Set(["UNAUTHENTICATED", "FORBIDDEN"]);

/** Builds what calls these tools. */
export function createToolCalls(tools: readonly ToolDefinition[]): ToolCalls {
  const validator = new AjvJsonSchemaValidator();
  const validators = new Map(tools.map(({ name, inputSchema }) => [name, validator.getValidator(inputSchema)]));
  const withImages = new Set(tools.filter(({ shape }) => hasImages(shape)));
  return { call };

  async function call(tool: ToolDefinition, input: Record<string, unknown>, context: CallContext) {
    const startedAt = new Date();
    const start = performance.now();
    const { code, result, json } = await answer(tool, withoutNulls(input), context);
    context.caller.record({
      tool: tool.name,
      outcome: code === null ? "ok" : DENIALS.has(code) ? "denied" : "error",
      errorCode: code,
      durationMs: performance.now() - start,
      resultBytes: byteLength(json),
      argumentHash: hashArguments(input),
      startedAt,
    });
    return { result, json };
  }

  async function answer(tool: ToolDefinition, input: Record<string, unknown>, context: CallContext): Promise<Outcome> {
    const fault = findFault(tool, input);
    if (fault !== null) return failed({ message: fault, extensions: { code: "INVALID_INPUT" } });
    const { data, errors } = await execute(tool, input, context);
    const [error] = errors ?? [];
    if (error !== undefined) return failed(error);
    try {
      const images = withImages.has(tool) ? takeImages(data, tool.shape) : [];
      return { ...toAnswer(tool, input, { data: data ?? {}, images }), code: null };
    } catch (cause) {
      return failed({
        message: cause instanceof Error ? cause.message : String(cause),
        extensions: { code: "TOO_LARGE" },
      });
    }
  }

  function findFault({ name, inputSchema }: ToolDefinition, input: Record<string, unknown>): string | null {
    const known = Object.keys(inputSchema.properties);
    const unknown = Object.keys(input).find((key) => !known.includes(key));
    if (unknown !== undefined) {
      return `Cannot take the argument "${unknown.slice(0, 100)}": ${name} has ${known.join(", ")}`;
    }
    const checked = validators.get(name)?.(input);
    return checked === undefined || checked.valid ? null : `Cannot call ${name}: ${checked.errorMessage}`;
  }
}

// Some models send null for what they leave out.
function withoutNulls(input: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null));
}

async function execute(
  tool: ToolDefinition,
  input: Record<string, unknown>,
  context: CallContext,
): Promise<ExecutionAnswer> {
  const { caller, signal, request } = context;
  const { maxTokens: _budget, timeoutSeconds, level, fields, ...given } = input;
  const variables = { ...given, ...switchVariables(tool.switches, { level, fields }) };
  const run = (more: Record<string, unknown>) => caller.execute(tool.query, { ...variables, ...more }, { signal });
  if (tool.waiting === null) return await run({});
  const total = Number(timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS);
  return await waitFor(tool.waiting, {
    timeoutSeconds: total,
    after: given["after"],
    signal: signal(),
    run,
    tellProgress: (progress) => request && tellProgress(request, { progress, total }),
  });
}

/** In seconds. */
function tellProgress(
  { _meta, notify }: NonNullable<CallContext["request"]>,
  waited: { progress: number; total: number },
): void {
  const progressToken = _meta?.progressToken;
  if (progressToken === undefined) return;
  const params = { progressToken, ...waited, message: `Nothing yet, after ${Math.round(waited.progress)} s` };
  // The client may be gone: then the request's signal ends the work.
  void notify({ method: "notifications/progress", params }).catch(() => {});
}

function toAnswer(
  tool: ToolDefinition,
  input: Record<string, unknown>,
  { data, images }: { data: Record<string, unknown>; images: ImageContent[] },
): ToolAnswer {
  const maxBytes = Number(input["maxTokens"] ?? BUDGET.default) * BYTES_PER_TOKEN;
  const { structured, json, text } = composeAnswer(data, { tool: tool.name, input, shape: tool.shape, maxBytes });
  const link = images.length === 0 || tool.link === null ? [] : [linkOf(tool.link, input)];
  const content: CallToolResult["content"] = [{ type: "text", text }, ...images, ...link];
  return {
    result: { content, structuredContent: structured },
    json: `{"content":${JSON.stringify(content)},"structuredContent":${json}}`,
  };
}

function linkOf(template: string, input: Record<string, unknown>) {
  const uri = template.replace(/\{(\w+)\}/g, (_match, name: string) => encodeURIComponent(String(input[name] ?? "")));
  return { name: uri, uri, description: "The original", type: "resource_link" as const };
}

function failed(error: ToolError): Outcome {
  const result = toErrorResult(error);
  return { result, json: JSON.stringify(result), code: String(error.extensions["code"]) };
}
