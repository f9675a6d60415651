import type { SctpAssociation } from "./_werift.ts";

/** How much the other side may send before it must wait, by SCTP's receiver window. RFC 9260 §6.2 */
export interface ReceiveWindow {
  /** Something came that waits for its answer. */
  hold(bytes: number): void;
  /** It was answered. */
  release(bytes: number): void;
  /** Whether the other side sent far more than it was told to. */
  isOverrun(): boolean;
}

/** werift's own window, for what is on its way into a message. */
const WINDOW_BYTES = 1_048_576;
/** Unanswered messages up to here leave the window open; 1 MiB further it is closed. A capture with a screenshot fits. */
const FREE_BYTES = 4 * 1_048_576;
/** A message never weighs less: many small ones are work, too. */
const MIN_MESSAGE_BYTES = 16_384;
/** The window is a word to the other side, not a wall: who goes on sending this much beyond it does not listen. */
const MAX_OVERRUN_BYTES = 1_048_576;

/** Builds the window of one association. */
export function createReceiveWindow(association: SctpAssociation): ReceiveWindow {
  let heldBytes = 0;
  let withheldBytes = 0;
  return { hold, release, isOverrun: () => openBytes() + withheldBytes < -MAX_OVERRUN_BYTES };

  function hold(bytes: number): void {
    heldBytes += Math.max(bytes, MIN_MESSAGE_BYTES);
    update();
  }

  function release(bytes: number): void {
    heldBytes -= Math.max(bytes, MIN_MESSAGE_BYTES);
    const wasClosed = openBytes() < WINDOW_BYTES / 2;
    update();
    if (wasClosed && openBytes() >= WINDOW_BYTES / 2) tell();
  }

  function update(): void {
    const wanted = Math.min(WINDOW_BYTES, Math.max(0, heldBytes - FREE_BYTES));
    Reflect.set(association, "advertisedRwnd", openBytes() + withheldBytes - wanted);
    withheldBytes = wanted;
  }

  // werift makes the window smaller by each part of a message and larger by the whole one.
  function openBytes(): number {
    return Number(Reflect.get(association, "advertisedRwnd"));
  }

  // An acknowledgement of what was acknowledged before: it only brings the news that there is room again.
  function tell(): void {
    Reflect.set(association, "sackNeeded", true);
    Reflect.get(association, "sendSack").call(association).catch(() => {});
  }
}
