import { connectFingerpost, type FingerpostClient } from "../clients/browser/fingerpost.ts";
import type { FingerpostError } from "../clients/browser/graphql_socket.ts";
import type { Command, CommandResult, PageFacts } from "../clients/browser/messages.ts";
import type { Pairing } from "./_database.ts";

/** A tab as the server is told of it. */
export interface LivePage {
  tabId: number;
  facts(): PageFacts;
}

/** One connection for each tab in which something was pointed at: to the server each tab is a page of its own. */
export interface Connections {
  /** The tab's connection, made where there is none. The one that was used longest ago makes room. Null where the extension is not paired. */
  open(page: LivePage): FingerpostClient | null;
  /** The tab's connection, if there is one. */
  of(tabId: number): FingerpostClient | null;
  close(tabId: number): void;
  closeAll(): void;
}

interface Dependencies {
  pairing: () => Pairing;
  command: (tabId: number, command: Command) => Promise<CommandResult>;
  /** The server takes no more of an element. */
  refused: (elementId: string, error: FingerpostError) => void;
  changed: () => void;
}

/** A user may have 8 at once on a server: two are left for other browsers and page scripts. */
export const MAX_CONNECTIONS = 6;
/** What the server takes as a label. */
const MAX_LABEL_CHARACTERS = 100;

/** Builds the tabs' connections. */
export function createConnections({ pairing, command, refused, changed }: Dependencies): Connections {
  // In the order of their use: the first one was used longest ago.
  const clients = new Map<number, FingerpostClient>();
  return { open, of: (tabId) => clients.get(tabId) ?? null, close, closeAll };

  function open(page: LivePage): FingerpostClient | null {
    const paired = pairing();
    if (paired.kind !== "paired") return null;
    const { tabId, facts } = page;
    const found = clients.get(tabId);
    const isUsable = found !== undefined && found.state() !== "refused";
    const client = isUsable ? found : connectFingerpost({
      url: paired.server,
      token: paired.token,
      projectId: paired.project.id,
      label: [...facts().title.trim() || facts().url].slice(0, MAX_LABEL_CHARACTERS).join(""),
      page: facts,
      onCommand: (asked) => command(tabId, asked),
      onRefused: refused,
      onStateChange: changed,
    });
    clients.delete(tabId);
    clients.set(tabId, client);
    for (const oldest of clients.keys()) {
      if (clients.size <= MAX_CONNECTIONS) break;
      close(oldest);
    }
    return client;
  }

  function close(tabId: number): void {
    const client = clients.get(tabId);
    clients.delete(tabId);
    client?.close();
  }

  function closeAll(): void {
    for (const tabId of [...clients.keys()]) close(tabId);
  }
}
