import { createDefaults, type Tag } from "./_default_styles.ts";
import { shorten } from "./_shortening.ts";
import { inOneDeclaration } from "./_style_shorthands.ts";
import { isRepeated, type NamedStyles, nameStyles, physicalOf } from "./_style_names.ts";
import { inOrderOfUse } from "./_style_order.ts";

/** An element with all of its computed styles. */
export interface StyledElement extends Tag {
  box: { width: number; height: number };
  /** By the names of properties as in sheets or as in JavaScript, and of custom ones; values of any kind. */
  styles: Record<string, unknown>;
}

/** Longer than any value that people write; images inside a sheet are longer. */
const MAX_VALUE_LENGTH = 300;
/** Layout rounds to 1/64 of a pixel, and pages round what they send. */
const TOLERANCE_PX = 0.51;
/** What a property has that was never set, where it is one that Chromium does not know. */
const NOTHING = new Set(["none", "auto", "normal", "0px", "0", "0s", "visible", "currentcolor"]);
const MOVES = ["transform", "rotate", "scale"];

/**
 * The computed styles that differ from what browsers give such an element by default, most useful first, named as in sheets; longhands that
 * say the same as one shorthand are said by it, as `getComputedStyle` has that. Never throws, whatever the values are.
 */
export function keyStylesOf({ box, styles, ...tag }: StyledElement): Record<string, unknown> {
  const named = nameStyles(styles);
  const defaultOf = createDefaults(tag);
  const kept = [...named].filter(([property, value]) =>
    property.startsWith("--") || !(isRepeated(property, named) || isUsual(property, value))
  );
  const shown = inOrderOfUse(inOneDeclaration(new Map(kept), named));
  return Object.fromEntries(
    shown.map(([name, value]) => [name, typeof value === "string" ? shorten(value, MAX_VALUE_LENGTH) : value]),
  );

  function isUsual(property: string, value: unknown): boolean {
    const physical = physicalOf(property);
    if (physical === "width" || physical === "height") return isOfBox(physical, value);
    if (property.startsWith("perspective-origin")) return isDefault("perspective", textOf(named, "perspective"));
    if (property.startsWith("transform-origin")) return MOVES.every((name) => isDefault(name, textOf(named, name)));
    // Moved from where it would be: the other two sides say the same with another sign.
    if (textOf(named, "position") === "relative") {
      if (physical === "right" || physical === "bottom") return true;
      if ((physical === "top" || physical === "left") && value === "0px") return true;
    }
    // Of an item of a flex or grid container it is another word for none.
    if ((physical === "min-width" || physical === "min-height") && value === "auto") return true;
    return isLineUsual(physical) || isDefault(physical, typeof value === "number" ? String(value) : value);
  }

  function isDefault(property: string, value: unknown): boolean {
    const usual = defaultOf(property);
    if (value === undefined || value === usual) return true;
    if (typeof value !== "string") return false;
    if (usual === undefined) return NOTHING.has(value.toLowerCase()) || /^-(webkit|moz|ms|epub|apple)-/.test(property);
    if (usual === "currentcolor") return value === textOf(named, "color");
    if (!usual.endsWith("em")) return false;
    return Math.abs(parseFloat(value) - parseFloat(usual) * parseFloat(textOf(named, "font-size") ?? "16")) <
      TOLERANCE_PX;
  }

  // Its colour says nothing of a line that is not there; nor does the rest, where none is there by default.
  function isLineUsual(property: string): boolean {
    const [, line, aspect] =
      /^(border-(?:top|right|bottom|left)|outline|column-rule|row-rule)-(color|style|width)$/.exec(property) ?? [];
    if (line === undefined || isLine(textOf(named, `${line}-style`), textOf(named, `${line}-width`))) return false;
    return aspect === "color" || !isLine(defaultOf(`${line}-style`), defaultOf(`${line}-width`));
  }

  // Its size is in its box, which has padding and border too; a size that is not was changed by a transform.
  function isOfBox(property: "width" | "height", value: unknown): boolean {
    if (value === "auto" || value === "fit-content") return true;
    const [before, after] = property === "width" ? ["left", "right"] : ["top", "bottom"];
    const around = [`padding-${before}`, `padding-${after}`, `border-${before}-width`, `border-${after}-width`]
      .reduce((sum, name) => sum + (parseFloat(textOf(named, name) ?? "") || 0), 0);
    const size = parseFloat(String(value));
    return [size, size + around].some((whole) => Math.abs(whole - box[property]) < TOLERANCE_PX);
  }
}

/** Whether a border, an outline or a rule of such a style and width is to be seen. */
function isLine(style: string | undefined, width: string | undefined): boolean {
  return style !== undefined && style !== "none" && style !== "hidden" && width !== "0px";
}

function textOf(styles: NamedStyles, property: string): string | undefined {
  const value = styles.get(property);
  return typeof value === "string" ? value : undefined;
}
