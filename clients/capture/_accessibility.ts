import { computeAccessibleDescription, computeAccessibleName, getRole } from "dom-accessibility-api";
import { maskText } from "../masking/masking.ts";
import { onOneLine, parentOf } from "./_dom_nodes.ts";

/** What assistive technology says of an element; null: nothing. */
export interface Accessibility {
  role: string | null;
  name: string | null;
  description: string | null;
}

const MAX_LENGTH = 250;
const MAX_PATH = 12;
/** The name of what holds more is not looked for in its content: nobody would listen to it. */
const MAX_DESCENDANTS = 300;

/** The accessible role, name and description of an element. Never throws. */
export function accessibilityOf(element: Element): Accessibility {
  const view = element.ownerDocument.defaultView;
  if (view === null) return { role: roleOf(element), name: null, description: null };
  // Given, so that `::before` and `::after` count.
  const options = { getComputedStyle: view.getComputedStyle.bind(view) };
  const isLarge = element.getElementsByTagName("*").length > MAX_DESCENDANTS;
  return {
    role: roleOf(element),
    name: isLarge
      ? said(() => element.getAttribute("aria-label"))
      : said(() => computeAccessibleName(element, options)),
    description: isLarge ? null : said(() => computeAccessibleDescription(element, options)),
  };
}

/** The role alone, which takes no time; null: none. */
export function roleOf(element: Element): string | null {
  return said(() => getRole(element));
}

/** The roles above: its position in the accessibility tree. */
export function pathOf(element: Element): string[] {
  const path: string[] = [];
  for (let above = parentOf(element); above !== null && path.length < MAX_PATH; above = parentOf(above)) {
    const role = roleOf(above);
    if (role !== null && role !== "generic") path.push(role);
  }
  return path;
}

function said(read: () => string | null): string | null {
  try {
    return maskText(onOneLine(read() ?? "")).slice(0, MAX_LENGTH).toWellFormed() || null;
  } catch {
    // Elements that a page has changed may lack what the library counts on.
    return null;
  }
}
