import type { Actor } from "../base/actor.ts";
import type { Clock } from "../base/clock.ts";
import { clientBlock } from "../base/ip_addresses.ts";
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
/** Recorded one by one of all guests in a minute: who has many addresses could fill the disk all the same. Users are not so many. */
const MAX_GUESTS = 1_000;
/** Guests told apart at once, by what one client has to itself; those beyond count as one. */
const MAX_TALLIES = 1_000;
const SWEEP_INTERVAL_MS = 5_000;
/** Where many guests count as one, none of them is named. */
const MANY: Actor = { kind: "guest", origin: { ipAddress: null, userAgent: null } };

const log = roomLog("audit");

/** Builds the refusals; disposing them records what was only counted. */
export function createRefusals({ clock, record }: RefusalsDependencies): Refusals {
  const tallies = new Map<string, Tally>();
  const recording = new Set<Promise<void>>();
  let guests = { since: 0, recorded: 0 };
  let sweeper: ReturnType<typeof setInterval> | undefined;
  return { note, [Symbol.asyncDispose]: close };

  function note(actor: Actor, event: SecurityEvent): void {
    const now = clock.now();
    if (now - guests.since >= WINDOW_MS) {
      guests = { since: now, recorded: 0 };
      sweep();
    }
    const key = keyOf(actor, event);
    const known = tallies.get(key);
    if (known !== undefined && now - known.startedAt >= WINDOW_MS) finish(key, known);
    const tally = isCrowded(actor, key)
      ? tallies.getOrInsertComputed(`${event.kind} many`, () => startTally(MANY, manyOf(event)))
      : tallies.getOrInsertComputed(key, () => startTally(actor, event));
    if (tally.last.actor !== MANY) tally.last = { actor, event };
    if (tally.last.actor === MANY || tally.recorded >= MAX_EACH || isFull(actor)) tally.repeated++;
    else {
      tally.recorded++;
      if (actor.kind === "guest") guests.recorded++;
      store(actor, event);
    }
    sweeper ??= setInterval(sweep, SWEEP_INTERVAL_MS);
  }

  function keyOf(actor: Actor, { kind }: SecurityEvent): string {
    return `${kind} ${"userId" in actor ? actor.userId : clientBlock(actor.origin.ipAddress ?? "unknown")}`;
  }

  function isCrowded(actor: Actor, key: string): boolean {
    return actor.kind === "guest" && !tallies.has(key) && (tallies.size >= MAX_TALLIES || isFull(actor));
  }

  function isFull({ kind }: Actor): boolean {
    return kind === "guest" && guests.recorded >= MAX_GUESTS;
  }

  function startTally(actor: Actor, event: SecurityEvent): Tally {
    return { startedAt: clock.now(), recorded: 0, repeated: 0, last: { actor, event } };
  }

  function manyOf({ kind }: SecurityEvent): SecurityEvent {
    return { kind, details: { from: "many addresses" } };
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
