import { AppError } from "../base/errors.ts";

/** The key-value file: what is short-lived and written often, sessions and counters. */
export type Kv = Deno.Kv;

/** Opens, or makes, the Deno KV file at `path`. Throws `UNAVAILABLE`. */
export async function openKv(path: string): Promise<Kv> {
  try {
    return await Deno.openKv(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AppError("UNAVAILABLE", `Cannot open the key-value file "${path}": ${reason}`, { cause: error });
  }
}
