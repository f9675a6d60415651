import { customPropertiesOf } from "./_custom_properties.ts";
import { type Usuals, usualsOf } from "./_default_styles.ts";

/** What is asked of nearly every element, so that an answer never lacks it. */
const ALWAYS = new Set([
  "display",
  "position",
  "color",
  "background-color",
  "font-family",
  "font-size",
  "font-weight",
  "line-height",
]);
/** They follow from layout, from the language or from other properties; the box says the size. */
const DERIVED =
  /^(?:width|height|perspective-origin|transform-origin|-webkit-locale|-webkit-text-decorations-in-effect)$/;
/** They say by the text's direction what others say physically. */
const LOGICAL = /(?:^|-)(?:inline|block)(?:-|$)|^border-(?:start|end)-(?:start|end)-radius$/;
const INHERITED =
  /^(?:color|cursor|direction|font|letter-spacing|line-height|line-break|list-style|orphans|overflow-wrap|pointer-events|quotes|tab-size|text-(?:align|indent|transform|rendering|shadow|size-adjust|wrap|autospace|spacing|decoration-skip|underline|emphasis)|visibility|white-space|widows|word|hyphen|caret|accent-color|color-scheme|fill|stroke|clip-rule|paint-order|marker|-webkit-(?:font|text|tap|user|line|writing|ruby|rtl|print)|image-|shape-rendering|user-select|interpolat|math|ruby|dominant|text-anchor|border-collapse|border-spacing|caption-side|empty-cells|speak|writing-mode|zoom)/;
const PSEUDO_ELEMENTS = ["::before", "::after"] as const;
const PSEUDO_TAG = "span";
/** Layout rounds to 1/64 of a pixel. */
const TOLERANCE_PX = 0.51;
/** Longer ones are images. */
const MAX_VALUE_LENGTH = 2_000;

const names = new WeakMap<Window, { all: string[]; physical: string[] }>();

/**
 * The computed styles that differ from what the tag has by default, and those that are asked for always; or all of them. With them the custom
 * properties that its rules use, and under `::before` and `::after` the declarations of these, where they are shown.
 */
export function stylesOf(element: Element, { all }: { all: boolean }): Record<string, string> {
  const view = element.ownerDocument.defaultView;
  if (view === null) return {};
  const styles = view.getComputedStyle(element);
  const known = namesOf(view, styles);
  const shown = all ? readAll(styles, known.all) : readDistinct(element, styles, known.physical);
  for (const pseudo of PSEUDO_ELEMENTS) {
    const declared = pseudoStyles(element, { pseudo, styles, names: known.physical });
    if (declared !== null) shown[pseudo] = declared;
  }
  return { ...shown, ...customPropertiesOf(element, styles) };
}

/** The same for all elements of a window, and slow to list. */
function namesOf(view: Window, styles: CSSStyleDeclaration): { all: string[]; physical: string[] } {
  const known = names.get(view);
  if (known !== undefined) return known;
  const all = [...styles].filter((name) => !name.startsWith("--"));
  const listed = { all, physical: all.filter((name) => !LOGICAL.test(name)) };
  if (all.length > 0) names.set(view, listed);
  return listed;
}

function readAll(styles: CSSStyleDeclaration, names: string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, styles.getPropertyValue(name).slice(0, MAX_VALUE_LENGTH)]));
}

function readDistinct(element: Element, styles: CSSStyleDeclaration, names: string[]): Record<string, string> {
  const usuals = usualsOf(element, names);
  const { color, fontSize } = styles;
  const kept: Record<string, string> = {};
  for (const name of names) {
    const value = styles.getPropertyValue(name);
    const isKept = ALWAYS.has(name) || !(DERIVED.test(name) || isUsual(usuals, name, { value, color, fontSize }));
    if (isKept && value !== "") kept[name] = value.slice(0, MAX_VALUE_LENGTH);
  }
  return withSizes(element, styles, withWholeLines(styles, kept));
}

function isUsual(
  usuals: Usuals,
  name: string,
  { value, color, fontSize }: { value: string; color: string; fontSize: string },
): boolean {
  const usual = usuals.get(name);
  if (usual === undefined) return false;
  if (usual.value === value) return true;
  if (usual.follows === "color") return value === color;
  if (usual.follows === null || !value.endsWith("px")) return false;
  return Math.abs(parseFloat(value) - usual.follows * parseFloat(fontSize)) < TOLERANCE_PX;
}

/** The colour of a border says nothing without its style and width, and nothing where there is none. */
function withWholeLines(styles: CSSStyleDeclaration, kept: Record<string, string>): Record<string, string> {
  for (const line of ["border-top", "border-right", "border-bottom", "border-left", "outline", "column-rule"]) {
    const [color, style, width] = [`${line}-color`, `${line}-style`, `${line}-width`];
    const isShown = ![styles.getPropertyValue(style), styles.getPropertyValue(width)].some((value) =>
      value === "none" || value === "0px"
    );
    if (!isShown) delete kept[color];
    else if (kept[color] !== undefined) {
      for (const name of [style, width]) kept[name] ??= styles.getPropertyValue(name);
    }
  }
  return kept;
}

/** Its size where the box does not say it: a transform changed that. Where it turns around matters then too. */
function withSizes(
  element: Element,
  styles: CSSStyleDeclaration,
  kept: Record<string, string>,
): Record<string, string> {
  const moves = [styles.transform, styles.rotate, styles.scale, styles.perspective];
  if (moves.every((move) => move === "none" || move === "")) return kept;
  const { width, height, transformOrigin } = styles;
  if (element.localName !== "br") Object.assign(kept, { width, height, "transform-origin": transformOrigin });
  return kept;
}

function pseudoStyles(
  element: Element,
  { pseudo, styles, names }: { pseudo: string; styles: CSSStyleDeclaration; names: string[] },
): string | null {
  const own = element.ownerDocument.defaultView?.getComputedStyle(element, pseudo);
  if (own === undefined || own.content === "none" || own.content === "normal" || own.content === "") return null;
  const usuals = usualsOf(element.ownerDocument.createElement(PSEUDO_TAG), names);
  const { color, fontSize } = own;
  const kept: Record<string, string> = { content: own.content };
  for (const name of names) {
    const value = own.getPropertyValue(name);
    if (value === "" || isUsual(usuals, name, { value, color, fontSize })) continue;
    if (INHERITED.test(name) ? value === styles.getPropertyValue(name) : /origin|locale/.test(name)) continue;
    kept[name] = value;
  }
  return Object.entries(withWholeLines(own, kept)).map(([name, value]) => `${name}: ${value}`).join("; ").slice(
    0,
    MAX_VALUE_LENGTH,
  );
}
