/** What a page's object holds under a name; undefined where there is none, or the page throws. */
export function read(holder: unknown, ...names: (string | symbol)[]): unknown {
  let value = holder;
  for (const name of names) {
    if ((typeof value !== "object" && typeof value !== "function") || value === null) return undefined;
    try {
      value = Reflect.get(value, name);
    } catch {
      return undefined;
    }
  }
  return value;
}

/** As `read`, if it is a text of 1 to `max` well-formed characters; else null. */
export function readText(max: number, holder: unknown, ...names: (string | symbol)[]): string | null {
  const value = read(holder, ...names);
  return typeof value === "string" && value.length > 0 && value.length <= max && value.isWellFormed() ? value : null;
}

/** As `read`, if it is a whole number from 0 to 10 million; else null. */
export function readCount(holder: unknown, ...names: (string | symbol)[]): number | null {
  const value = read(holder, ...names);
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 10_000_000 ? value : null;
}

/** The names of an object's own properties, at most 10,000; none where the page throws. */
export function ownNames(holder: unknown): string[] {
  if ((typeof holder !== "object" && typeof holder !== "function") || holder === null) return [];
  try {
    return Object.getOwnPropertyNames(holder).slice(0, 10_000);
  } catch {
    return [];
  }
}

/** The elements above one, nearest first, out of open shadow roots too; at most 1,000. */
export function* elementsFrom(element: Element): Generator<Element> {
  let current: Element | null = element;
  for (let count = 0; current !== null && count < 1_000; count++) {
    yield current;
    const parent: Node | null = current.parentNode;
    current = current.parentElement ?? hostOf(parent);
  }
}

function hostOf(parent: Node | null): Element | null {
  return parent !== null && "host" in parent && isElement(parent.host) ? parent.host : null;
}

/** Whether a value is an element, of whichever window. */
export function isElement(value: unknown): value is Element {
  return read(value, "nodeType") === 1;
}
