import { Cron } from "croner";
import type { Audit } from "../audit/audit.ts";
import type { Clock } from "../base/clock.ts";
import { roomLog } from "../base/log.ts";
import type { Pairing } from "../pairing/pairing.ts";
import type { Connections } from "../peers/connections.ts";
import type { Settings } from "../settings/settings.ts";
import type { ToolExecutions } from "../tool_executions/tool_executions.ts";

/** What pruning needs of the server. */
export interface ScheduledPruningDependencies {
  audit: Audit;
  connections: Connections;
  toolExecutions: ToolExecutions;
  pairing: Pick<Pairing, "prune">;
  settings: Settings;
  clock: Clock;
}

const DAY_MS = 86_400_000;
const HOURLY = "17 * * * *";

const log = roomLog("app");

/** Deletes security events and calls of tools that are older than the settings want, connections that ended long ago and pairing codes that expired, at the start and hourly; disposing it waits for a run under way. */
export function startScheduledPruning(
  { audit, connections, toolExecutions, pairing, settings, clock }: ScheduledPruningDependencies,
): AsyncDisposable {
  let running = run();
  const job = new Cron(HOURLY, { timezone: "UTC", protect: true }, () => running = run());
  return {
    [Symbol.asyncDispose]: async () => {
      job.stop();
      await running;
    },
  };

  async function run(): Promise<void> {
    await quietly("security events", pruneEvents);
    await quietly("connections", async () => {
      const count = await connections.prune();
      if (count > 0) log.info("Deleted {count} connections that ended long ago", { count });
    });
    await quietly("tool executions", pruneToolExecutions);
    await quietly("pairing codes", async () => void await pairing.prune());
  }

  async function pruneEvents(): Promise<void> {
    const days = await settings.get("audit.retention_days");
    if (days === null) return;
    const events = await audit.prune(clock.now() - days * DAY_MS);
    if (events > 0) log.info("Deleted {events} security events older than {days} days", { events, days });
  }

  async function pruneToolExecutions(): Promise<void> {
    const days = await settings.get("mcp.retention_days");
    const count = await toolExecutions.prune(clock.now() - days * DAY_MS);
    if (count > 0) log.info("Deleted {count} tool executions older than {days} days", { count, days });
  }

  async function quietly(what: string, prune: () => Promise<void>): Promise<void> {
    try {
      await prune();
    } catch (reason) {
      log.warning("Cannot delete old {what}: {reason}", { what, reason });
    }
  }
}
