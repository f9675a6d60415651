import type { Stirred } from "./_watch.ts";

/** What changes styles without a change of the document, where it happens to an element, what holds it or a part of it. */
const ON_ELEMENTS = [
  "transitionend",
  "animationstart",
  "animationend",
  "focusin",
  "focusout",
  "change",
  "toggle",
  "load",
];
const ON_ALL = ["scroll", "resize", "fullscreenchange"];

/** Listens in a frame for what no observer tells; answers how to end it. */
export function listenForStirs(
  view: Window,
  stirred: (what: Stirred, isConcerned: (element: Element) => boolean) => void,
): () => void {
  const options = { capture: true, passive: true };
  for (const type of ON_ELEMENTS) view.addEventListener(type, onElement, options);
  for (const type of ON_ALL) view.addEventListener(type, onAll, options);
  return () => {
    for (const type of ON_ELEMENTS) view.removeEventListener(type, onElement, options);
    for (const type of ON_ALL) view.removeEventListener(type, onAll, options);
  };

  function onElement(event: Event): void {
    const path = event.composedPath();
    const [target] = path;
    stirred("all", (element) => path.includes(element) || (isNode(target) && target.contains(element)));
  }

  function onAll({ type }: Event): void {
    stirred(type === "scroll" ? "place" : "all", () => true);
  }
}

function isNode(target: EventTarget | undefined): target is Node {
  return target !== undefined && "nodeType" in target;
}
