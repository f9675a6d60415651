import type { Box, Capture } from "../browser/messages.ts";
import { own } from "../capture/own_property.ts";
import { build } from "./_build.ts";
import { createOutline } from "./_outline.ts";
import type { Overlay } from "./_overlay.ts";
import { placeBeside } from "./_placement.ts";
import type { Tracker } from "./_tracker.ts";

/** Asked for the component only of elements on which the pointer rests. */
const COMPONENT_REST_MS = 60;
const MAX_TAG = 60;

/** The outline and label of the element that would be taken. */
export interface Hover {
  show(element: Element | null): void;
  element(): Element | null;
}

export function createHover(
  { overlay, tracker, componentOf }: {
    overlay: Overlay;
    tracker: Tracker;
    componentOf: ((element: Element) => Promise<Capture["component"]>) | undefined;
  },
): Hover {
  const { view } = overlay;
  const [tag, component, size] = ["tag", "component", "size"].map((name) =>
    build(view.document, "span", { class: name })
  );
  const tip = build(
    view.document,
    "div",
    { class: "tip", "aria-hidden": "true" },
    [tag, component, size].filter(isThere),
  );
  const names = new WeakMap<Element, string>();
  const outline = createOutline({ overlay, tracker, kind: "hover", moved: place });
  let timer = 0;

  function show(element: Element | null): void {
    if (element === outline.element()) return;
    view.clearTimeout(timer);
    outline.around(null);
    if (element === null) return overlay.hide(tip);
    tag?.replaceChildren(tagOf(element));
    component?.replaceChildren(names.get(element) ?? "");
    overlay.show(tip);
    outline.around(element);
    if (componentOf && !names.has(element)) timer = view.setTimeout(() => ask(element), COMPONENT_REST_MS);
  }

  async function ask(element: Element): Promise<void> {
    const found = await componentOf?.(element).catch(() => null);
    names.set(element, found?.name ?? "");
    if (outline.element() !== element || !found) return;
    component?.replaceChildren(found.name);
    place(element.getBoundingClientRect());
  }

  function place(box: Box | null): void {
    tip.toggleAttribute("hidden", box === null);
    if (box === null) return;
    size?.replaceChildren(`${round(box.width)} × ${round(box.height)}`);
    placeBeside(view, tip, box, "above");
  }

  return { show, element: outline.element };
}

/** Tag, id and first classes, as in a selector. */
export function tagOf(element: Element): string {
  const name = own(element, "id");
  const id = name === "" ? "" : `#${name}`;
  const classes = id === "" ? [...own(element, "classList")].slice(0, 2).map((name) => `.${name}`).join("") : "";
  const tag = `${element.localName}${id}${classes}`;
  return tag.length > MAX_TAG ? `${tag.slice(0, MAX_TAG - 1)}…` : tag;
}

function round(length: number): string {
  return String(Math.round(length * 10) / 10);
}

function isThere(part: HTMLElement | undefined): part is HTMLElement {
  return part !== undefined;
}
