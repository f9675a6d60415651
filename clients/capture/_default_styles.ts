import { isHtml } from "./_dom_nodes.ts";

/** What a property is on an element that no sheet of the page knows: a value, or what it goes by. */
export interface Usual {
  value: string;
  /** `color`: it is that of the element; a number: so many times the size of its font. */
  follows: "color" | number | null;
}

/** The computed styles that a tag has by default in this page, by property. */
export type Usuals = ReadonlyMap<string, Usual>;

const PROBE_COLOR = "rgb(1, 2, 3)";
const PROBE_SIZE_PX = 37;
/** They differ by element and not by sheet. */
const NAMING = ["type", "href", "multiple", "controls"];
/** Elements that load, run or nest pages when they are made; they look as any other does, or not at all. */
const ACTIVE = new Set("iframe frame frameset object embed portal fencedframe applet script link base".split(" "));
const ACTIVE_STYLES: Record<string, string> = {
  script: "display: none",
  link: "display: none",
  base: "display: none",
  iframe: "border: 2px inset",
};

/** What they give their children by default is a default of these too. */
const WRAPPING = new Set(
  "table caption colgroup thead tbody tfoot tr ul ol menu dl select optgroup details fieldset".split(" "),
);
const MAX_WRAPPING = 4;

const cached = new WeakMap<Document, Map<string, Usuals>>();

/**
 * What an element such as this has by default: of the browser alone, in this page's mode and zoom. Read once for each tag from an element that is
 * put into the page for that moment, behind a closed shadow root that no sheet of the page reaches.
 */
export function usualsOf(element: Element, names: readonly string[]): Usuals {
  const { ownerDocument: document } = element;
  const kinds = cached.get(document) ?? new Map<string, Usuals>();
  cached.set(document, kinds);
  const around = wrappingOf(element);
  const key = [element.namespaceURI, element.localName, ...NAMING.map((name) => namingOf(element, name)), ...around]
    .join(" ");
  const known = kinds.get(key);
  if (known !== undefined) return known;
  const usuals = read(element, { names, around });
  kinds.set(key, usuals);
  return usuals;
}

function namingOf(element: Element, name: string): string {
  const value = element.getAttribute(name);
  return value === null ? "" : name === "type" ? `type=${value.toLowerCase()}` : name;
}

/** The tags right above one that have a say in its defaults, nearest first. */
function wrappingOf(element: Element): string[] {
  const around: string[] = [];
  let above = element.parentElement;
  for (; above !== null && WRAPPING.has(above.localName) && around.length < MAX_WRAPPING; above = above.parentElement) {
    around.push(above.localName);
  }
  return around;
}

function read(element: Element, { names, around }: { names: readonly string[]; around: string[] }): Usuals {
  const { ownerDocument: document } = element;
  const view = document.defaultView;
  if (view === null) return new Map();
  const host = document.createElementNS("http://www.w3.org/1999/xhtml", "div");
  if (!isHtml(host)) return new Map();
  // Not `style="…"`: a strict Content-Security-Policy refuses that.
  host.style.setProperty("all", "initial", "important");
  host.style.setProperty("display", "none", "important");
  const probe = probeFor(element);
  const outermost = around.reduce<Element>((inner, name) => {
    const wrapping = document.createElement(name);
    wrapping.append(inner);
    return wrapping;
  }, probe);
  host.attachShadow({ mode: "closed" }).append(outermost);
  document.documentElement.append(host);
  try {
    const styles = view.getComputedStyle(probe);
    const plain = valuesOf(styles, names);
    probe.style.color = PROBE_COLOR;
    const colored = valuesOf(styles, names);
    probe.style.color = "";
    probe.style.fontSize = `${PROBE_SIZE_PX}px`;
    const sized = valuesOf(styles, names);
    return new Map(
      names.map((name, at) => [name, usualOf(name, [plain, colored, sized].map((read) => read[at] ?? ""))]),
    );
  } finally {
    host.remove();
  }
}

function probeFor(element: Element): HTMLElement | SVGElement {
  const { ownerDocument: document, localName } = element;
  const isSvg = element.namespaceURI === "http://www.w3.org/2000/svg";
  // A custom element's own code would run in a page that did not ask for it.
  const isPlain = !isHtml(element) || ACTIVE.has(localName) || localName.includes("-");
  const probe = document.createElementNS(
    isSvg ? "http://www.w3.org/2000/svg" : "http://www.w3.org/1999/xhtml",
    isSvg ? localName : isPlain ? "fingerpost-probe" : localName,
  );
  for (const name of NAMING) {
    const value = element.getAttribute(name);
    if (value !== null && !isPlain) probe.setAttribute(name, name === "type" ? value : name === "href" ? "#" : "");
  }
  if (!isStyled(probe)) throw new TypeError(`Cannot style a <${localName}>`);
  probe.style.cssText = ACTIVE_STYLES[localName] ?? "";
  return probe;
}

function isStyled(element: Element): element is HTMLElement | SVGElement {
  return "style" in element;
}

function valuesOf(styles: CSSStyleDeclaration, names: readonly string[]): string[] {
  return names.map((name) => styles.getPropertyValue(name));
}

function usualOf(name: string, [plain = "", colored = "", sized = ""]: string[]): Usual {
  if (name !== "color" && colored === PROBE_COLOR) return { value: plain, follows: "color" };
  const isSized = plain !== sized && name !== "font-size" && /^-?[\d.]+px$/.test(sized);
  return { value: plain, follows: isSized ? parseFloat(sized) / PROBE_SIZE_PX : null };
}
