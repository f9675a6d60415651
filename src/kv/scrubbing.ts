import { DatabaseSync } from "node:sqlite";
import { roomLog } from "../base/log.ts";
import type { Kv } from "./kv.ts";

/** What is deleted is gone from the file's bytes within 10 s: this, one more try, and the time that it takes. */
const DELAY_MS = 3_000;
/** How long to wait for a write of the server's. */
const BUSY_TIMEOUT_MS = 1_000;

const log = roomLog("kv");

const scheduled = new WeakMap<Kv, () => void>();

/** Has what was just deleted taken out of the file's bytes; nothing where the file is not scrubbed, as in a task. */
export function scrubSoon(kv: Kv): void {
  scheduled.get(kv)?.();
}

/**
 * Keeps deleted entries out of the bytes of the file at `path`, which `kv` has open: Deno KV is SQLite, and marks what is deleted
 * as free without zeroing it. Disposing it, before `kv`, does what is left to do.
 */
export function startScrubbing(kv: Kv, path: string): AsyncDisposable {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running: Promise<void> = Promise.resolve();
  scheduled.set(kv, schedule);
  return { [Symbol.asyncDispose]: close };

  function schedule(): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      running = running.then(() => scrubInThread(path)).catch((reason) => {
        log.warning("Cannot take deleted entries out of the key-value file yet: {reason}", { reason });
        schedule();
      });
    }, DELAY_MS);
  }

  async function close(): Promise<void> {
    scheduled.delete(kv);
    await running;
    if (timer === undefined) return;
    clearTimeout(timer);
    try {
      scrub(path);
    } catch (reason) {
      log.warning("Cannot take deleted entries out of the key-value file: {reason}", { reason });
    }
  }
}

/** Writes the file anew without what is free in it, and empties its log. Throws where another writes for too long. */
export function scrub(path: string): void {
  using file = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  file.exec("VACUUM");
  const { busy } = file.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get() ?? {};
  if (busy !== 0) throw new Error("The file is in use");
}

async function scrubInThread(path: string): Promise<void> {
  const worker = new Worker(new URL("./_scrub_worker.ts", import.meta.url), { type: "module" });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  worker.onmessage = ({ data }: MessageEvent<string | null>) => data === null ? resolve() : reject(new Error(data));
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new Error(event.message));
  };
  worker.postMessage(path);
  await promise.finally(() => worker.terminate());
}
