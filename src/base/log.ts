import { configure, getConsoleSink, getLogger, jsonLinesFormatter, type Logger } from "@logtape/logtape";
import { getPrettyFormatter } from "@logtape/pretty";
import type { Config } from "./config.ts";

export type { Logger } from "@logtape/logtape";

/** The logger of one room: `roomLog("elements")`. It is silent until `configureLog` ran, as in tests. */
export function roomLog(room: string): Logger {
  return getLogger(["fingerpost", room]);
}

/** Sends the log to standard error, which leaves standard output to what a command answers. */
export async function configureLog(config: Pick<Config, "logLevel" | "logFormat">): Promise<void> {
  const format = config.logFormat ?? (Deno.stderr.isTerminal() ? "pretty" : "json");
  const formatter = format === "pretty" ? getPrettyFormatter({ timestamp: "time" }) : jsonLinesFormatter;
  await configure({
    reset: true,
    sinks: { stderr: getConsoleSink({ formatter, levelMap: STDERR }) },
    loggers: [
      { category: "fingerpost", lowestLevel: config.logLevel, sinks: ["stderr"] },
      { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["stderr"] },
    ],
  });
}

const STDERR = {
  trace: "error",
  debug: "error",
  info: "error",
  warning: "error",
  error: "error",
  fatal: "error",
} as const;
