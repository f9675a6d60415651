import { AppError } from "../base/errors.ts";
import type { Rooms, Stay } from "./_rooms.ts";
import type { SignalEvent } from "./signalling.ts";

/** How one subscription goes on and ends. */
export interface StayOptions {
  rooms: Rooms;
  /** Ends with the client's socket; with an `AppError` where the server closed it for good. */
  signal: AbortSignal;
  /** Asks for the right to stay. */
  authorize: () => Promise<unknown>;
}

/** What a peer is told, for as long as it stays. Whoever returns leaves at once; whose socket broke has its grace. */
export function readStay(
  stay: Stay,
  { rooms, signal, authorize }: StayOptions,
): AsyncIterableIterator<SignalEvent, undefined> {
  const { member, inbox } = stay;
  signal.addEventListener("abort", breakOff);
  return {
    async next() {
      try {
        const result = await inbox.next();
        // Asked again for each event: the right may have gone since.
        if (result.done !== true) await authorize();
        else signal.removeEventListener("abort", breakOff);
        return result;
      } catch (error) {
        leave(error instanceof AppError ? error : null);
        throw error;
      }
    },
    return() {
      leave(null);
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };

  function breakOff(): void {
    signal.removeEventListener("abort", breakOff);
    if (signal.reason instanceof AppError) leave(null);
    else rooms.breakOff(stay);
  }

  // It may have come back since by another subscription, which is not this one's to end.
  function leave(reason: AppError | null): void {
    signal.removeEventListener("abort", breakOff);
    if (member.inbox === inbox) rooms.leave(member, reason);
  }
}
