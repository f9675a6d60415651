import type { Clock } from "../../src/base/clock.ts";

/** A clock that a test moves. */
export function movableClock(): Clock & { advance(milliseconds: number): void } {
  let offset = 0;
  return { now: () => Date.now() + offset, advance: (milliseconds) => void (offset += milliseconds) };
}
