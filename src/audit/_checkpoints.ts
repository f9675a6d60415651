import { Buffer } from "node:buffer";
import { roomLog } from "../base/log.ts";
import { type Checkpoint, signatureOf } from "./_chain.ts";
import { appendLines, dropTornLine, readCheckpointFile, toLine } from "./_checkpoint_file.ts";
import type { ChainWriter } from "./_chain_writer.ts";
import { findCheckpoint, findPruning, insertCheckpoint, listCheckpoints } from "./_checkpoint_rows.ts";
import { keyFor } from "./_keys.ts";
import { findHead, listEventsAfter } from "./_rows.ts";
import type { AuditDependencies } from "./audit.ts";

/** What a start found wrong with the chain, and where: the first event that is not as a checkpoint says. */
export interface ChainFault {
  reason: "cut" | "changed" | "checkpoint changed" | "checkpoints missing";
  sequence: number;
}

/** Signed places of the chain, in the table and in a file beside the database: a chain that is cut no longer reaches them. */
export interface Checkpoints {
  /** Signs the chain's end, if it is not yet. One that can't be written to the file is written with the next. */
  make(): Promise<void>;
  /** Adds a line to the file, with what could not be written before. */
  tell(line: string): Promise<void>;
  /** Holds the chain's end against the last checkpoints. */
  inspect(): Promise<ChainFault[]>;
}

/** Lines that wait for the disk; the table has them all. */
const MAX_UNWRITTEN = 1_000;

const log = roomLog("audit");

/** Builds the checkpoints of a chain. */
export function createCheckpoints(
  { database, checkpointFile }: Pick<AuditDependencies, "database" | "checkpointFile">,
  chain: ChainWriter,
): Checkpoints {
  let unwritten: string[] = [];
  let writing: Promise<void> = Promise.resolve();
  return { make, tell, inspect };

  async function make(): Promise<void> {
    try {
      const made = await database.write(async (connection) => {
        const head = await findHead(connection);
        if (head === undefined) return null;
        if ((await findCheckpoint(connection, head.sequence))?.sequence === head.sequence) return null;
        const checkpoint = chain.sign(head, "checkpoint");
        await insertCheckpoint(connection, checkpoint);
        return checkpoint;
      });
      // After the commit: the file never tells of events that a crash could undo.
      await (made === null ? writing : tell(toLine(made, "checkpoint")));
    } catch (reason) {
      log.warning("Cannot make a checkpoint of the audit log: {reason}", { reason });
    }
  }

  function tell(line: string): Promise<void> {
    unwritten = [...unwritten, line].slice(-MAX_UNWRITTEN);
    return writing = writing.then(writeLines);
  }

  async function writeLines(): Promise<void> {
    const lines = unwritten;
    if (lines.length === 0) return;
    unwritten = [];
    try {
      await appendLines(checkpointFile, lines);
    } catch (reason) {
      unwritten = [...lines, ...unwritten];
      log.warning("Cannot write the file of checkpoints: {reason}", { reason });
    }
  }

  async function inspect(): Promise<ChainFault[]> {
    await dropTornLine(checkpointFile);
    const file = await readCheckpointFile(checkpointFile);
    const last = await findCheckpoint(database.read, Number.MAX_SAFE_INTEGER);
    const faults: ChainFault[] = [];
    if (!file.exists && last !== undefined) {
      const stored = await listCheckpoints(database.read);
      await appendLines(checkpointFile, stored.map((checkpoint) => toLine(checkpoint, "checkpoint")));
      // Of a single one the process may have died between the table and the file.
      if (stored.length > 1) faults.push({ reason: "checkpoints missing", sequence: last.sequence });
    }
    if (file.faultyLines.length > 0) faults.push({ reason: "checkpoint changed", sequence: last?.sequence ?? 0 });
    return [...faults, ...await inspectEnds([latest(file.checkpoints), last])];
  }

  // By sequence: a task's line may stand behind a later one of the server, and who has the file can put an old one last.
  function latest(checkpoints: readonly Checkpoint[]): Checkpoint | undefined {
    return checkpoints.toSorted((a, b) => a.sequence - b.sequence).at(-1);
  }

  async function inspectEnds(ends: readonly (Checkpoint | undefined)[]): Promise<ChainFault[]> {
    const faults = new Map<string, ChainFault>();
    for (const end of ends) {
      const fault = end === undefined ? null : await inspectEnd(end);
      if (fault !== null) faults.set(`${fault.reason} ${fault.sequence}`, fault);
    }
    return [...faults.values()];
  }

  async function inspectEnd(end: Checkpoint): Promise<ChainFault | null> {
    const { sequence } = end;
    const key = keyFor(chain.keys(), sequence);
    if (key === null) return null;
    if (Buffer.compare(signatureOf(key.checkpoints, end, "checkpoint"), end.signature) !== 0) {
      return { reason: "checkpoint changed", sequence };
    }
    if (sequence <= ((await findPruning(database.read))?.sequence ?? 0)) return null;
    const [row] = await listEventsAfter(database.read, sequence - 1, 1);
    if (row?.sequence === sequence) {
      return Buffer.compare(row.hash, end.hash) === 0 ? null : { reason: "changed", sequence };
    }
    const head = await findHead(database.read);
    if (head !== undefined && head.sequence > sequence) return { reason: "changed", sequence };
    chain.continueBehind(end);
    return { reason: "cut", sequence: (head?.sequence ?? 0) + 1 };
  }
}
