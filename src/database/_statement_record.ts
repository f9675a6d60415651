/** How often a statement ran since the start, and how long it took. Times are milliseconds. */
export interface StatementFigures {
  /** The text, with `?` for each value. */
  sql: string;
  count: number;
  totalMs: number;
  /** Of the latest runs. */
  p95Ms: number;
  maxMs: number;
}

/** What each statement cost. */
export interface StatementRecord {
  add(sql: string, milliseconds: number): void;
  /** Those that took the most time in all, longest first. */
  slowest(limit: number): StatementFigures[];
}

interface Entry {
  count: number;
  totalMs: number;
  maxMs: number;
  /** A ring of the latest times. */
  latest: Float64Array;
}

/** Texts remembered: more than the code has. When it is full, the one that cost least makes room. */
const MAX_ENTRIES = 512;
/** Times kept of each statement: enough for a 95th percentile, 1 kB each. */
const LATEST_TIMES = 128;

/** Builds an empty record. */
export function createStatementRecord(): StatementRecord {
  const entries = new Map<string, Entry>();
  return { add, slowest };

  function add(sql: string, milliseconds: number): void {
    const entry = entries.get(sql) ?? insert(sql);
    entry.latest[entry.count % LATEST_TIMES] = milliseconds;
    entry.count++;
    entry.totalMs += milliseconds;
    if (milliseconds > entry.maxMs) entry.maxMs = milliseconds;
  }

  function insert(sql: string): Entry {
    if (entries.size >= MAX_ENTRIES) forgetCheapest();
    const entry = { count: 0, totalMs: 0, maxMs: 0, latest: new Float64Array(LATEST_TIMES) };
    entries.set(sql, entry);
    return entry;
  }

  // Half at once, so that composed texts which never come again don't cost a search each.
  function forgetCheapest(): void {
    const byCost = [...entries].sort(([, a], [, b]) => a.totalMs - b.totalMs);
    for (const [sql] of byCost.slice(0, MAX_ENTRIES / 2)) entries.delete(sql);
  }

  function slowest(limit: number): StatementFigures[] {
    return [...entries]
      .sort(([, a], [, b]) => b.totalMs - a.totalMs)
      .slice(0, limit)
      .map(([sql, { count, totalMs, maxMs, latest }]) => ({ sql, count, totalMs, maxMs, p95Ms: p95(latest, count) }));
  }
}

function p95(latest: Float64Array, count: number): number {
  const times = latest.slice(0, Math.min(count, LATEST_TIMES)).sort();
  return times[Math.ceil(times.length * 0.95) - 1] ?? 0;
}
