import assert from "node:assert/strict";
import { createRefusals } from "../src/audit/_refusals.ts";
import type { SecurityEvent } from "../src/audit/audit.ts";
import type { Actor } from "../src/base/actor.ts";
import { movableClock } from "./support/movable_clock.ts";

const DENIED: SecurityEvent = { kind: "access.denied", details: { operation: "users", code: "FORBIDDEN" } };
const MINUTE_MS = 60_000;

const guest = (ipAddress: string): Actor => ({ kind: "guest", origin: { ipAddress, userAgent: "x" } });

/** Refusals, and what they had recorded. */
function watchedRefusals() {
  const clock = movableClock();
  const recorded: { actor: Actor; event: SecurityEvent }[] = [];
  const refusals = createRefusals({
    clock,
    record: (actor, event) => Promise.resolve(void recorded.push({ actor, event })),
  });
  return { clock, recorded, refusals };
}

const counted = (recorded: { event: SecurityEvent }[]) =>
  recorded.reduce((sum, { event }) => sum + Number(event.details?.["repeated"] ?? 1), 0);

Deno.test("who takes many addresses of one IPv6 network counts as one", async () => {
  const { recorded, refusals } = watchedRefusals();
  for (let index = 0; index < 1_000; index++) refusals.note(guest(`2001:db8::${index.toString(16)}`), DENIED);
  assert.equal(recorded.length, 20);
  await refusals[Symbol.asyncDispose]();
  assert.equal(recorded.length, 21);
  assert.equal(counted(recorded), 1_000);
});

Deno.test("a flood from very many addresses is recorded a thousand times a minute, the rest as a number that names nobody", async () => {
  const { clock, recorded, refusals } = watchedRefusals();
  for (let index = 0; index < 100_000; index++) {
    refusals.note(guest(`10.${index % 250}.${Math.floor(index / 250) % 250}.${index % 7}`), DENIED);
  }
  assert.equal(recorded.length, 1_000);
  const user: Actor = { kind: "user", userId: "u", role: "VIEWER", sessionId: "s", origin: guest("10.0.0.0").origin };
  refusals.note(user, DENIED);
  assert.deepEqual(recorded.at(-1), { actor: user, event: DENIED }, "a user does not drown in it");
  clock.advance(MINUTE_MS);
  const later = guest("192.0.2.1");
  refusals.note(later, DENIED);
  assert.deepEqual(recorded.at(-1), { actor: later, event: DENIED }, "in the next minute guests are recorded again");
  await refusals[Symbol.asyncDispose]();
  assert.ok(recorded.length <= 2_002, String(recorded.length));
  assert.equal(counted(recorded), 100_002);
  const [many] = recorded.filter(({ event }) => event.details?.["from"] === "many addresses");
  assert.deepEqual(many?.actor.origin, { ipAddress: null, userAgent: null });
});
