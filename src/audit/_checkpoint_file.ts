import { z } from "zod";
import { AppError } from "../base/errors.ts";
import type { Checkpoint, CheckpointPurpose } from "./_chain.ts";

const bytes = z.string().regex(/^[0-9a-f]{64}$/).transform((hex) => Uint8Array.fromHex(hex));

const lineSchema = z.object({
  purpose: z.enum(["checkpoint", "pruning"]),
  sequence: z.int().positive(),
  hash: bytes,
  madeAt: z.int(),
  signature: bytes,
});

const NEWLINE = 10;

/** What the file of checkpoints holds. */
export interface CheckpointFile {
  exists: boolean;
  checkpoints: Checkpoint[];
  prunings: Checkpoint[];
  /** The numbers of lines that are none, from 1 on; a last one without its end was being written when the process died. */
  faultyLines: number[];
}

/** One checkpoint as JSON without the line's end. */
export function toLine({ sequence, hash, madeAt, signature }: Checkpoint, purpose: CheckpointPurpose): string {
  return JSON.stringify({ purpose, sequence, hash: hash.toHex(), madeAt, signature: signature.toHex() });
}

/** The checkpoint of a line and what it stands for; null where it is none. */
export function parseLine(line: string): (Checkpoint & { purpose: CheckpointPurpose }) | null {
  try {
    return lineSchema.parse(JSON.parse(line));
  } catch {
    return null;
  }
}

/** Adds lines to the file and puts them on the disk. */
export async function appendLines(path: string, lines: readonly string[]): Promise<void> {
  // A task may come before the next start does.
  await dropTornLine(path);
  using file = await Deno.open(path, { create: true, append: true, mode: 0o600 });
  const bytes = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""));
  // In one write, so that a task's lines and the server's don't mix.
  if (await file.write(bytes) < bytes.length) throw new Error("the disk is full");
  await file.syncData();
}

/** Takes away a last line without its end: it was being written when the process died, and the table has it. */
export async function dropTornLine(path: string): Promise<void> {
  const bytes = await Deno.readFile(path).catch(() => new Uint8Array());
  const length = bytes.lastIndexOf(NEWLINE) + 1;
  if (length < bytes.length) await Deno.truncate(path, length);
}

/** Reads the file; one that is not there has nothing in it. Throws `UNAVAILABLE` where it can't be read. */
export async function readCheckpointFile(path: string): Promise<CheckpointFile> {
  const found: CheckpointFile = { exists: true, checkpoints: [], prunings: [], faultyLines: [] };
  const text = await Deno.readTextFile(path).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new AppError("UNAVAILABLE", `Cannot read the file of checkpoints: ${reason}`, { cause: error });
    }
    found.exists = false;
    return "";
  });
  for (const [index, line] of text.split("\n").slice(0, -1).entries()) {
    const parsed = parseLine(line);
    if (parsed === null) {
      found.faultyLines.push(index + 1);
      continue;
    }
    const { purpose, ...checkpoint } = parsed;
    found[purpose === "checkpoint" ? "checkpoints" : "prunings"].push(checkpoint);
  }
  return found;
}
