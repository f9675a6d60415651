import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { PairingCode } from "../clients/pairing/pairing.ts";
import type { Capture } from "../clients/browser/messages.ts";
import type { Fingerprint } from "../clients/capture/fingerprint.ts";
import type { MarkState } from "../clients/pointer/pointer.ts";

/** Where and as what the extension is paired. */
export type Pairing =
  | { kind: "unpaired"; server: string; message: string | null }
  | { kind: "pending"; server: string; code: PairingCode }
  | { kind: "paired"; server: string; token: string; project: { id: string; name: string }; expiresAt: string | null };

/** A captured element's place: the tab, the page's address in its frame, and the way to the frame. */
export interface Place {
  tabId: number;
  pageId: string;
  /** The address of the frame's document, without its fragment. */
  url: string;
  /** The selector of the frames around, ending with ` >>iframe>> `; empty in a page itself. */
  framePath: string;
}

/** A capture that the server has not acknowledged. */
export interface QueuedCapture extends Place {
  clientId: string;
  server: string;
  projectId: string;
  number: number;
  capture: Capture;
  fingerprint: Fingerprint;
  /** What it takes in the queue, as JSON. */
  size: number;
}

/** A captured element whose page may still be open. */
export interface HeldElement extends Place {
  elementId: string;
  clientId: string;
  projectId: string;
  /** By which the oldest are known. */
  revision: number;
  selector: string;
  fingerprint: Fingerprint;
  number: number;
  state: MarkState;
}

/** What a person chose in the extension's window. */
export interface Settings {
  /** Whether captures have a screenshot. */
  screenshots: boolean;
}

interface Stores extends DBSchema {
  pairing: { key: string; value: Pairing };
  settings: { key: string; value: Settings };
  queue: { key: number; value: QueuedCapture; indexes: { clientId: string } };
  held: { key: string; value: HeldElement; indexes: { tabId: number; clientId: string } };
  /** The page's id by its tab's. */
  tabs: { key: number; value: string };
}

/** All that the extension keeps; its parts may be stopped at any time. */
export type Database = IDBPDatabase<Stores>;

/** Opens it, and makes it where it is not there. */
export function openDatabase(): Promise<Database> {
  return openDB<Stores>("fingerpost", 1, {
    upgrade(database) {
      database.createObjectStore("pairing");
      database.createObjectStore("settings");
      const queue = database.createObjectStore("queue", { autoIncrement: true });
      queue.createIndex("clientId", "clientId", { unique: true });
      const held = database.createObjectStore("held", { keyPath: "elementId" });
      held.createIndex("tabId", "tabId");
      held.createIndex("clientId", "clientId");
      database.createObjectStore("tabs");
    },
  });
}
