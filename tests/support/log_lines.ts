import { configure, type LogRecord, reset } from "@logtape/logtape";

/** What the server logs while it is open. */
export interface LogLines extends AsyncDisposable {
  /** The lines so far of a level. */
  of(level: LogRecord["level"]): string[];
}

/** Collects the log. */
export async function collectLog(): Promise<LogLines> {
  const records: LogRecord[] = [];
  await configure({
    reset: true,
    sinks: { sink: (record) => void records.push(record) },
    loggers: [
      { category: "fingerpost", lowestLevel: "debug", sinks: ["sink"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["sink"] },
    ],
  });
  const of: LogLines["of"] = (level) =>
    records.filter((record) => record.level === level).map(({ message }) => message.map(String).join(""));
  return { of, [Symbol.asyncDispose]: () => reset() };
}
