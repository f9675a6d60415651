import { newIdAt } from "../../src/base/ids.ts";
import { write } from "./people.ts";
import type { Data, RunningApp } from "./running_app.ts";

/** Tells of calls of tools, as the adapter on the caller's machine does. */
export const RECORD = `mutation ($inputs: [RecordToolExecutionInput!]!) { recordToolExecutions(inputs: $inputs) }`;

const EXECUTIONS = `query ($first: Int, $last: Int, $after: String, $before: String, $filter: McpToolExecutionFilter) {
  mcpToolExecutions(first: $first, last: $last, after: $after, before: $before, filter: $filter) {
    totalCount
    edges { cursor node { id tool actor { id } outcome errorCode durationMs resultBytes argumentHash startedAt } }
  } }`;

/** A call that went well just now, changed where a test wants it otherwise. */
export function toolExecution(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    tool: "get_element",
    outcome: "ok",
    durationMs: 1.5,
    resultBytes: 100,
    argumentHash: "a".repeat(64),
    startedAt: new Date().toISOString(),
    ...changes,
  };
}

/** The calls that somebody sees, newest first. */
export async function listToolExecutions(
  app: RunningApp,
  token: string,
  variables: Record<string, unknown> = {},
): Promise<Data[]> {
  const { mcpToolExecutions } = await app.ask(EXECUTIONS, variables, token);
  return mcpToolExecutions.edges.map(({ node }: Data) => node);
}

/** Puts calls straight into the database, a minute apart, in turn by these people; returns their ids, oldest first. */
export function addToolExecutions(
  app: Pick<RunningApp, "dataDir">,
  { count, personIds, outcome = "ok", startedAt = Date.now() - 86_400_000 }: {
    count: number;
    personIds: string[];
    outcome?: "ok" | "denied";
    startedAt?: number;
  },
): string[] {
  const times = Array.from({ length: count }, (_, index) => startedAt + index * 60_000);
  const ids = times.map(newIdAt);
  write(app, (database) => {
    const insert = database.prepare(`
      INSERT INTO mcp_tool_executions (id, tool, actor_id, outcome, duration_ms, result_bytes, argument_hash, started_at)
      VALUES (?, 'get_element', ?, ?, 1, 1, ?, ?)`);
    database.exec("BEGIN");
    for (const [index, id] of ids.entries()) {
      const actorId = personIds[index % personIds.length]?.slice(-36) ?? null;
      insert.run(id, actorId, outcome, "a".repeat(64), times[index] ?? 0);
    }
    database.exec("COMMIT");
  });
  return ids;
}
