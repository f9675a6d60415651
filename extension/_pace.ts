/** Chromium's MAX_CAPTURE_VISIBLE_TAB_CALLS_PER_SECOND, for all tabs of an extension. */
const MAX_CALLS = 2;
/** The second, and what two clocks may differ. */
const WINDOW_MS = 1_020;

/** Runs one after the other, two in any second at most. */
export type Pace = <Result>(call: () => Promise<Result>) => Promise<Result>;

/** Builds a pace. */
export function createPace(): Pace {
  const calls: number[] = [];
  let last: Promise<unknown> = Promise.resolve();
  return (call) => {
    const mine = last.then(async () => {
      await untilFree();
      calls.push(performance.now());
      return await call();
    });
    last = mine.catch(() => {});
    return mine;
  };

  async function untilFree(): Promise<void> {
    const first = calls.length < MAX_CALLS ? undefined : calls.shift();
    if (first === undefined) return;
    const wait = first + WINDOW_MS - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
  }
}
