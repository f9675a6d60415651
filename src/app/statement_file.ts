import { z } from "zod";
import type { Clock } from "../base/clock.ts";
import { roomLog } from "../base/log.ts";
import type { Database } from "../database/database.ts";

const figuresSchema = z.object({
  startedAt: z.number(),
  writtenAt: z.number(),
  statements: z.array(z.object({
    sql: z.string(),
    count: z.number(),
    totalMs: z.number(),
    p95Ms: z.number(),
    maxMs: z.number(),
  })),
});

/** The slowest statements of the server's latest run, as `db:health` reads them. Times are milliseconds, `…At` since the Unix epoch. */
export type StatementFile = z.output<typeof figuresSchema>;

/** How old the figures may be that another process reads. */
const WRITE_INTERVAL_MS = 10_000;
const MAX_STATEMENTS = 50;

const log = roomLog("app");

/** Writes the slowest statements since the start to `path` now and then, and at the end; they hold no values. */
export function keepStatementFile(
  path: string,
  { database, clock }: { database: Database; clock: Clock },
): AsyncDisposable {
  const startedAt = clock.now();
  let written = "";
  let writing = Promise.resolve();
  const writeNext = () => writing = writing.then(write);
  const timer = setInterval(writeNext, WRITE_INTERVAL_MS);
  return {
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await writeNext();
    },
  };

  async function write(): Promise<void> {
    const statements = database.slowestStatements(MAX_STATEMENTS);
    const text = JSON.stringify(statements);
    if (text === written) return;
    try {
      const file = { startedAt, writtenAt: clock.now(), statements } satisfies StatementFile;
      await Deno.writeTextFile(`${path}.new`, JSON.stringify(file), { mode: 0o600 });
      await Deno.rename(`${path}.new`, path);
      written = text;
    } catch (reason) {
      log.warning("Cannot write the figures of statements: {reason}", { reason });
    }
  }
}

/** The figures of the server that runs, or ran last; null where there are none. */
export async function readStatementFile(path: string): Promise<StatementFile | null> {
  try {
    return figuresSchema.parse(JSON.parse(await Deno.readTextFile(path)));
  } catch {
    return null;
  }
}
