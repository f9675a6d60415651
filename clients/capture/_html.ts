import { maskText } from "../masking/masking.ts";
import { isElement, isHtml, isText } from "./_dom_nodes.ts";
import { own } from "./own_property.ts";

/** What an AI tool reads at once, and a person never reads to its end. */
const MAX_LENGTH = 60_000;
const MAX_DEPTH = 40;
const MAX_CHILDREN = 200;
const MAX_TEXT_LENGTH = 5_000;
/** Longer ones are images, paths of drawings, states of frameworks. */
const MAX_ATTRIBUTE_LENGTH = 1_000;
const MAX_CODE_LENGTH = 500;
/** HTML Living Standard §13.3 */
const VOID = new Set(
  "area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr".split(" "),
);
const CODE = new Set(["script", "style"]);
const RAW = new Set(["script", "style", "xmp", "iframe", "noembed", "noframes", "plaintext"]);

/** Of which nodes how many children are shown. */
type Shown = Map<Node, Node[]>;

/**
 * The HTML of an element with its open shadow trees (as `<template shadowrootmode="open">`), without the values of hidden inputs. What is too
 * deep, too much or too long is left out, outer before inner, and a comment such as `<!-- 12 more children -->` says so.
 */
export function htmlOf(element: Element): string {
  return write(element, choose(element));
}

/** Goes down level by level, so that of a large element its structure is shown and not its first corner. */
function choose(element: Element): Shown {
  const shown: Shown = new Map();
  let rest = MAX_LENGTH - lengthOf(element);
  let level: Node[] = [element];
  for (let depth = 0; level.length > 0 && depth < MAX_DEPTH && rest > 0; depth++) {
    const below: Node[] = [];
    for (const parent of level) {
      const kept: Node[] = [];
      for (const child of childNodesOf(parent)) {
        rest -= lengthOf(child);
        if (rest < 0 || kept.length >= MAX_CHILDREN) break;
        kept.push(child);
        if (!isText(child)) below.push(child);
      }
      shown.set(parent, kept);
    }
    level = below;
  }
  return shown;
}

function lengthOf(node: Node): number {
  if (!isElement(node)) return Math.min((node.nodeValue ?? "").length, MAX_TEXT_LENGTH);
  let length = 2 * node.localName.length + 5;
  for (const { name, value } of own(node, "attributes")) {
    length += name.length + Math.min(value.length, MAX_ATTRIBUTE_LENGTH) + 4;
  }
  return length;
}

function childNodesOf(node: Node): Iterable<Node> {
  if (isElement(node)) {
    if (node.shadowRoot !== null) return [node.shadowRoot, ...node.childNodes];
    if (isTemplate(node)) return node.content.childNodes;
  }
  return node.childNodes;
}

function isTemplate(element: Element): element is HTMLTemplateElement {
  return element.localName === "template" && isHtml(element) && "content" in element;
}

function write(node: Node, shown: Shown): string {
  if (isText(node)) return escapeText(cut(node.data, MAX_TEXT_LENGTH, moreText));
  if (node.nodeType === 8) return `<!--${cut(node.nodeValue ?? "", MAX_CODE_LENGTH, () => "…")}-->`;
  if (node.nodeType === 11) return `<template shadowrootmode="open">${writeChildren(node, shown)}</template>`;
  if (!isElement(node)) return "";
  const name = isHtml(node) ? node.localName : node.tagName;
  const open = `<${name}${writeAttributes(node)}>`;
  if (isHtml(node) && VOID.has(name)) return open;
  return `${open}${writeInside(node, shown)}</${name}>`;
}

function writeInside(element: Element, shown: Shown): string {
  if (!isHtml(element) || !RAW.has(element.localName)) return writeChildren(element, shown);
  const more = CODE.has(element.localName) ? (left: string) => ` /* ${left} */` : () => "…";
  return cut(element.textContent, MAX_CODE_LENGTH, more);
}

function writeChildren(parent: Node, shown: Shown): string {
  const kept = shown.get(parent) ?? [];
  const html = kept.map((child) => write(child, shown)).join("");
  return `${html}${leftOut(parent, kept)}`;
}

function leftOut(parent: Node, kept: Node[]): string {
  const content = isElement(parent) && isTemplate(parent) ? parent.content : parent;
  if (!("childElementCount" in content) || typeof content.childElementCount !== "number") return "";
  const left = content.childElementCount - kept.filter(isElement).length;
  if (left > 0) return `<!-- ${left} more ${left === 1 ? "child" : "children"} -->`;
  const last = content.lastChild;
  return last !== null && isText(last) && !kept.includes(last) && last.data.trim() !== "" ? "<!-- more text -->" : "";
}

function writeAttributes(element: Element): string {
  const isHidden = element.localName === "input" && element.getAttribute("type")?.toLowerCase() === "hidden";
  return [...own(element, "attributes")].map(({ name, value }) => {
    const shown = isHidden && name === "value"
      ? maskedValue(value)
      : cut(value, MAX_ATTRIBUTE_LENGTH, (left) => `… (${left})`);
    return ` ${name}="${escapeAttribute(shown)}"`;
  }).join("");
}

/** What a hidden input holds is between the page and its server. */
export function maskedValue(value: string): string {
  return value === "" ? "" : "[masked:token]";
}

/** The beginning of a long text, and what says that more was there. */
export function cut(text: string, maxLength: number, more: (left: string) => string): string {
  if (text.length <= maxLength) return text;
  // A secret that is cut is no longer known as one.
  const kept = maskText(text.slice(0, 4 * maxLength)).slice(0, maxLength).toWellFormed();
  const left = text.length - maxLength;
  return `${kept}${more(`${left} more ${left === 1 ? "character" : "characters"}`)}`;
}

function moreText(left: string): string {
  return `… (${left})`;
}

function escapeText(text: string): string {
  return text.replaceAll(/[&<>\u00a0]/g, escaped);
}

function escapeAttribute(value: string): string {
  return value.replaceAll(/[&<>"\u00a0]/g, escaped);
}

function escaped(char: string): string {
  return { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" }[char] ?? "&nbsp;";
}
