import type { Overlay } from "./_overlay.ts";

/** Who hurries over a page hears the last element only. */
const REST_MS = 120;
const MAX_NAME = 60;

/** Tells screen readers what happens. */
export interface Speaker {
  say(text: string): void;
  close(): void;
}

export function createSpeaker({ view, live }: Overlay): Speaker {
  let timer = 0;
  return {
    say(text) {
      view.clearTimeout(timer);
      timer = view.setTimeout(() => live.textContent = text, REST_MS);
    },
    close: () => view.clearTimeout(timer),
  };
}

/** An element in a few words: what it is and what it says. */
export function nameOf(element: Element): string {
  const kind = element.getAttribute("role") ?? element.localName;
  const said = ["aria-label", "alt", "title", "placeholder"].map((name) => element.getAttribute(name)).find(Boolean);
  const name = said ?? textOf(element);
  return name === "" ? kind : `${kind} ${name}`;
}

// Of a large element only the beginning is read: `textContent` of a whole page would be a long job.
function textOf(element: Element): string {
  const walker = element.ownerDocument.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  let text = "";
  for (let steps = 0; steps < 50 && text.length < MAX_NAME && walker.nextNode(); steps++) {
    const parent = walker.currentNode.parentElement?.localName;
    if (parent !== "script" && parent !== "style") text += walker.currentNode.nodeValue ?? "";
    text = text.replace(/\s+/g, " ").trimStart();
  }
  text = text.trim();
  return text.length > MAX_NAME ? `${text.slice(0, MAX_NAME - 1)}…` : text;
}
