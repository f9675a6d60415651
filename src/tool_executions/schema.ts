import { z } from "zod";
import type { Clock } from "../base/clock.ts";
import type { Builder } from "../graphql/builder.ts";
import { loadVisible, localId, orDeleted } from "../graphql/nodes.ts";
import { readPage, toConnection } from "../graphql/pages.ts";
import type { addUsersSchema } from "../users/schema.ts";
import type { Users } from "../users/users.ts";
import { type RecordedExecution, TOOL_NAME, TOOL_OUTCOMES, type ToolExecutions } from "./tool_executions.ts";

/** What the schema shows, and by which time it checks what it is told. */
export interface ToolExecutionServices {
  toolExecutions: ToolExecutions;
  users: Users;
  clock: Clock;
}

/** Adds `McpToolExecution`, `mcpToolExecutions` and `recordToolExecutions`. */
export function addToolExecutionsSchema(
  builder: Builder,
  services: ToolExecutionServices,
  types: ReturnType<typeof addUsersSchema>,
): void {
  addToolExecutions(builder, services, addToolExecutionType(builder, services, types));
  addRecordToolExecutions(builder, services);
}

function addToolExecutionType(
  builder: Builder,
  { toolExecutions, users }: ToolExecutionServices,
  types: ReturnType<typeof addUsersSchema>,
) {
  return builder.node(builder.objectRef<RecordedExecution>("McpToolExecution"), {
    description:
      "One call of an MCP tool. For who called, and for admins and their tokens with `AUDIT_READ`. Of a call over stdio it is what " +
      "the caller's own process told.",
    id: { resolve: (execution) => execution.id },
    loadMany: (ids, context) => loadVisible(context, ids, (id) => toolExecutions.get(context.actor, id)),
    fields: (t) => ({
      tool: t.exposeString("tool", { description: "The tool's name; `unknown`: one that no tool can have." }),
      actor: t.loadable({
        type: types.User,
        nullable: true,
        description: "Who called; null: the account was deleted.",
        load: async (ids: string[]) => orDeleted(await users.byIds(ids)),
        loaderOptions: { cache: false },
        resolve: (execution) => execution.actorId,
      }),
      outcome: t.exposeString("outcome", {
        description: "`ok`, `error`, or `denied`: the caller may not do what the tool does.",
      }),
      errorCode: t.exposeString("errorCode", {
        nullable: true,
        description: "The first error's `extensions.code`; null: it went well, or there is none.",
      }),
      durationMs: t.exposeFloat("durationMs", { description: "From the call to its result, in milliseconds." }),
      resultBytes: t.exposeInt("resultBytes", { description: "The result's size as JSON." }),
      argumentHash: t.exposeString("argumentHash", {
        description:
          "SHA-256 of the arguments' canonical JSON (RFC 8785) in 64 hexadecimal digits, which tells same calls from others; the " +
          "arguments themselves are not kept.",
      }),
      startedAt: t.expose("startedAt", { type: "DateTime", description: "When it was called." }),
    }),
  });
}

function addToolExecutions(
  builder: Builder,
  { toolExecutions }: ToolExecutionServices,
  McpToolExecution: ReturnType<typeof addToolExecutionType>,
): void {
  const McpToolExecutionFilter = builder.inputType("McpToolExecutionFilter", {
    description: "What is absent does not matter; all that is there must hold.",
    fields: (t) => ({
      tool: t.string({ description: "Of this tool." }),
      outcome: t.string({ description: "That ended so: `ok`, `error` or `denied`." }),
      actorId: t.id({ description: "By the user with this global id; `FORBIDDEN` for another's, unless to an admin." }),
      startedAfter: t.field({ type: "DateTime", description: "Later than this." }),
      startedBefore: t.field({ type: "DateTime", description: "Earlier than this." }),
    }),
  });
  builder.queryField("mcpToolExecutions", (t) =>
    t.connection(
      {
        type: McpToolExecution,
        description:
          "Calls of MCP tools, newest first; `first` or `last` 1 to 100, 20 where neither is given. All of them for admins and " +
          "their tokens with `AUDIT_READ`, else one's own. Each is kept as long as the setting `mcp.retention_days` says. " +
          "`UNAUTHENTICATED`, `FORBIDDEN`, `NOT_FOUND`, `INVALID_INPUT`.",
        args: { filter: t.arg({ type: McpToolExecutionFilter, description: "Absent: all of them." }) },
        resolve: async (_root, { filter: given, ...args }, { actor, signal }) => {
          const page = readPage(args);
          const filter = {
            tool: given?.tool ?? null,
            outcome: given?.outcome ?? null,
            actorId: given?.actorId ? localId("User", given.actorId) : null,
            startedAfter: given?.startedAfter ?? null,
            startedBefore: given?.startedBefore ?? null,
          };
          return toConnection(page, await toolExecutions.list(actor, { filter, page, signal: signal() }));
        },
      },
      { name: "McpToolExecutionConnection", description: "A page of calls of MCP tools." },
      { name: "McpToolExecutionEdge", description: "A call of an MCP tool in a list." },
    ));
}

