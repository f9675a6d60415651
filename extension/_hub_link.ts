import { type ArgumentsOf, callOver, callTo, LostError, type Remote, type ResultOf } from "./_calls.ts";
import type { FrameMethods, HubForFrame, WorkerMethods } from "./_messages.ts";

/** A frame's link to the hub, which comes back when the hub was started anew. */
export interface HubLink extends Remote<HubForFrame> {
  /** Says something of which nobody has to know what became of it. */
  tell<Name extends keyof HubForFrame>(name: Name, ...args: ArgumentsOf<HubForFrame[Name]>): void;
  /** False after the extension was updated or taken away. */
  isAlive(): boolean;
}

interface LinkOptions {
  methods: FrameMethods;
  /** There is a new link: say who it is that speaks. */
  connected: () => Promise<void>;
  /** The extension is gone. */
  ended: () => void;
}

const RETRY_PAUSE_MS = 250;
/** Firefox stops a background page after 30 s of silence, and with it its connections. */
const BREATH_MS = 20_000;
/** A script whose extension was updated or taken away is told nothing of it, not even that its port is closed. */
const LIFE_CHECK_MS = 1_000;

/** Connects a frame to the hub. */
export function linkToHub({ methods, connected, ended }: LinkOptions): HubLink {
  let remote = connect();
  const breath = setInterval(() => tell("breathe"), BREATH_MS);
  const lifeCheck = setInterval(() => isAlive() || end(), LIFE_CHECK_MS);
  // Not before who made the link has it.
  queueMicrotask(() => void greet());
  return { call, tell, isAlive };

  function connect(): Remote<HubForFrame> {
    const port = chrome.runtime.connect({ name: "frame" });
    port.onDisconnect.addListener(() => void reconnect());
    return callOver<HubForFrame>(port, methods);
  }

  async function greet(): Promise<void> {
    try {
      await connected();
    } catch (error) {
      if (!(error instanceof LostError)) throw error;
    }
  }

  async function reconnect(): Promise<void> {
    while (isAlive()) {
      try {
        await callTo<WorkerMethods>("worker").call("wake");
        remote = connect();
        return await greet();
      } catch {
        await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS));
      }
    }
    end();
  }

  function end(): void {
    for (const timer of [breath, lifeCheck]) clearInterval(timer);
    ended();
  }

  // What is asked twice has the same `clientId`: the hub does it once.
  async function call<Name extends keyof HubForFrame>(
    name: Name,
    ...args: ArgumentsOf<HubForFrame[Name]>
  ): Promise<ResultOf<HubForFrame[Name]>> {
    while (true) {
      const asked = remote;
      try {
        return await asked.call(name, ...args);
      } catch (error) {
        if (!(error instanceof LostError) || !isAlive()) throw error;
        if (remote === asked) await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS));
      }
    }
  }

  function tell<Name extends keyof HubForFrame>(name: Name, ...args: ArgumentsOf<HubForFrame[Name]>): void {
    remote.call(name, ...args).catch(() => {});
  }

  function isAlive(): boolean {
    // Taken away from a content script whose extension is gone.
    return chrome.runtime?.id !== undefined;
  }
}
