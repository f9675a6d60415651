import type { Frames } from "./_frames.ts";
import type { Marks } from "./_marks.ts";
import type { Selection } from "./_taken.ts";

/** The numbers of marks and of what is taken, which count through all frames of the tab. */
export interface Numbers {
  next(): number;
  /** How many elements are taken in the tab. */
  count(): number;
  /** Closes the gap of one that was dropped, where no other frame counts behind it. */
  closeGap(): void;
  /** Tells the other frames what is in use here. */
  tell(): void;
  hear(frame: string, used: Used): void;
  forget(): void;
}

interface Used {
  highest: number;
  taken: number;
}

export function createNumbers(
  { marks, taken, frames }: { marks: Marks; taken: Selection; frames: Frames },
): Numbers {
  const others = new Map<string, Used>();

  function highestOwn(): number {
    return Math.max(marks.highest(), ...taken.list().map(({ number }) => number));
  }

  function highestOther(): number {
    return Math.max(0, ...[...others.values()].map(({ highest }) => highest));
  }

  return {
    next: () => Math.max(highestOwn(), highestOther()) + 1,
    count: () => [...others.values()].reduce((sum, other) => sum + other.taken, taken.list().length),
    closeGap() {
      if ([...others.values()].some((other) => other.taken > 0)) return;
      taken.renumber(Math.max(marks.highest(), highestOther()) + 1);
    },
    tell: () => frames.tell({ type: "numbers", highest: highestOwn(), taken: taken.list().length }),
    hear: (frame, { highest, taken }) => others.set(frame, { highest, taken }),
    forget: () => others.clear(),
  };
}
