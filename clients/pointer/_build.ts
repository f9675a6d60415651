/** The window of a document, with the constructors that belong to it. */
export type View = Window & typeof globalThis;

const SVG = "http://www.w3.org/2000/svg";
const XHTML = "http://www.w3.org/1999/xhtml";

/** An HTML element, also in XML documents; built by hand, since pages may forbid text to become HTML (Trusted Types). */
export function build(
  document: Document,
  tag: string,
  attributes: Record<string, string> = {},
  children: (Node | string)[] = [],
): HTMLElement {
  const element = document.createElementNS(XHTML, tag);
  if (!isHtml(element)) throw new Error(`Cannot build "${tag}"`);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** A 16 px icon from the `d` of its path; said by what stands beside it. */
export function buildIcon(document: Document, path: string): SVGElement {
  const icon = document.createElementNS(SVG, "svg");
  icon.setAttribute("viewBox", "0 0 16 16");
  icon.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", path);
  icon.append(line);
  return icon;
}

/** Whether it is an HTML element of whichever window. */
export function isHtml(node: Node | null): node is HTMLElement {
  const view = node?.ownerDocument?.defaultView;
  return view !== null && view !== undefined && node instanceof view.HTMLElement;
}

/** Sets style properties through the CSSOM, which no content security policy forbids. */
export function setStyle(element: HTMLElement, properties: Record<string, string>): void {
  for (const [name, value] of Object.entries(properties)) element.style.setProperty(name, value);
}
