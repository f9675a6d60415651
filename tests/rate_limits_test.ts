import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import type { UserActor } from "../src/base/actor.ts";
import { AppError } from "../src/base/errors.ts";
import { type Database, openDatabase } from "../src/database/database.ts";
import { migrate } from "../src/database/migrations.ts";
import { openKv } from "../src/kv/kv.ts";
import type { RateLimitedAction } from "../src/rate_limits/default_rules.ts";
import { createRateLimits, type RateLimits } from "../src/rate_limits/rate_limits.ts";
import { openAuditOf } from "./support/audit_log.ts";

const MIGRATIONS = new URL("../migrations", import.meta.url).pathname;
const START = Date.UTC(2026, 10, 24);
const ADMIN: UserActor = {
  kind: "user",
  userId: "01a20acd-0000-7000-8000-000000000000",
  role: "ADMIN",
  sessionId: "01a20acd-0000-7000-8000-000000000001",
  origin: { ipAddress: null, userAgent: null },
};

interface World extends AsyncDisposable {
  limits: RateLimits;
  folder: string;
  clock: { time: number; now(): number };
  /** Milliseconds go by. */
  pass(milliseconds: number): void;
  set(action: RateLimitedAction, limit: number, windowSeconds?: number): Promise<unknown>;
  /** How many of `attempts` at once were let through; what is refused must be RATE_LIMITED. */
  allowed(action: RateLimitedAction, attempts: number, subject?: string): Promise<number>;
  /** The seconds that a refused one is told to wait; null if it was let through. */
  wait(action: RateLimitedAction, subject?: string): Promise<number | null>;
  /** Closes both files and opens them again, as a restart does. */
  restart(): Promise<void>;
}

