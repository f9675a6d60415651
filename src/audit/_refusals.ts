import type { Actor } from "../base/actor.ts";
import type { Clock } from "../base/clock.ts";
import { roomLog } from "../base/log.ts";
import type { SecurityEvent } from "./audit.ts";

/** Notes refused attempts, many of which may come at once from somebody who attacks. */
export interface Refusals extends AsyncDisposable {
  /** Has an attempt recorded soon. Never throws: nothing hangs on it. */
  note(actor: Actor, event: SecurityEvent): void;
}

/** What refusals are built on. */
export interface RefusalsDependencies {
  clock: Clock;
  /** Records an event in a transaction of its own. */
  record: (actor: Actor, event: SecurityEvent) => Promise<void>;
}

/** What one attacker did in a while. */
interface Tally {
  startedAt: number;
  recorded: number;
  /** Counted, and told in one event at the end. */
  repeated: number;
  last: { actor: Actor; event: SecurityEvent };
}

const WINDOW_MS = 60_000;
/** Recorded one by one: more in a minute are told with their number, so that nobody can fill the disk by being refused. */
const MAX_EACH = 20;
/** Attackers told apart at once, by user or address; those beyond count as one. */
const MAX_TALLIES = 1_000;
const SWEEP_INTERVAL_MS = 5_000;

const log = roomLog("audit");

/** Builds the refusals; disposing them records what was only counted. */
export function createRefusals({ clock, record }: RefusalsDependencies): Refusals {
  const tallies = new Map<string, Tally>();
  const recording = new Set<Promise<void>>();
  let sweeper: ReturnType<typeof setInterval> | undefined;
  return { note, [Symbol.asyncDispose]: close };

  function note(actor: Actor, event: SecurityEvent): void {
    const now = clock.now();
    const key = keyOf(actor, event);
    const known = tallies.get(key);
    if (known !== undefined && now - known.startedAt >= WINDOW_MS) finish(key, known);
    const tally = tallies.getOrInsertComputed(
      key,
      () => ({ startedAt: now, recorded: 0, repeated: 0, last: { actor, event } }),
    );
    tally.last = { actor, event };
    if (tally.recorded >= MAX_EACH) tally.repeated++;
    else {
      tally.recorded++;
      store(actor, event);
    }
    sweeper ??= setInterval(sweep, SWEEP_INTERVAL_MS);
  }

  function keyOf(actor: Actor, { kind }: SecurityEvent): string {
    const who = "userId" in actor ? actor.userId : actor.origin.ipAddress ?? "unknown";
    const key = `${kind} ${who}`;
    return tallies.has(key) || tallies.size < MAX_TALLIES ? key : `${kind} others`;
  }

  function sweep(): void {
    for (const [key, tally] of tallies) if (clock.now() - tally.startedAt >= WINDOW_MS) finish(key, tally);
    if (tallies.size > 0) return;
    clearInterval(sweeper);
    sweeper = undefined;
  }

  function finish(key: string, { repeated, last: { actor, event } }: Tally): void {
    tallies.delete(key);
    if (repeated > 0) store(actor, { ...event, details: { ...event.details, repeated } });
  }

  function store(actor: Actor, event: SecurityEvent): void {
    const stored = record(actor, event)
      .catch((reason) => log.warning("Cannot record a refused attempt: {reason}", { reason }))
      .finally(() => recording.delete(stored));
    recording.add(stored);
  }

  async function close(): Promise<void> {
    clearInterval(sweeper);
    for (const [key, tally] of tallies) finish(key, tally);
    await Promise.all(recording);
  }
}
