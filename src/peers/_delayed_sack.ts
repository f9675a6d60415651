import type { SctpAssociation } from "./_werift.ts";

// What is mended in werift 0.25.2's SCTP, and why: docs/decisions/0015-werift-mended.md.

/** How long an acknowledgement may wait for a second packet. RFC 9260 §6.2 lets it be 200 ms. */
const DELAY_MS = 20;

/**
 * Has an association acknowledge every second packet of data, as RFC 9260 §6.2 asks, and at once what tells of a loss. werift
 * means to, but takes each packet for one that is urgent: sending these datagrams is a quarter of what a capture costs.
 */
export function delaySacks(association: SctpAssociation): void {
  const schedule = Reflect.get(association, "scheduleSack");
  Reflect.set(association, "scheduleSack", async () => {
    if (isUrgent(association)) {
      // Counted anew from here: what comes while this one is sent is not in it.
      Reflect.set(association, "sackPacketCount", 0);
      return await schedule.call(association);
    }
    if (Reflect.get(association, "sackTimeout") !== undefined) return;
    // The association clears it where it stops, and where it acknowledges sooner.
    const timer = setTimeout(() => {
      Reflect.set(association, "sackTimeout", undefined);
      // One that was sent meanwhile has taken this one's need for its own.
      Reflect.set(association, "sackNeeded", true);
      Reflect.get(association, "sendSack").call(association).catch(() => {});
    }, DELAY_MS);
    Reflect.set(association, "sackTimeout", timer);
  });
}

function isUrgent(association: SctpAssociation): boolean {
  const isFirstOfTwo = Reflect.get(association, "sackHasNewDataInPacket") === true &&
    Number(Reflect.get(association, "sackPacketCount")) < 2;
  const { size } = Reflect.get(association, "sackMisOrdered");
  const { length } = Reflect.get(association, "sackDuplicates");
  return !isFirstOfTwo || size > 0 || length > 0;
}
