import type { Component, Finding, Surroundings } from "./source.ts";
import { placeOf } from "./_markup.ts";
import { tidySource, viteBase } from "./_source_names.ts";
import { read } from "./_untrusted.ts";

const FILE = "data-astro-source-file";
const LOCATION = "data-astro-source-loc";
const MAX_DEPTH = 200;

/**
 * Astro's development server writes file and position into the page, and its toolbar takes them out of the document again: then they are
 * in the page's HTML as the server sends it, at the same place if the page is still the same. Astro says where a tag ends; where it begins
 * is in the source.
 */
export function findAstro(element: Element, { document, maps }: Surroundings): Finding | null {
  const isDevelopment = read(document.defaultView, "__astro_dev_toolbar__") !== undefined;
  if (!isDevelopment && !element.hasAttribute(FILE)) return null;
  return { sought: locate() };

  async function locate(): Promise<Component | null> {
    const marked = element.hasAttribute(FILE) ? element : await findInSentPage();
    const said = marked?.getAttribute(FILE) ?? "";
    const file = said.length > 1_000 ? null : tidySource(said, document);
    if (file === null) return null;
    const name = file.split(/[/\\]/).at(-1)?.replace(/\.\w+$/, "") || file;
    const end = /^(\d{1,7}):(\d{1,7})$/.exec(marked?.getAttribute(LOCATION) ?? "");
    const text = end === null ? null : await loadSource(file);
    const place = text === null ? null : placeOfTag(text, Number(end?.[1]), Number(end?.[2]));
    return { framework: "astro", name, file, ...place };
  }

  async function findInSentPage(): Promise<Element | null> {
    const html = (await maps.load(document.location.href.replace(/#.*$/s, "")))?.text;
    const path = pathOf(element);
    if (html === undefined || path === null || document.defaultView === null) return null;
    const sent = new document.defaultView.DOMParser().parseFromString(html, "text/html");
    return follow(sent, path);
  }

  async function loadSource(file: string): Promise<string | null> {
    const url = new URL(`${viteBase(document)}@fs/${file.replace(/^\//, "")}?raw`, document.location.href).href;
    const module = (await maps.load(url))?.text ?? "";
    const quoted = /^export default ("(?:[^"\\]|\\.)*")/.exec(module)?.[1];
    return quoted === undefined ? null : JSON.parse(quoted);
  }

  function placeOfTag(text: string, line: number, column: number): { line: number; column: number } | null {
    const lines = text.split("\n", line);
    const end = lines.slice(0, -1).join("\n").length + (line > 1 ? 1 : 0) + column - 1;
    const tag = `<${element.localName}(?![\\w.-])`;
    // What it says is behind the sign that begins the element's content, or of an element without any behind its own.
    if (new RegExp(`^${tag}`).test(text.slice(end - 1))) return placeOf(text, end - 1);
    const tagEnd = /[<{]/.test(text[end - 1] ?? "") ? end - 1 : end;
    if (text[tagEnd - 1] !== ">") return null;
    const start = [...text.slice(0, tagEnd).matchAll(new RegExp(tag, "g"))].at(-1)?.index ?? -1;
    return lines.length < line || start === -1 ? null : placeOf(text, start);
  }
}

interface Step {
  tag: string;
  /** Its number among its siblings of the same tag, and how many those are. */
  index: number;
  count: number;
}

function pathOf(element: Element): { steps: Step[]; element: Element } | null {
  const steps: Step[] = [];
  const { body } = element.ownerDocument;
  for (let current = element; current !== body; current = current.parentElement ?? body) {
    if (steps.length > MAX_DEPTH || current.parentElement === null) return null;
    const same = [...current.parentElement.children].filter(({ localName }) => localName === current.localName);
    steps.unshift({ tag: current.localName, index: same.indexOf(current), count: same.length });
  }
  return { steps, element };
}

// A page that was sent otherwise, or changed since, has other siblings, attributes or text on the way.
function follow(sent: Document, { steps, element }: { steps: Step[]; element: Element }): Element | null {
  let current: Element = sent.body;
  for (const { tag, index, count } of steps) {
    const same = [...current.children].filter(({ localName }) => localName === tag);
    const next = same[index];
    if (next === undefined || same.length !== count) return null;
    current = next;
  }
  const names = current.getAttributeNames().filter((name) => name !== FILE && name !== LOCATION);
  const isSame = names.length === element.getAttributeNames().length &&
    names.every((name) => element.getAttribute(name) === current.getAttribute(name));
  return isSame && current.textContent === element.textContent ? current : null;
}
