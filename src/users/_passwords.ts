import { hash, verify } from "@node-rs/bcrypt";
import { AppError } from "../base/errors.ts";

/** bcrypt's cost, 2^12 rounds: about 0.25 s of one core. OWASP Password Storage: 10 or more. */
const BCRYPT_COST = 12;
/** Hashing at once: leaves the event loop and the database a core's share. */
const MAX_AT_ONCE = Math.max(1, navigator.hardwareConcurrency);
/** Waiting beyond those: the last of them waits some 17 s on two cores, and more would only time out. */
const MAX_WAITING = 128;

/** Hashes and checks passwords off the event loop, a bounded number at once. Both throw `UNAVAILABLE` when too many wait. */
export interface Passwords {
  hash(password: string): Promise<string>;
  /** Whether the password is the one hashed; with no hash it takes as long and is false. */
  verify(password: string, passwordHash: string | null): Promise<boolean>;
  /** Whether the hash was made at a lower cost than today's. */
  isOutdated(passwordHash: string): boolean;
}

/** Builds the password hasher. */
export function createPasswords(): Passwords {
  const waiting: (() => void)[] = [];
  let running = 0;
  // Of a random password that nobody has: gives an unknown e-mail the same work as a known one.
  let decoy: Promise<string> | null = null;
  return {
    hash: (password) => bounded(() => hash(password, BCRYPT_COST)),
    verify: async (password, passwordHash) => {
      decoy ??= hash(crypto.randomUUID(), BCRYPT_COST);
      const target = passwordHash ?? await decoy;
      const matches = await bounded(() => verify(password, target));
      return matches && passwordHash !== null;
    },
    // "$2b$12$…": the variant, the cost, the salt and the hash.
    isOutdated: (passwordHash) => Number(passwordHash.split("$")[2]) < BCRYPT_COST,
  };

  async function bounded<T>(work: () => Promise<T>): Promise<T> {
    if (running >= MAX_AT_ONCE) {
      if (waiting.length >= MAX_WAITING) throw new AppError("UNAVAILABLE", "Cannot sign in now: too many try at once");
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
