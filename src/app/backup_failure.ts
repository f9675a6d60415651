import { z } from "zod";

const failureSchema = z.object({ failedAt: z.number(), reason: z.string() });

/** Why the latest backup failed; `failedAt` in milliseconds since the Unix epoch. */
export type BackupFailure = z.output<typeof failureSchema>;

/** Keeps a failure where `db:health`, another process, finds it; null after a success. */
export async function rememberFailure(path: string, failure: BackupFailure | null): Promise<void> {
  if (failure === null) await Deno.remove(path).catch(() => undefined);
  else await Deno.writeTextFile(path, JSON.stringify(failure), { mode: 0o600 });
}

/** The failure of the latest backup; null where it succeeded, or there was none. */
export async function readFailure(path: string): Promise<BackupFailure | null> {
  try {
    return failureSchema.parse(JSON.parse(await Deno.readTextFile(path)));
  } catch {
    return null;
  }
}
