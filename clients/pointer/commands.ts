import { FingerpostError } from "../browser/graphql_socket.ts";
import type { Command, CommandResult } from "../browser/messages.ts";
import type { LiveElements } from "./live.ts";

/** What a frame does commands with. */
export interface CommandsOptions {
  live: Pick<LiveElements, "find" | "inspect" | "pauseWhile">;
  pointer: { highlight(element: Element): void };
  /** An element's screenshot; rejects where the browser takes none. */
  screenshot(element: Element): Promise<NonNullable<CommandResult["screenshot"]>>;
}

/** Answers what is asked of a frame's elements: `onCommand` of the client. Rejects with `NOT_FOUND` where the element is not in the page, `UNAVAILABLE` where it has no screenshot. */
export function createCommands(
  { live, pointer, screenshot }: CommandsOptions,
): (command: Command) => Promise<CommandResult> {
  return async ({ command, elementId }) => {
    if (command === "INSPECT") return live.inspect(elementId) ?? gone();
    const element = live.find(elementId) ?? gone();
    if (command === "SCREENSHOT") return { screenshot: await take(element) };
    pointer.highlight(element);
    return {};
  };

  async function take(element: Element): Promise<NonNullable<CommandResult["screenshot"]>> {
    try {
      // Taking it changes the page for a moment, which nobody should see as a change of the element.
      return await live.pauseWhile(() => screenshot(element));
    } catch (error) {
      if (!element.isConnected) return gone();
      const reason = error instanceof Error ? error.message : String(error);
      throw new FingerpostError("UNAVAILABLE", `Cannot take a screenshot of the element: ${reason}`);
    }
  }
}

function gone(): never {
  throw new FingerpostError("NOT_FOUND", "The element is not in the page now");
}
