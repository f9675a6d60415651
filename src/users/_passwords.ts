import { hash, verify } from "@node-rs/bcrypt";
import { AppError } from "../base/errors.ts";

/** bcrypt's cost, 2^12 rounds: about 0.25 s of one core. OWASP Password Storage: 10 or more. */
const BCRYPT_COST = 12;
/** Hashing at once: leaves the event loop and the database a core's share. */
const MAX_AT_ONCE = Math.max(1, navigator.hardwareConcurrency);
/** Waiting beyond those: the last of them waits some 17 s on two cores, and more would only time out. */
const MAX_WAITING = 128;
/** A salt and a hash that no password has been found for, and none will: all bits are zero. */
const NOBODYS_SALT_AND_HASH = ".".repeat(53);

/** Hashes and checks passwords off the event loop, a bounded number at once. Both throw `UNAVAILABLE` when too many wait. */
export interface Passwords {
  hash(password: string): Promise<string>;
  /** Whether the password is the one hashed. It takes as long with no hash, when it is false, and with one of a lower cost. */
  verify(password: string, passwordHash: string | null): Promise<boolean>;
  /** Whether the hash was made at a lower cost than today's. */
  isOutdated(passwordHash: string): boolean;
}

/** Builds the password hasher; `cost` is the binary logarithm of bcrypt's rounds. */
export function createPasswords(cost = BCRYPT_COST): Passwords {
  const waiting: (() => void)[] = [];
  let running = 0;
  return {
    hash: (password) => bounded(() => hash(password, cost)),
    verify: (password, passwordHash) =>
      bounded(async () => {
        if (passwordHash === null) return await verify(password, nobodysHash(cost)) && false;
        const matches = await verify(password, passwordHash);
        await makeUpFor(password, costOf(passwordHash));
        return matches;
      }),
    isOutdated: (passwordHash) => costOf(passwordHash) < cost,
  };

  // 2^c rounds are done; 2^c + 2^(c+1) + … + 2^(cost-1) more make 2^cost. Else an old hash would answer sooner than an unknown e-mail.
  async function makeUpFor(password: string, done: number): Promise<void> {
    for (let missing = done; missing < cost; missing++) await verify(password, nobodysHash(missing));
  }

  async function bounded<T>(work: () => Promise<T>): Promise<T> {
    if (running >= MAX_AT_ONCE) {
      if (waiting.length >= MAX_WAITING) {
        throw new AppError("UNAVAILABLE", "Cannot check a password now: too many try at once");
      }
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
      running++;
    }
    try {
      return await work();
    } finally {
      // A place is handed over rather than freed, so that a newcomer can't take it first.
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  }
}

// "$2b$12$…": the variant, the cost, the salt and the hash.
function costOf(passwordHash: string): number {
  return Number(passwordHash.split("$")[2]);
}

function nobodysHash(cost: number): string {
  return `$2b$${String(cost).padStart(2, "0")}$${NOBODYS_SALT_AND_HASH}`;
}
