import { build, setStyle } from "./_build.ts";
import { createOutline } from "./_outline.ts";
import type { Overlay } from "./_overlay.ts";
import type { Tracker } from "./_tracker.ts";
import type { Taken } from "./pointer.ts";

const CHIP_OFFSET = 11;

/** What a person took and did not send yet, in order. */
export interface Selection {
  list(): Taken[];
  find(element: Element): Taken | null;
  add(element: Element, number: number): Taken;
  remove(taken: Taken): void;
  /** The same place in the order, for another element. */
  move(taken: Taken, element: Element): void;
  /** Numbers them anew, from the first on. */
  renumber(first: number): void;
  clear(): void;
}

export function createSelection({ overlay, tracker }: { overlay: Overlay; tracker: Tracker }): Selection {
  const shown = new Map<Taken, { chip: HTMLElement; outline: ReturnType<typeof createOutline> }>();

  function add(element: Element, number: number): Taken {
    const taken: Taken = { element, note: null, number };
    const chip = build(overlay.view.document, "span", { class: "chip" }, [String(number)]);
    const outline = createOutline({
      overlay,
      tracker,
      kind: "taken",
      within: [chip],
      // At the corner, or as near as the window's edge allows.
      moved: (box) =>
        box && setStyle(chip, {
          transform: `translate(${Math.max(4 - box.x, -CHIP_OFFSET)}px, ${Math.max(4 - box.y, -CHIP_OFFSET)}px)`,
        }),
    });
    outline.around(element);
    shown.set(taken, { chip, outline });
    return taken;
  }

  function remove(taken: Taken): void {
    shown.get(taken)?.outline.close();
    shown.delete(taken);
  }

  return {
    list: () => [...shown.keys()],
    find: (element) => [...shown.keys()].find((taken) => taken.element === element) ?? null,
    add,
    remove,
    move(taken, element) {
      taken.element = element;
      shown.get(taken)?.outline.around(element);
    },
    renumber(first) {
      [...shown].forEach(([taken, { chip }], index) => {
        taken.number = first + index;
        chip.replaceChildren(String(taken.number));
      });
    },
    clear() {
      for (const taken of [...shown.keys()]) remove(taken);
    },
  };
}
