import type { Subscription } from "./events.ts";

/** A table to which rows are added at the end, each at a higher place. */
export interface TailSource<Row> {
  /** Wakes the reader: there may be something new. */
  changed: Subscription<unknown>;
  /** Ends it, also where its reader went before it read anything. */
  signal: AbortSignal;
  /** The place after which it begins. */
  after: number;
  /** The next rows after a place, at most `portion`. */
  read(after: number): Promise<Row[]>;
  portion: number;
  placeOf(row: Row): number;
  /** Asked before each portion but the first: throws where the reader has lost the right. */
  authorize(): Promise<unknown>;
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
      for (let place = source.after;;) {
        const portion = await source.read(place);
        for (const row of portion) {
          yield row;
          place = source.placeOf(row);
        }
        if (portion.length < source.portion && (await changed.next()).done === true) return;
        if (signal.aborted) return;
        await source.authorize();
      }
    } finally {
      release();
    }
  }
}
