import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { z } from "zod";
import { AppError } from "../base/errors.ts";
import type { Connection } from "../database/database.ts";
import type { Sealer } from "../database/sealing.ts";
import { type ChainVerification, createChainCheck } from "./_chain_check.ts";
import { parseLine, toLine } from "./_checkpoint_file.ts";
import { listCheckpoints, listKeys, listPrunings } from "./_checkpoint_rows.ts";
import { openKeys } from "./_keys.ts";
import { listEventsAfter } from "./_rows.ts";
import type { RecordedEvent } from "./audit.ts";

/** Where an export goes. */
export interface ExportOptions {
  /** null: standard output. */
  path: string | null;
  onProgress: (done: number, total: number) => void;
}

/** The form of exports that this code writes and reads: a header, checkpoints and prunings, then the events. */
const FORMAT = "fingerpost audit log 1";
const PORTION = 500;

const headerSchema = z.object({
  format: z.literal(FORMAT),
  /** Sealed under the secret key of then. */
  keys: z.array(z.object({
    id: z.string(),
    firstSequence: z.int(),
    sealedKey: z.base64().transform((text) => Uint8Array.fromBase64(text)),
  })),
  places: z.int(),
});

// Nothing but what is in the hash: a field beside it could say anything.
const eventSchema = z.strictObject({
  sequence: z.int(),
  id: z.string(),
  kind: z.string(),
  severity: z.string(),
  actorKind: z.string(),
  actorId: z.string().nullable(),
  subjectId: z.string().nullable(),
  ipAddress: z.string().nullable(),
  userAgent: z.string().nullable(),
  occurredAt: z.int(),
  details: z.record(z.string(), z.unknown()).transform((details) => JSON.stringify(details)),
  hash: z.string().regex(/^[0-9a-f]{64}$/).transform((hex) => Uint8Array.fromHex(hex)),
});

/**
 * Writes the log as JSON Lines, in order, with what its verification needs; how many events. Throws `INVALID_INPUT` where the file
 * is there already, `UNAVAILABLE` where it can't be written.
 */
export async function exportLog(connection: Connection, { path, onProgress }: ExportOptions): Promise<number> {
  using file = path === null ? null : await openNew(path);
  const write = (lines: string[]) => writeAll(file ?? Deno.stdout, lines.map((line) => `${line}\n`).join(""));
  const checkpoints = await listCheckpoints(connection);
  // Up to the last signed event: of what comes behind it nobody could tell whether it is all there.
  const last = checkpoints.at(-1)?.sequence ?? 0;
  const prunings = await listPrunings(connection);
  const places = [
    ...checkpoints.map((checkpoint) => toLine(checkpoint, "checkpoint")),
    ...prunings.map((pruning) => toLine(pruning, "pruning")),
  ];
  const keys = (await listKeys(connection)).map((key) => ({ ...key, sealedKey: key.sealedKey.toBase64() }));
  await write([JSON.stringify({ format: FORMAT, keys, places: places.length }), ...places]);
  let exported = 0;
  for (let after = 0; after < last;) {
    const events = (await listEventsAfter(connection, after, PORTION)).filter(({ sequence }) => sequence <= last);
    // The header does not know of it, and the export would not hold.
    if ((await listPrunings(connection)).length > prunings.length) throw prunedMeanwhile();
    if (events.length === 0) break;
    await write(events.map(toExported));
    after = events.at(-1)?.sequence ?? last;
    exported += events.length;
    onProgress(after, last);
  }
  await file?.sync();
  return exported;
}

/** Holds an export against its chain, without its server. Throws `INVALID_INPUT` for a file that is none. */
export async function verifyExport(path: string, sealer: Sealer): Promise<ChainVerification> {
  const lines = readLines(path);
  const header = headerSchema.safeParse(toJson(await nextLine(lines)));
  if (!header.success) throw notAnExport(path, "it has no header");
  const { keys, places: count } = header.data;
  const places = [];
  while (places.length < count) {
    const place = parseLine(await nextLine(lines));
    if (place === null) throw notAnExport(path, "a checkpoint is not there");
    places.push(place);
  }
  const opened = await openKeys(keys, sealer);
  if (opened.every(({ keys }) => keys === null)) {
    throw new AppError(
      "INVALID_INPUT",
      "Cannot verify the export: FINGERPOST_SECRET_KEY must hold the secret key of its server",
    );
  }
  const check = createChainCheck({
    keys: opened,
    checkpoints: places.filter(({ purpose }) => purpose === "checkpoint"),
    prunings: places.filter(({ purpose }) => purpose === "pruning"),
  });
  for await (const line of lines) {
    const event = eventSchema.safeParse(toJson(line));
    if (!event.success) check.fail("this line of the export is no event");
    if (!event.success || !check.take([event.data])) break;
  }
  return check.end();
}

function prunedMeanwhile(): AppError {
  return new AppError("UNAVAILABLE", "Cannot export: events were deleted by age meanwhile; export again");
}

// Details as an object, for other tools: its text is made as it was, so that the hash holds.
function toExported(event: RecordedEvent): string {
  return JSON.stringify({ ...event, details: JSON.parse(event.details), hash: event.hash.toHex() });
}

async function* readLines(path: string): AsyncGenerator<string, undefined> {
  try {
    yield* createInterface({ input: createReadStream(path), crlfDelay: Infinity });
  } catch (error) {
    throw notAnExport(path, error instanceof Error ? error.message : String(error));
  }
}

async function nextLine(lines: AsyncGenerator<string, undefined>): Promise<string> {
  return (await lines.next()).value ?? "";
}

function toJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

function notAnExport(path: string, reason: string): AppError {
  return new AppError("INVALID_INPUT", `Cannot read "${path}" as an export of the audit log: ${reason}`);
}

async function openNew(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path, { createNew: true, write: true, mode: 0o600 });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) {
      throw new AppError("INVALID_INPUT", `Cannot export to "${path}": it exists already`);
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw new AppError("UNAVAILABLE", `Cannot export to "${path}": ${reason}`, { cause: error });
  }
}

async function writeAll(target: { write(bytes: Uint8Array): Promise<number> }, text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let written = 0; written < bytes.length;) written += await target.write(bytes.subarray(written));
  } catch (error) {
    // A full disk, or a reader such as `head` that has enough.
    const reason = error instanceof Error ? error.message : String(error);
    throw new AppError("UNAVAILABLE", `Cannot write the export: ${reason}`, { cause: error });
  }
}
