import { isElement, type Root } from "./_dom_nodes.ts";
import { cssOf, partsOf } from "./_selector_parts.ts";
import { own } from "./own_property.ts";

/** The steps down to an element from the nearest one above that can be found by itself, or from the top, and none more than it takes. */
export function pathOf(element: Element, root: Root | null): string {
  const steps = stepsTo(element, root);
  return root === null ? steps.join(" > ") : shortened(root, element, steps);
}

/** Whether a selector finds this element and no other. */
export function isOnly(root: Root, css: string, element: Element): boolean {
  const found = root.querySelectorAll(css);
  return found.length === 1 && found[0] === element;
}

function stepsTo(element: Element, root: Root | null): string[] {
  const steps: string[] = [];
  for (let current: Element | null = element; current !== null; current = current.parentElement) {
    if (root !== null && current !== element) {
      const anchor = anchorOf(root, current);
      if (anchor !== null) return [anchor, ...steps];
    }
    // A shadow tree has several elements at its top, and no name for its root that every browser knows.
    const isTop = root !== null && current.parentElement === null && current !== current.ownerDocument.documentElement;
    steps.unshift(`${stepOf(current)}${isTop ? ":not(* > *)" : ""}`);
  }
  return steps;
}

function anchorOf(root: Root, element: Element): string | null {
  return partsOf(element).map((part) => cssOf(part)).find((css) => isOnly(root, css, element)) ?? null;
}

/** What tells an element from its siblings: its best part that none of them fits, or its tag and place. */
function stepOf(element: Element): string {
  const siblings = element.parentNode === null ? [element] : childrenOf(element.parentNode);
  const isOwn = (css: string) => !siblings.some((other) => other !== element && other.matches(css));
  const part = partsOf(element).map((part) => cssOf(part)).find(isOwn);
  if (part !== undefined) return part;
  const { localName, namespaceURI } = element;
  const alike = siblings.filter((other) => other.localName === localName && other.namespaceURI === namespaceURI);
  return `${CSS.escape(localName)}:nth-of-type(${alike.indexOf(element) + 1})`;
}

function childrenOf(parent: ParentNode): Element[] {
  return [...isElement(parent) ? own(parent, "children") : parent.children];
}

/** The path without the steps that it does not need. */
function shortened(root: Root, element: Element, path: string[]): string {
  let kept = path.map((css, index) => ({ css, isDirect: index > 0 }));
  for (let index = 1; index < kept.length - 1;) {
    const shorter = kept.toSpliced(index, 1).map((step, place) =>
      place === index ? { ...step, isDirect: false } : step
    );
    if (isOnly(root, written(shorter), element)) kept = shorter;
    else index++;
  }
  const rootless = kept.slice(1);
  if (rootless.length > 0 && isOnly(root, written(rootless), element)) kept = rootless;
  return written(kept);
}

function written(steps: { css: string; isDirect: boolean }[]): string {
  return steps.map(({ css, isDirect }, index) => index === 0 ? css : `${isDirect ? " > " : " "}${css}`).join("");
}
