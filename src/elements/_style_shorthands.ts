import type { NamedStyles } from "./_style_names.ts";

const SIDES = ["top", "right", "bottom", "left"] as const;
const CORNERS = ["top-left", "top-right", "bottom-right", "bottom-left"] as const;
const LINE = ["width", "style", "color"] as const;

/** Shorthands of four or two longhands that stand in this order, and are said by as few values as there can be. */
const SHORTHANDS: readonly (readonly [string, readonly string[]])[] = [
  ["inset", SIDES],
  ["margin", SIDES.map((side) => `margin-${side}`)],
  ["padding", SIDES.map((side) => `padding-${side}`)],
  ...LINE.map((aspect) => [`border-${aspect}`, SIDES.map((side) => `border-${side}-${aspect}`)] as const),
  ["border-radius", CORNERS.map((corner) => `border-${corner}-radius`)],
  ["overflow", ["overflow-x", "overflow-y"]],
  ["gap", ["row-gap", "column-gap"]],
];

/** The properties that are kept, with a shorthand where at least two of them, or a whole border, can be said by one. `styles` has the others too. */
export function inOneDeclaration(kept: ReadonlyMap<string, unknown>, styles: NamedStyles): Map<string, unknown> {
  const said = new Map(kept);
  const border = SIDES.map((side) => lineOf(side));
  if (border.every((line) => line === border[0])) say("border", SIDES.flatMap(lineNames), border[0]);
  for (const [index, side] of SIDES.entries()) say(`border-${side}`, lineNames(side), border[index]);
  for (const [name, longhands] of SHORTHANDS) {
    say(
      name,
      longhands,
      inFewest(longhands.map((longhand) => styles.get(longhand))),
    );
  }
  return said;

  function say(name: string, longhands: readonly string[], value: string | undefined): void {
    if (value === undefined || longhands.filter((longhand) => said.has(longhand)).length < 2) return;
    for (const longhand of longhands) said.delete(longhand);
    said.set(name, value);
  }

  // Only of one that is to be seen: `0px none` says less than its longhands do.
  function lineOf(side: string): string | undefined {
    const [width, style, color] = LINE.map((aspect) => styles.get(`border-${side}-${aspect}`));
    if (typeof width !== "string" || typeof style !== "string" || typeof color !== "string") return undefined;
    return width === "0px" || style === "none" || style === "hidden" ? undefined : `${width} ${style} ${color}`;
  }
}

function lineNames(side: string): string[] {
  return LINE.map((aspect) => `border-${side}-${aspect}`);
}

// CSSOM §6.7.2: a value that the one across says already is left out. A corner of two radii has no such short form here.
function inFewest(values: readonly unknown[]): string | undefined {
  const texts = values.filter((value) => typeof value === "string");
  const [top = "", right = "", bottom = "", left = ""] = texts;
  if (texts.length !== values.length) return undefined;
  const isColor = texts.every((text) => /^(rgb|#|color\(|ok|lab|lch|hsl)/.test(text));
  if (!isColor && texts.some((text) => text.includes(" "))) return undefined;
  if (texts.length === 2) return top === right ? top : `${top} ${right}`;
  if (left !== right) return texts.join(" ");
  if (top !== bottom) return `${top} ${right} ${bottom}`;
  return top === right ? top : `${top} ${right}`;
}
