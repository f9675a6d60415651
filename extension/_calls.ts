import { FingerpostError } from "../clients/browser/graphql_socket.ts";

/** What one side answers: methods whose arguments and results are plain data. */
export type Methods = { [name: string]: (...args: never[]) => unknown };

/** The other side of a port, or another part of the extension. */
export interface Remote<Theirs> {
  /** Asks the other side. Rejects with its message, or with `LostError` where it went away before it answered. */
  call<Name extends keyof Theirs>(name: Name, ...args: ArgumentsOf<Theirs[Name]>): Promise<ResultOf<Theirs[Name]>>;
}

/** What a method is asked with. */
export type ArgumentsOf<Method> = Method extends (...args: infer Arguments) => unknown ? Arguments : never;
/** What a method answers with in the end. */
export type ResultOf<Method> = Method extends (...args: never[]) => infer Result ? Awaited<Result> : never;

/** The other side went away: what was asked may or may not have been done. */
export class LostError extends Error {
  override name = "LostError";
}

/** Parts of the extension that listen to messages. */
export type Part = "worker" | "hub";

/** A part that was started a moment ago does not listen yet. */
const START_ATTEMPTS = 40;
const START_PAUSE_MS = 25;

/** Asks and answers over a port. */
export function callOver<Theirs>(port: chrome.runtime.Port, ours: Methods): Remote<Theirs> {
  const waiting = new Map<number, { answered(message: { result: never }): void; failed(error: Error): void }>();
  let lastId = 0;
  port.onMessage.addListener((message) => {
    const asked = waiting.get(message.id);
    if (message.method !== undefined) void answer(ours, message).then((reply) => post({ id: message.id, ...reply }));
    else if (message.error === undefined) asked?.answered(message);
    else asked?.failed(errorOf(message));
    if (message.method === undefined) waiting.delete(message.id);
  });
  port.onDisconnect.addListener(() => {
    // Read, or Chromium logs it as an error that nobody checked.
    const reason = chrome.runtime.lastError?.message ?? "The other side went away";
    for (const { failed } of waiting.values()) failed(new LostError(reason));
    waiting.clear();
  });
  return { call };

  function call<Name extends keyof Theirs>(
    method: Name,
    ...args: ArgumentsOf<Theirs[Name]>
  ): Promise<ResultOf<Theirs[Name]>> {
    return new Promise((resolve, reject) => {
      const id = ++lastId;
      waiting.set(id, { answered: ({ result }) => resolve(result), failed: reject });
      if (post({ id, method, args })) return;
      waiting.delete(id);
      reject(new LostError("The other side went away"));
    });
  }

  // False once it is disconnected.
  function post(message: unknown): boolean {
    try {
      port.postMessage(message);
      return true;
    } catch {
      return false;
    }
  }
}

/** What a content script may ask too, which lies in a page's process and may be anybody once that is broken into. */
const FOR_FRAMES = "wake";

/** Answers what other parts ask of this one by `runtime.sendMessage`. */
export function answerAs(part: Part, ours: Methods): void {
  chrome.runtime.onMessage.addListener((message, sender, respond) => {
    if (message?.to !== part || sender.id !== chrome.runtime.id) return false;
    if (!isOwnPage(sender) && message.method !== FOR_FRAMES) return false;
    void answer(ours, message).then(respond);
    return true;
  });
}

/** Whether it is a page or worker of the extension: content scripts come under the address of their page. */
export function isOwnPage(sender: chrome.runtime.MessageSender | undefined): boolean {
  return sender?.url?.startsWith(chrome.runtime.getURL("")) === true;
}

/** Asks another part by `runtime.sendMessage`, which starts the worker where it is not running. */
export function callTo<Theirs>(part: Part): Remote<Theirs> {
  return {
    async call(method, ...args) {
      for (let attempt = 0; attempt < START_ATTEMPTS; attempt++) {
        const reply = await send({ to: part, method, args });
        if (reply?.error !== undefined) throw errorOf(reply);
        if (reply !== undefined) return reply.result;
        await new Promise((resolve) => setTimeout(resolve, START_PAUSE_MS));
      }
      throw new LostError(`Nothing answers as the ${part}`);
    },
  };

  async function send(message: unknown) {
    try {
      return await chrome.runtime.sendMessage(message);
    } catch (error) {
      // Nobody listens yet, or the worker was stopped before it answered: what is asked here may be asked twice.
      const text = String(error);
      if (/Receiving end does not exist|message (port|channel) (is )?closed/i.test(text)) return undefined;
      throw error;
    }
  }
}

/** Asks a part that is in the same document. */
export function callHere<Theirs>(part: () => Promise<Theirs>): Remote<Theirs> {
  return {
    async call(name, ...args) {
      const method = (await part())[name];
      if (typeof method !== "function") throw new Error(`There is no "${String(name)}"`);
      return await method.apply(null, args);
    },
  };
}

async function answer(
  ours: Methods,
  { method, args }: { method: string; args: never[] },
): Promise<{ result?: unknown } | Failure> {
  try {
    const found = Object.hasOwn(ours, method) ? ours[method] : undefined;
    if (found === undefined) throw new Error(`There is no "${method}"`);
    return { result: await found.apply(null, args) ?? null };
  } catch (error) {
    const code = error instanceof FingerpostError ? error.code : null;
    return { error: error instanceof Error ? error.message : String(error), code };
  }
}

/** How an error goes from one side to the other. */
interface Failure {
  error: string;
  /** Of a `FingerpostError`. */
  code: string | null;
}

function errorOf({ error, code }: Failure): Error {
  return typeof code === "string" ? new FingerpostError(code, error) : new Error(error);
}