async function openWorld(): Promise<World> {
  const folder = await Deno.makeTempDir({ prefix: "fingerpost_limits_" });
  const clock = { time: START, now: () => clock.time };
  await migrate({ path: `${folder}/test.db`, folder: MIGRATIONS, clock: Date });
  const open = async () => {
    const [database, kv] = [openDatabase(`${folder}/test.db`), await openKv(`${folder}/kv.db`)];
    const audit = await openAuditOf(database, `${folder}/test.db`, clock);
    return { database, kv, limits: createRateLimits({ database, kv, audit, clock }) };
  };
  let opened: { database: Database; kv: Deno.Kv; limits: RateLimits } = await open();
  const close = async () => {
    opened.kv.close();
    await opened.database[Symbol.asyncDispose]();
  };
  const attempt = (action: RateLimitedAction, subject: string) =>
    opened.limits.take(action, subject).then(() => null, (error: unknown) => {
      assert.ok(error instanceof AppError && error.code === "RATE_LIMITED", String(error));
      return error.details.retryAfterSeconds ?? NaN;
    });
  return {
    get limits() {
      return opened.limits;
    },
    folder,
    clock,
    pass: (milliseconds) => void (clock.time += milliseconds),
    set: (action, limit, windowSeconds = 60) => opened.limits.set(ADMIN, { action, limit, windowSeconds }),
    allowed: async (action, attempts, subject = "somebody") =>
      (await Promise.all(Array.from({ length: attempts }, () => attempt(action, subject))))
        .filter((wait) => wait === null).length,
    wait: (action, subject = "somebody") => attempt(action, subject),
    restart: async () => {
      await close();
      opened = await open();
    },
    [Symbol.asyncDispose]: async () => {
      await close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

Deno.test("rateLimits.take() lets exactly the limit through, of however many come at once, and tells the rest how long to wait", async () => {
  await using world = await openWorld();
  for (const limit of [1, 20, 99, 100, 101, 240, 1_200]) {
    await world.set("sign_in", limit);
    assert.equal(await world.allowed("sign_in", limit + 100, `subject of ${limit}`), limit);
  }
  world.pass(17_001);
  assert.equal(await world.wait("sign_in", "subject of 1200"), 43, "42.999 s are left");
  world.pass(42_998);
  assert.equal(await world.wait("sign_in", "subject of 1200"), 1, "1 ms is left");
  world.pass(1);
  assert.equal(await world.allowed("sign_in", 2_000, "subject of 1200"), 1_200, "the next window");
});

Deno.test("rateLimits.take() begins a window with the first of it, so that it holds the limit wherever a minute begins", async () => {
  await using world = await openWorld();
  world.clock.time = START + 59_900;
  assert.equal(await world.allowed("sign_in", 15), 15);
  world.pass(200);
  assert.equal(await world.allowed("sign_in", 15), 5);
  assert.equal(await world.wait("sign_in"), 60);
});

Deno.test("rateLimits.take() holds what it counted over a restart: exact up to 100, and never too many above", async () => {
  await using world = await openWorld();
  for (let round = 0; round < 4; round++) {
    assert.equal(await world.allowed("sign_in", 4), 4);
    await world.restart();
  }
  assert.equal(await world.allowed("sign_in", 30), 4);
  await world.restart();
  world.pass(20_000);
  assert.equal(await world.wait("sign_in"), 40);
  assert.equal(await world.allowed("graphql", 100), 100);
  await world.restart();
  const rest = await world.allowed("graphql", 1_300);
  assert.ok(rest <= 1_100 && rest >= 1_100 - 240, `${rest} more: at most one lease of 240 is forfeited`);
});

Deno.test("rateLimits.set() holds at once, for what was counted already too, and stays exact", async () => {
  await using world = await openWorld();
  assert.equal(await world.allowed("sign_in", 15), 15);
  await world.set("sign_in", 10);
  assert.equal(await world.allowed("sign_in", 5), 0, "lowered below what was spent");
  await world.set("sign_in", 18);
  assert.equal(await world.allowed("sign_in", 9), 3, "raised");
  await world.set("sign_in", 1_000);
  assert.equal(await world.allowed("sign_in", 12), 12, "raised to where leases are taken");
  await world.set("sign_in", 50);
  assert.equal(await world.allowed("sign_in", 5), 5, "lowered to where each is written");
  await world.restart();
  assert.equal(await world.allowed("sign_in", 100), 15, "and the unspent lease is not lost");
});

Deno.test("rateLimits.set() with another window makes the one that runs longer or shorter", async () => {
  await using world = await openWorld();
  assert.equal(await world.allowed("sign_in", 20), 20);
  world.pass(30_000);
  await world.set("sign_in", 20, 3_600);
  assert.equal(await world.wait("sign_in"), 3_570);
  await world.restart();
  assert.equal(await world.wait("sign_in"), 3_570);
  await world.set("sign_in", 20, 31);
  assert.equal(await world.wait("sign_in"), 1);
  await world.set("sign_in", 20, 30);
  assert.equal(await world.allowed("sign_in", 30), 20);
  await world.restart();
  assert.equal(await world.wait("sign_in"), 30, "what the file held of the old window is not taken for the new one");
});

Deno.test("a rule that another process writes holds within a second, and one that it deletes is the default again", async () => {
  await using world = await openWorld();
  assert.equal(await world.allowed("sign_in", 1), 1);
  using other = new DatabaseSync(`${world.folder}/test.db`);
  other.exec("UPDATE rate_limits SET max_count = 3 WHERE action = 'sign_in'");
  world.pass(1_000);
  assert.equal(await world.allowed("sign_in", 20), 2);
  other.exec("DELETE FROM rate_limits WHERE action = 'sign_in'");
  world.pass(1_000);
  assert.equal(await world.allowed("sign_in", 20), 17);
  world.pass(-3_600_000);
  other.exec("INSERT INTO rate_limits VALUES ('sign_in', 2, 60, 0)");
  assert.equal(await world.allowed("sign_in", 20, "another"), 2, "also where the clock was set back");
});

Deno.test("rateLimits.take() counts subjects and actions apart, and an IPv6 client by its /64", async () => {
  await using world = await openWorld();
  await world.set("sign_in", 5);
  await world.set("socket", 5);
  assert.equal(await world.allowed("sign_in", 9, "192.0.2.1"), 5);
  assert.equal(await world.allowed("sign_in", 9, "192.0.2.2"), 5);
  assert.equal(await world.allowed("socket", 9, "192.0.2.1"), 5);
  assert.equal(await world.allowed("sign_in", 3, "2001:db8:0:1::1"), 3);
  assert.equal(await world.allowed("sign_in", 9, "2001:db8:0:1:ffff:ffff:ffff:ffff"), 2);
  assert.equal(await world.allowed("sign_in", 9, "2001:db8:0:2::1"), 5);
  assert.equal(await world.allowed("sign_in", 9, "::ffff:192.0.2.1"), 0, "an IPv4 address however it is written");
});

Deno.test("rateLimits.take() forgets nobody's count when more are counted than it keeps in memory", async () => {
  await using world = await openWorld();
  assert.equal(await world.allowed("sign_in", 12, "192.0.2.1"), 12);
  world.pass(1);
  for (let block = 0; block < 12; block++) {
    const addresses = Array.from({ length: 1_000 }, (_, index) => `10.${block}.${index >> 8}.${index & 255}`);
    await Promise.all(addresses.map((address) => world.allowed("socket", 1, address)));
  }
  assert.equal(await world.allowed("sign_in", 20, "192.0.2.1"), 8);
});

Deno.test("rateLimits.take() gives back what was leased when it lets a counter go, so that who comes back has it still", async () => {
  await using world = await openWorld();
  await world.set("graphql", 1_000);
  for (let round = 0; round < 2; round++) {
    assert.equal(await world.wait("graphql", "the one who stays"), null, `round ${round}`);
    for (let crowd = 0; crowd < 12; crowd++) {
      const subjects = Array.from({ length: 1_000 }, (_, index) => `somebody ${round}-${crowd}-${index}`);
      await Promise.all(subjects.map((subject) => world.wait("graphql", subject)));
    }
  }
  assert.equal(await world.allowed("graphql", 1_200, "the one who stays"), 998);
});

Deno.test("what is counted expires in the key-value file, after its window and within two", async () => {
  await using world = await openWorld();
  await world.set("sign_in", 20, 30);
  await world.allowed("sign_in", 1);
  await world.allowed("graphql", 1);
  using file = new DatabaseSync(`${world.folder}/kv.db`, { readOnly: true });
  const rows = file.prepare("SELECT expiration_ms - ? AS lifeMs FROM kv ORDER BY lifeMs").all(Date.now());
  assert.equal(rows.length, 2);
  for (const [index, windowMs] of [30_000, 60_000].entries()) {
    const lifeMs = Number(rows[index]?.["lifeMs"]);
    assert.ok(lifeMs > windowMs && lifeMs <= 2 * windowMs, `${lifeMs} ms`);
  }
});
