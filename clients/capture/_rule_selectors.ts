/** What stands for a part of an element, at the end of a selector. */
const PSEUDO_ELEMENT =
  /::?(?:before|after|marker|placeholder|selection|backdrop|first-line|first-letter|file-selector-button|-[\w-]+|part\([^()]*\)|slotted\([^()]*\))(?::[\w-]+)*$/;

/** The selectors of a list, parted where a comma is in no bracket or string. */
export function selectorsIn(list: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let start = 0;
  let quote = "";
  for (let at = 0; at < list.length; at++) {
    const char = list[at] ?? "";
    if (char === "\\") at++;
    else if (quote !== "") quote = char === quote ? "" : quote;
    else if (char === '"' || char === "'") quote = char;
    else if (char === "(" || char === "[") depth++;
    else if (char === ")" || char === "]") depth--;
    else if (char === "," && depth === 0) {
      found.push(list.slice(start, at).trim());
      start = at + 1;
    }
  }
  return [...found, list.slice(start).trim()].filter((selector) => selector !== "");
}

/** A class, an id or a tag that each element has that the selector finds, as `.a`, `#a` or `a`; "": none that can be told. */
export function whatItNames(selector: string): string {
  const compound = inElement(selector).split(/[\s>+~]+/).at(-1) ?? "";
  // A bracket may hold blanks, so that the end of it is no compound by itself.
  if (/[()[\]\\&]/.test(compound)) return /^([.#]?[A-Za-z_][\w-]*)(?=[:.[#]|$)[^\\)]*$/.exec(compound)?.[1] ?? "";
  return /[.#][A-Za-z_][\w-]*/.exec(compound)?.[0] ?? /^[A-Za-z][\w-]*/.exec(compound)?.[0]?.toLowerCase() ?? "";
}

/** Whether an element, or its `::before` and the like, fits a selector; what is no selector fits nothing. */
export function fits(element: Element, selector: string): boolean {
  try {
    return element.matches(inElement(selector));
  } catch {
    return false;
  }
}

function inElement(selector: string): string {
  const host = selector.replace(/^:host(?:\(([^()]*)\))?(?=$|:)/, (_, own) => own ?? "*");
  return host.replace(PSEUDO_ELEMENT, "") || "*";
}