/** How far the clock of the caller's machine may be ahead. */
const MAX_AHEAD_MS = 60_000;
/** How long an adapter may have waited for the server. */
const MAX_AGE_MS = 86_400_000;
/** A GraphQL Int. */
const MAX_BYTES = 2_147_483_647;
/** Calls that one mutation tells of: some 30 kB. */
const MAX_REPORTED = 100;

function reportSchema(clock: Clock) {
  return z.object({
    tool: z.string().regex(TOOL_NAME),
    outcome: z.enum(TOOL_OUTCOMES),
    errorCode: z.string().regex(/^[A-Z][A-Z_]{0,99}$/).nullish().transform((code) => code ?? null),
    durationMs: z.number().min(0).max(MAX_AGE_MS),
    resultBytes: z.int().min(0).max(MAX_BYTES),
    argumentHash: z.string().regex(/^[0-9a-f]{64}$/),
    startedAt: z.number()
      .refine((at) => at <= clock.now() + MAX_AHEAD_MS, "must not be in the future")
      .refine((at) => at >= clock.now() - MAX_AGE_MS, "must not be more than a day ago"),
  }).refine(({ outcome, errorCode }) => outcome !== "ok" || errorCode === null, {
    path: ["errorCode"],
    message: "must be null where the outcome is ok",
  });
}

function addRecordToolExecutions(builder: Builder, { toolExecutions, clock }: ToolExecutionServices): void {
  const RecordToolExecutionInput = builder.inputType("RecordToolExecutionInput", {
    description: "A call of an MCP tool that an adapter on the caller's machine answered.",
    fields: (t) => ({
      tool: t.string({ required: true, description: "Its name: `a` to `z`, `0` to `9` and `_`, at most 100." }),
      outcome: t.string({ required: true, description: "`ok`, `error` or `denied`." }),
      errorCode: t.string({ description: "The first error's `extensions.code`; absent where the outcome is `ok`." }),
      durationMs: t.float({ required: true, description: "Milliseconds, at most a day." }),
      resultBytes: t.int({ required: true, description: "The result's size as JSON." }),
      argumentHash: t.string({
        required: true,
        description: "SHA-256 of the arguments' canonical JSON (RFC 8785), in 64 hexadecimal digits.",
      }),
      startedAt: t.field({
        type: "DateTime",
        required: true,
        description: "When it was called: at most a day ago, and at most a minute ahead.",
      }),
    }),
  });
  builder.mutationFields((t) => ({
    recordToolExecutions: t.boolean({
      description:
        "Records calls of MCP tools by whom this is asked with; each counts as `mcp`. For `deno task mcp`: what is called over " +
        "`/mcp` the server records itself. `UNAUTHENTICATED`; `INVALID_INPUT`: none is recorded; `RATE_LIMITED`: those before the " +
        "one that was too many are.",
      args: {
        inputs: t.arg({
          type: [RecordToolExecutionInput.validate(reportSchema(clock))],
          required: true,
          description: `1 to ${MAX_REPORTED} calls, in their order.`,
          validate: z.array(z.unknown()).min(1).max(MAX_REPORTED),
        }),
      },
      resolve: async (_root, { inputs }, { actor }) => {
        await toolExecutions.report(actor, inputs);
        return true;
      },
    }),
  }));
}
