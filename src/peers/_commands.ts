import { AppError } from "../base/errors.ts";
import { newId, toGlobalId } from "../base/ids.ts";
import type { Answer } from "./_messages.ts";

/** What can be asked of the page that holds an element. */
export type LiveCommand = "HIGHLIGHT" | "INSPECT" | "SCREENSHOT";

/** A question to a page about an element. */
export interface CommandRequest {
  elementId: string;
  /** By which the page finds it. */
  selector: string;
  command: LiveCommand;
  /** Ends the wait: who asked went away. */
  signal: AbortSignal;
}

/** A question that the page has not answered yet. */
export interface AskedCommand {
  elementId: string;
  command: LiveCommand;
  /** Ends the wait, with an error if there is one. */
  settle(error: AppError | null): void;
}

/** The questions to one page. */
export interface Commands {
  /** Asks and waits for the answer to be taken. Throws `PEER_UNAVAILABLE` where none comes in 5 s or none that is one, and the code of the page's refusal. */
  ask(request: CommandRequest): Promise<void>;
  /** The question that an answer is to, taken once; null where none waits for it. */
  take(id: string): AskedCommand | null;
  /** Lets all who wait go. */
  close(): void;
}

const ANSWER_TIMEOUT_MS = 5_000;
/** A page answers them one after the other: who is this far behind does not answer. */
const MAX_ASKED = 16;
/** What a page may say of its own refusal; other codes speak of rights and of the server, which no page may. */
const PASSED_ON = ["NOT_FOUND", "TOO_LARGE", "UNAVAILABLE"] as const;

/** Builds the questions to one page; `send` says something to it. */
export function createCommands(send: (message: Answer) => void): Commands {
  const asked = new Map<string, AskedCommand>();
  let isClosed = false;
  return { ask, take, close };

  async function ask({ elementId, selector, command, signal }: CommandRequest): Promise<void> {
    signal.throwIfAborted();
    if (isClosed) throw goneAway();
    if (asked.size >= MAX_ASKED) throw unavailable(`it has ${MAX_ASKED} commands to answer`);
    const id = newId();
    const answered = Promise.withResolvers<void>();
    const settle = (error: AppError | null) => error === null ? answered.resolve() : answered.reject(error);
    const timer = setTimeout(() => settle(unavailable("it did not answer within 5 s")), ANSWER_TIMEOUT_MS);
    const abort = () => answered.reject(signal.reason);
    signal.addEventListener("abort", abort);
    asked.set(id, { elementId, command, settle });
    try {
      send({ type: "command", id, command, elementId: toGlobalId("Element", elementId), selector });
      await answered.promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      asked.delete(id);
    }
  }

  function take(id: string): AskedCommand | null {
    const command = asked.get(id) ?? null;
    asked.delete(id);
    return command;
  }

  function close(): void {
    isClosed = true;
    for (const { settle } of asked.values()) settle(goneAway());
  }
}

/** A page's refusal as who asked is told of it. */
export function toRefusal({ code, message }: { code: string; message: string }): AppError {
  const passedOn = PASSED_ON.find((one) => one === code) ?? "PEER_UNAVAILABLE";
  return new AppError(passedOn, `The page could not do it: ${message}`);
}

/** That the page can't be asked, and why. */
export function unavailable(reason: string): AppError {
  return new AppError("PEER_UNAVAILABLE", `Cannot ask the page: ${reason}`);
}

function goneAway(): AppError {
  return unavailable("it went away");
}
