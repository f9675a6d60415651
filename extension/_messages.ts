import type { Capture, CommandResult, ElementChange } from "../clients/browser/messages.ts";
import type { Fingerprint } from "../clients/capture/fingerprint.ts";
import type { ScrollPlaces, StageView } from "../clients/capture/screenshot_plan.ts";
import type { FrameMessage, MarkState } from "../clients/pointer/pointer.ts";

// What the parts of the extension ask of each other. Each is plain data: it goes as JSON.

/** What only the service worker (in Firefox the background page) can do: it has the browser's API. */
export type WorkerMethods = {
  /** Sees to it that the hub is there. */
  wake(): Promise<void>;
  /** Puts the pointer into all frames of a tab that the extension may enter; whether into any. */
  inject(tabId: number): Promise<boolean>;
  /** A picture of what a tab shows, as a `data:` URL. Rejects where it is not in front, or not allowed. */
  takeVisible(tabId: number): Promise<string>;
  /** Shows in the toolbar how things are. */
  show(toolbar: Toolbar): Promise<void>;
  /** Starts or ends pointing in a tab. */
  point(tabId: number): Promise<void>;
};

/** What the toolbar's button says. */
export interface Toolbar {
  /** A click points; else it opens the extension's window. */
  canPoint: boolean;
  /** A word of trouble; null: none. */
  trouble: string | null;
  queued: number;
}

/** What the hub does for the worker: it holds connections and queue. */
export type HubMethods = {
  /** Starts or ends pointing in a tab; false where the extension is not paired. */
  point(tabId: number): Promise<boolean>;
  /** Another document came into the tab. */
  tabLoaded(tabId: number): Promise<void>;
  tabClosed(tabId: number): Promise<void>;
  /** The browser started: the tabs from before are gone. */
  browserStarted(): Promise<void>;
};

/** A frame as it says it is. */
export interface FrameFacts {
  url: string;
  title: string;
  isTop: boolean;
  /** By which the frame around knows it again. */
  nonce: string;
}

/** An element to find in a frame, and its mark. */
export interface HeldMark {
  elementId: string;
  clientId: string;
  selector: string;
  fingerprint: Fingerprint;
  number: number;
  state: MarkState;
}

/** What the hub does for a frame. */
export type HubForFrame = {
  /** Enters; the answer comes when the way to the frame is known. */
  hello(facts: FrameFacts): Promise<{ framePath: string; held: HeldMark[]; isPointing: boolean }>;
  /** The address or the title changed. */
  changed(facts: FrameFacts): Promise<void>;
  /** A frame with this nonce is inside of this one, at this selector. */
  child(nonce: string, selector: string): void;
  /** A frame came into this one, or was loaded anew. */
  frameLoaded(): void;
  /** Brings a message to the pointers of the tab's other frames. */
  tell(message: FrameMessage): void;
  /** Keeps a capture and sends it; rejects where it can't be kept. */
  capture(taken: { clientId: string; number: number; capture: Capture; fingerprint: Fingerprint }): Promise<void>;
  update(elementId: string, change: ElementChange): void;
  stale(elementId: string): void;
  pointing(isPointing: boolean): void;
  /** Is heard, and no more: it keeps Firefox from stopping the hub. */
  breathe(): void;
};

/** What a frame does for the hub. */
export type FrameMethods = {
  point(): void;
  stop(): void;
  hear(message: FrameMessage): void;
  /** Asks to be announced to the frame around once more. */
  announce(): void;
  mark(mark: { clientId: string; number: number; state: MarkState; label?: string }): void;
  /** The server stored a capture: it is kept fresh from now on. */
  captured(clientId: string, elementId: string): void;
  /** Finds elements again and marks them. */
  hold(held: HeldMark[]): void;
  /** The element was deleted, or belongs to a project no more. */
  forget(clientId: string, elementId: string | null): void;
  /** Origins of the frames in this one that the extension could not enter. */
  foreignFrames(): string[];
  command(command: "HIGHLIGHT" | "INSPECT", elementId: string): CommandResult | Promise<CommandResult>;
  /** A screenshot's stage; `key` is a capture's `clientId` or a frame's nonce. */
  stageBegin(key: string): Promise<StageView>;
  stageClear(key: string, isScrolled: boolean): Promise<StageView>;
  stageScroll(key: string, places: ScrollPlaces): Promise<StageView>;
  stageEnd(key: string): Promise<void>;
};

/** What the extension's window shows. */
export interface Snapshot {
  state: "unpaired" | "pending" | "paired";
  server: string;
  message: string | null;
  userCode: string | null;
  verificationUrl: string | null;
  codeExpiresAt: string | null;
  project: string | null;
  expiresAt: string | null;
  /** How the server is reached; "connecting": not now. */
  connection: "connecting" | "connected";
  queued: number;
  screenshots: boolean;
  pages: { tabId: number; title: string; url: string; via: string }[];
}

/** What the hub does for the extension's window. */
export type HubForPopup = {
  pair(server: string): Promise<void>;
  cancelPairing(): Promise<void>;
  unpair(): Promise<void>;
  discardQueue(): Promise<void>;
  setScreenshots(screenshots: boolean): Promise<void>;
  /** Origins of frames of other sites in a tab, which the extension could not enter. */
  foreignFrames(tabId: number): Promise<string[]>;
};

/** What the window does for the hub. */
export type PopupMethods = {
  show(snapshot: Snapshot): void;
};
