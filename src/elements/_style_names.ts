import { longhandOf } from "./_default_styles.ts";

/** Computed styles by the names that sheets have for the properties; nothing of them is empty. */
export type NamedStyles = ReadonlyMap<string, unknown>;

/** What `CSSStyleDeclaration` has beside properties, as spelled in sheets. */
const NO_PROPERTIES = new Set(["css-text", "length", "parent-rule"]);
const LOGICAL_PLACES: readonly (readonly [RegExp, string])[] = [
  [/^border-start-start-radius$/, "border-top-left-radius"],
  [/^border-start-end-radius$/, "border-top-right-radius"],
  [/^border-end-start-radius$/, "border-bottom-left-radius"],
  [/^border-end-end-radius$/, "border-bottom-right-radius"],
  [/\binline-start\b/, "left"],
  [/\binline-end\b/, "right"],
  [/\bblock-start\b/, "top"],
  [/\bblock-end\b/, "bottom"],
  [/\binline-size\b/, "width"],
  [/\bblock-size\b/, "height"],
  [/^(overflow|overscroll-behavior)-inline$/, "$1-x"],
  [/^(overflow|overscroll-behavior)-block$/, "$1-y"],
  [/^(border|margin|padding|inset|scroll-margin|scroll-padding)-(inline|block)\b/, "$1"],
];

/** Browsers have some 500, and pages that use many custom ones some hundreds. */
const MAX_PROPERTIES = 5_000;

/** Names properties as sheets do, whether they came as in a sheet or as in JavaScript; `--x` stays. Of two spellings the sheet's counts; of too many the first. */
export function nameStyles(styles: Record<string, unknown>): NamedStyles {
  const named = new Map<string, unknown>();
  for (const [name, value] of Object.entries(styles).slice(0, MAX_PROPERTIES)) {
    if (value === null || value === "" || /^\d+$/.test(name)) continue;
    const property = toSheetName(name);
    if (NO_PROPERTIES.has(property) || (property !== name && named.has(property))) continue;
    named.set(property, value);
  }
  return named;
}

/** The property that says physically, for text from left to right, what this one says by the text's direction; the same where it does not. */
export function physicalOf(property: string): string {
  if (!/start|end|inline|block/.test(property)) return property;
  for (const [logical, physical] of LOGICAL_PLACES) {
    if (logical.test(property)) {
      return property.replace(logical, physical).replace(/^inset-(?=top|right|bottom|left)/, "");
    }
  }
  return property;
}

/** Whether other properties that are there say the same. */
export function isRepeated(property: string, styles: NamedStyles): boolean {
  const physical = physicalOf(property);
  if (physical !== property && isSaid(physical, styles)) return true;
  if (isShorthandSaid(property, styles)) return true;
  return property.startsWith("-webkit-") && isSaid(property.slice("-webkit-".length), styles);
}

function isSaid(property: string, styles: NamedStyles): boolean {
  return styles.has(property) || isShorthandSaid(property, styles);
}

function isShorthandSaid(property: string, styles: NamedStyles): boolean {
  const longhand = longhandOf(property);
  return longhand !== undefined && styles.has(longhand);
}

function toSheetName(name: string): string {
  if (name.includes("-") || !/[A-Z]/.test(name)) return name;
  if (name === "cssFloat") return "float";
  return name.replace(/^(webkit|moz|ms|epub)(?=[A-Z])/, "-$1").replace(
    /[A-Z]/g,
    (letter) => `-${letter.toLowerCase()}`,
  );
}
