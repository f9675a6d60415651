import type { Box, Capture, ElementChange } from "../browser/messages.ts";
import { maskCapture } from "../masking/masking.ts";
import { accessibilityOf } from "./_accessibility.ts";
import { isTag } from "./_dom_nodes.ts";
import { cut, htmlOf, maskedValue } from "./_html.ts";
import { shortAddress } from "./page_facts.ts";
import { pageSecrets } from "./_page_secrets.ts";
import { stylesOf } from "./_styles.ts";
import { textOf } from "./_text.ts";
import { selectorFor } from "./selector.ts";
import { own } from "./own_property.ts";

/** All that a page's document tells of an element. */
export type Description = Omit<Capture, "clientId" | "component" | "screenshot" | "note">;

const MAX_TEXT_LENGTH = 20_000;
const MAX_ATTRIBUTES = 200;
const MAX_ATTRIBUTE_LENGTH = 10_000;
const MAX_CLASSES = 500;
const FIELDS = ["selector", "classNames", "attributes", "text", "html", "computedStyles", "box", "viewport"] as const;

/**
 * What the page's document tells of an element, its secrets masked: the styles that differ from its tag's defaults (`allStyles`: all of them), the box
 * in CSS pixels from its own frame's corner. `framePath` finds that frame from the top, ending with " >>iframe>> ".
 */
export function describeElement(
  element: Element,
  { allStyles = false, framePath = "" }: { allStyles?: boolean; framePath?: string } = {},
): Description {
  const { ownerDocument: document } = element;
  const accessibility = accessibilityOf(element);
  return maskCapture({
    pageUrl: shortAddress(pageUrlOf(document)),
    pageTitle: document.title.slice(0, MAX_ATTRIBUTE_LENGTH).toWellFormed(),
    selector: `${framePath}${selectorFor(element)}`,
    tagName: element.tagName,
    domId: own(element, "id").slice(0, MAX_ATTRIBUTE_LENGTH).toWellFormed() || null,
    classNames: [...own(element, "classList")].slice(0, MAX_CLASSES).map((name) => name.toWellFormed()),
    attributes: attributesOf(element),
    text: textOf(element, MAX_TEXT_LENGTH).toWellFormed(),
    html: htmlOf(element).toWellFormed(),
    computedStyles: stylesOf(element, { all: allStyles }),
    box: boxOf(element),
    viewport: viewportOf(document),
    accessibility: Object.values(accessibility).some((said) => said !== null) ? accessibility : null,
  }, pageSecrets(element));
}

/** Where an element is and how the page is scrolled: of `describeElement`, what changes most, alone and quickly. */
export function describePlace(element: Element): Pick<Description, "box" | "viewport"> {
  return { box: boxOf(element), viewport: viewportOf(element.ownerDocument) };
}

/** The fields of `now` that differ from `before`, whole; null: none. */
export function changedFields(before: ElementChange, now: ElementChange): ElementChange | null {
  const changed = FIELDS.filter((field) => now[field] !== undefined && !isSame(before[field], now[field]));
  return changed.length === 0 ? null : Object.fromEntries(changed.map((field) => [field, now[field]]));
}

function pageUrlOf(document: Document): string {
  // A frame without an address of its own is part of the page that it stands in.
  return document.URL.startsWith("about:") ? document.baseURI : document.URL;
}

function attributesOf(element: Element): Record<string, string> {
  const isHidden = isTag(element, "input") && element.type === "hidden";
  const listed = [...own(element, "attributes")].slice(0, MAX_ATTRIBUTES).map(({ name, value }) => {
    if (isHidden && name === "value") return [name, maskedValue(value)];
    return [name, cut(value, MAX_ATTRIBUTE_LENGTH, (left) => `… (${left})`).toWellFormed()];
  });
  return Object.fromEntries(listed);
}

function boxOf(element: Element): Box {
  const { x, y, width, height } = element.getBoundingClientRect();
  return { x, y, width, height };
}

function viewportOf(document: Document): NonNullable<Capture["viewport"]> | null {
  const view = document.defaultView;
  if (view === null) return null;
  const { innerWidth: width, innerHeight: height, scrollX, scrollY, devicePixelRatio } = view;
  return { width, height, scrollX, scrollY, devicePixelRatio };
}

function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  const [first, second] = [new Map(Object.entries(one)), Object.entries(other)];
  return first.size === second.length &&
    second.every(([key, value]) => first.has(key) && isSame(first.get(key), value));
}
