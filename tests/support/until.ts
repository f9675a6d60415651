import assert from "node:assert/strict";

/** Asks again and again, for 15 seconds at most, until it holds. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  const endsAt = performance.now() + 15_000;
  while (!await holds()) assert.ok(performance.now() < endsAt, "it comes to hold");
}
