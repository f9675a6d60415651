import type { Subscription } from "./events.ts";

/** Wakes who follows a tail: there may be something new. What those whom it wakes ask alike is asked once. */
export interface TailNews<Row> {
  /** The rows after a place, as `read` reads them for one of the readers. */
  readAfter(after: number, read: (after: number) => Promise<Row[]>): Promise<Row[]>;
  /** What `ask` answers for one of those who have the same rights. */
  authorize(rights: string, ask: () => Promise<unknown>): Promise<unknown>;
}

/** Makes the news of one change, once it is committed: what is read or allowed by it is never older than that. */
export function createNews<Row>(): TailNews<Row> {
  let newest: { after: number; rows: Promise<Row[]> } | null = null;
  const allowed = new Map<string, Promise<unknown>>();
  return { readAfter, authorize: (rights, ask) => allowed.getOrInsertComputed(rights, ask) };

  // One portion is kept: who waits for news has read all that was before.
  function readAfter(after: number, read: (after: number) => Promise<Row[]>): Promise<Row[]> {
    if (newest === null || newest.after < after) newest = { after, rows: read(after) };
    return newest.after === after ? newest.rows : read(after);
  }
}

/** A table to which rows are added at the end, each at a higher place. */
export interface TailSource<Row> {
  /** Wakes the reader. */
  changed: Subscription<TailNews<Row>>;
  /** Ends it, also where its reader went before it read anything. */
  signal: AbortSignal;
  /** The place after which it begins. */
  after: number;
  /** The next rows after a place, at most `portion`. */
  read(after: number): Promise<Row[]>;
  portion: number;
  placeOf(row: Row): number;
  /** Asked before each portion but the first, with what woke the reader: throws where it has lost the right. */
  authorize(news: TailNews<Row> | null): Promise<unknown>;
}

/**
 * The rows after a place, in order, each once, without an end. Every portion is read from the table, and the bus only wakes the
 * reader: there is no gap between what was missed and what is live, and a slow reader costs no memory.
 */
export function followTail<Row>(source: TailSource<Row>): AsyncGenerator<Row, undefined> {
  const { changed, signal } = source;
  const end = () => changed.end();
  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  const rows = read();
  // A generator that waits can't be returned from outside: ending what it waits for lets it return by itself.
  const returnRows = rows.return.bind(rows);
  rows.return = (value) => {
    release();
    return returnRows(value);
  };
  return rows;

  // A socket's signal outlives its subscriptions.
  function release(): void {
    signal.removeEventListener("abort", end);
    changed.end();
  }

  async function* read(): AsyncGenerator<Row, undefined> {
    try {
      let news: TailNews<Row> | null = null;
      for (let place = source.after;;) {
        let portion: Row[] = await (news === null ? source.read(place) : news.readAfter(place, source.read));
        for (const row of portion) {
          yield row;
          place = source.placeOf(row);
        }
        const isLast = portion.length < source.portion;
        // Who waits holds nothing: there may be a thousand of them, for days.
        [news, portion] = [null, []];
        if (isLast) {
          const next = await changed.next();
          if (next.done === true) return;
          news = next.value;
        }
        if (signal.aborted) return;
        await source.authorize(news);
      }
    } finally {
      release();
    }
  }
}
