import { z } from "zod";

const failureSchema = z.object({ failedAt: z.number(), reason: z.string() });

/** Why the latest backup failed; `failedAt` in milliseconds since the Unix epoch. */
export type BackupFailure = z.output<typeof failureSchema>;

const fileIn = (folder: string) => `${folder}/last_failure.json`;

/** Keeps a failure where `db:health`, another process, finds it; null after a success. */
export async function rememberFailure(folder: string, failure: BackupFailure | null): Promise<void> {
  if (failure === null) await Deno.remove(fileIn(folder)).catch(() => undefined);
  else await Deno.writeTextFile(fileIn(folder), JSON.stringify(failure), { mode: 0o600 });
}

/** The failure of the latest backup; null where it succeeded, or there was none. */
export async function readFailure(folder: string): Promise<BackupFailure | null> {
  try {
    return failureSchema.parse(JSON.parse(await Deno.readTextFile(fileIn(folder))));
  } catch {
    return null;
  }
}
