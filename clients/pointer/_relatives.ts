import { own } from "../capture/own_property.ts";
import { boxOf } from "./_tracker.ts";

/** Where an arrow key leads from an element, through open shadow roots; null: there is nothing that has a box. */
export function relativeOf(element: Element, key: string): Element | null {
  if (key === "ArrowUp") return parentOf(element);
  if (key === "ArrowDown") return shownChildren(element)[0] ?? null;
  const parent = element.assignedSlot ?? element.parentNode;
  if (parent === null) return null;
  const siblings = shownChildren(parent);
  const step = key === "ArrowLeft" ? -1 : 1;
  return siblings[siblings.indexOf(element) + step] ?? null;
}

function parentOf(element: Element): Element | null {
  const parent = element.assignedSlot ?? element.parentNode;
  if (parent === null || parent.nodeType === Node.DOCUMENT_NODE) return null;
  if (isShadowRoot(parent)) return parent.host;
  if (!isElement(parent)) return null;
  return isSlot(parent) || boxOf(parent) === null ? parentOf(parent) : parent;
}

function shownChildren(parent: Node): Element[] {
  const children = isElement(parent) && parent.shadowRoot ? parent.shadowRoot.children : childrenOf(parent);
  return [...children].flatMap((child) => isSlot(child) ? child.assignedElements() : [child]).filter(isShown);
}

function childrenOf(parent: Node): Iterable<Element> {
  if (isSlot(parent)) return parent.assignedElements();
  if (isElement(parent)) return own(parent, "children");
  return isShadowRoot(parent) ? parent.children : [];
}

function isShown(element: Element): boolean {
  return !element.hasAttribute("data-fingerpost") && boxOf(element) !== null;
}

function isElement(node: Node): node is Element {
  return node.nodeType === Node.ELEMENT_NODE;
}

function isShadowRoot(node: Node): node is ShadowRoot {
  return node.nodeType === Node.DOCUMENT_FRAGMENT_NODE && "host" in node;
}

function isSlot(node: Node): node is HTMLSlotElement {
  return isElement(node) && node.localName === "slot" && "assignedElements" in node;
}
