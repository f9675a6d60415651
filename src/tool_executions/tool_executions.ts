import { type Actor, requireSignedIn } from "../base/actor.ts";
import type { Clock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { newIdAt, toGlobalId } from "../base/ids.ts";
import { requirePermission } from "../base/permissions.ts";
import type { Database } from "../database/database.ts";
import { type Page, type Slice, toSlice } from "../graphql/pages.ts";
import { type RateLimits, subjectOf } from "../rate_limits/rate_limits.ts";
import { countExecutions, deleteExecutionsBefore, findExecution, listExecutions } from "./_rows.ts";
import { createExecutionWriter } from "./_writer.ts";

/** How a call of a tool can end: answered, failed, or refused because the caller may not. */
export const TOOL_OUTCOMES = ["ok", "error", "denied"] as const;
/** How a call of a tool ended. */
export type ToolOutcome = (typeof TOOL_OUTCOMES)[number];

/** What is told of a call; of its arguments nothing but their hash. */
export interface ToolExecution {
  tool: string;
  outcome: ToolOutcome;
  /** One of the API's codes; null: it went well, or there is none. */
  errorCode: string | null;
  durationMs: number;
  resultBytes: number;
  /** SHA-256 of the arguments' canonical JSON (RFC 8785), in 64 hexadecimal digits. */
  argumentHash: string;
  /** Milliseconds since the Unix epoch. */
  startedAt: number;
}

/** A call as it is kept. Its id begins with the time at which it started, so that ids are in the order of those. */
export interface RecordedExecution extends ToolExecution {
  id: string;
  /** Who called; null: the account was deleted. */
  actorId: string | null;
}

/** Which calls are wanted; what is null does not matter. */
export interface ExecutionFilter {
  tool: string | null;
  outcome: string | null;
  actorId: string | null;
  /** Later than this, milliseconds since the Unix epoch. */
  startedAfter: number | null;
  startedBefore: number | null;
}

/** A page of the calls. */
export interface ExecutionListing {
  filter: ExecutionFilter;
  page: Page;
  signal?: AbortSignal;
}

/** Records of the calls of MCP tools: each sees its own, and who may read the audit log sees all. */
export interface ToolExecutions extends AsyncDisposable {
  /**
   * Has a call written within a second. Never throws. While the database fails, at most 10,000 wait: of those beyond, how many
   * they were is logged. A name that no tool can have is kept as `unknown`.
   */
  record(actor: Actor, execution: ToolExecution): void;
  /**
   * Takes calls that an adapter in the caller's own process tells of. Each counts as `mcp`. Throws `UNAUTHENTICATED`; `RATE_LIMITED`
   * at the first that is too many, those before it are taken.
   */
  report(actor: Actor, executions: readonly ToolExecution[]): Promise<void>;
  /** Newest first. Throws `UNAUTHENTICATED`, `FORBIDDEN` for what somebody else called. */
  list(actor: Actor, listing: ExecutionListing): Promise<Slice<RecordedExecution>>;
  /** One by its id. Throws `UNAUTHENTICATED`, `NOT_FOUND`. */
  get(actor: Actor, id: string): Promise<RecordedExecution>;
  /** Deletes what started before a time, as much as fits one run; how many. */
  prune(before: number): Promise<number>;
}

/** What the records are built on. */
export interface ToolExecutionsDependencies {
  database: Database;
  rateLimits: Pick<RateLimits, "take">;
  clock: Clock;
}

/** What tools are called. */
export const TOOL_NAME = /^[a-z][a-z0-9_]{0,99}$/;
/** Stands for what somebody called that no tool is called: it may be any text. */
const UNKNOWN_TOOL = "unknown";
/** Rows of one transaction: a few milliseconds that other writes wait for. */
const MAX_AT_ONCE = 500;
/** Transactions of one run: of more than a million rows the rest goes in the next. */
const MAX_PRUNINGS = 2_000;

/** Builds the records; disposing them writes what waits. */
export function createToolExecutions({ database, rateLimits, clock }: ToolExecutionsDependencies): ToolExecutions {
  const writer = createExecutionWriter(database);
  return { record, report, list, get, prune, [Symbol.asyncDispose]: () => writer[Symbol.asyncDispose]() };

  function record(actor: Actor, execution: ToolExecution): void {
    const tool = TOOL_NAME.test(execution.tool) ? execution.tool : UNKNOWN_TOOL;
    const actorId = "userId" in actor ? actor.userId : null;
    writer.add({ ...execution, tool, actorId, id: newIdAt(execution.startedAt) });
  }

  async function report(actor: Actor, executions: readonly ToolExecution[]): Promise<void> {
    const signedIn = requirePermission(actor, "REPORT_TOOL_EXECUTIONS");
    for (const execution of executions) {
      await rateLimits.take("mcp", subjectOf(signedIn));
      record(signedIn, execution);
    }
  }

  async function list(actor: Actor, { filter, page, signal }: ExecutionListing): Promise<Slice<RecordedExecution>> {
    const { userId } = requireSignedIn(actor);
    if (filter.actorId !== null && filter.actorId !== userId) requirePermission(actor, "READ_AUDIT");
    const wanted = mayReadAll(actor) ? filter : { ...filter, actorId: userId };
    // Who asks after a call is to see it.
    await writer.flush();
    const background = database.background(signal === undefined ? {} : { signal });
    // Of a tool or an outcome there may be few among many.
    const isPlain = filter.tool === null && filter.outcome === null;
    const read = await listExecutions(isPlain ? database.read : background, wanted, page);
    return toSlice(page, read, () => countExecutions(background, wanted));
  }

  async function get(actor: Actor, id: string): Promise<RecordedExecution> {
    const { userId } = requireSignedIn(actor);
    await writer.flush();
    const execution = await findExecution(database.read, id);
    if (execution !== undefined && (execution.actorId === userId || mayReadAll(actor))) return execution;
    const message = `Cannot find tool execution "${toGlobalId("McpToolExecution", id)}"`;
    throw new AppError("NOT_FOUND", message, execution === undefined ? {} : { refusal: "hidden" });
  }

  async function prune(before: number): Promise<number> {
    let total = 0;
    for (let times = 0; times < MAX_PRUNINGS; times++) {
      const deleted = await database.write((connection) =>
        deleteExecutionsBefore(connection, { before: Math.min(before, clock.now()), limit: MAX_AT_ONCE })
      );
      total += deleted;
      if (deleted < MAX_AT_ONCE) break;
    }
    return total;
  }
}

function mayReadAll(actor: Actor): boolean {
  try {
    requirePermission(actor, "READ_AUDIT");
    return true;
  } catch (error) {
    if (error instanceof AppError) return false;
    throw error;
  }
}
