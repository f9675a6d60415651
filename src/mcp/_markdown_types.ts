import { codeSpan, oneLine, quoted, word } from "./_markdown_text.ts";
import { presentFields } from "./_parts.ts";
import type { ObjectShape } from "./_shape.ts";

/** An object's values by the schema's names of its fields; those that are null are left out. */
export type Facts = Record<string, unknown>;

/** How objects of a type are written on one line, if they have what that takes. A type that is not here is written field by field. */
const TYPES: Record<string, (facts: Facts) => string | undefined> = {
  Box: ({ x, y, width, height }) => isNumbers(x, y, width, height) ? `${x},${y} ${width}×${height}` : undefined,
  Viewport: ({ width, height, scrollX, scrollY, devicePixelRatio }) =>
    isNumbers(width, height)
      ? joined([
        `${width}×${height}`,
        isNumbers(scrollX, scrollY) && `scrolled ${scrollX},${scrollY}`,
        isNumbers(devicePixelRatio) && `@${devicePixelRatio}x`,
      ])
      : undefined,
  Accessibility: ({ role, name, description }) =>
    joined([
      typeof role === "string" && word(role),
      typeof name === "string" && quoted(name),
      typeof description === "string" && `described as ${quoted(description)}`,
    ]),
  SourceComponent: ({ name, framework, file, line, column }) => {
    const source = [typeof file === "string" && word(file), isNumbers(line) && line, isNumbers(column) && column];
    return joined([
      typeof name === "string" && word(name),
      typeof framework === "string" && `(${word(framework)})`,
      source.filter((part) => part !== false).join(":"),
    ]);
  },
  User: nameAndId,
  Project: nameAndId,
  Screenshot: image,
  ScaledImage: image,
};
/** Fields that the writers above know; an object with others is written field by field. */
const KNOWN: Record<string, ReadonlySet<string>> = {
  User: new Set(["name", "id"]),
  Project: new Set(["name", "id"]),
  Screenshot: new Set(["url", "mimeType", "width", "height", "byteSize"]),
};

/** An object on one line, as its type is best read; undefined: field by field. "" says that there is nothing to tell. */
export function writeType(value: unknown, shape: ObjectShape): string | undefined {
  const write = TYPES[shape.type];
  if (write === undefined) return undefined;
  const facts = factsOf(value, shape);
  const known = KNOWN[shape.type];
  return known && Object.keys(facts).some((field) => !known.has(field)) ? undefined : write(facts);
}

/** What an element's heading tells: its component, where that is written, and its selector. */
export function headingOf(value: unknown, shape: ObjectShape): string {
  const { component: source, selector } = factsOf(value, shape);
  const component = [...shape.fields.values()].find(({ field }) => field === "component");
  return [
    component?.kind === "object" && source !== undefined ? writeType(source, component) ?? "" : "",
    typeof selector === "string" && selector !== "" ? codeSpan(selector) : "",
  ].filter((part) => part !== "").join(" · ");
}

/** The values of an object's fields that are not null, by the schema's names. */
export function factsOf(value: unknown, shape: ObjectShape): Facts {
  const facts: Facts = {};
  for (const [, inner, { field }] of presentFields(value, shape)) {
    if (inner !== null && inner !== undefined) facts[field] = inner;
  }
  return facts;
}

function nameAndId({ name, id }: Facts): string | undefined {
  if (typeof name !== "string") return undefined;
  return typeof id === "string" ? `${word(name)} (${oneLine(id)})` : word(name);
}

function image({ url, mimeType, width, height, byteSize }: Facts): string | undefined {
  return joined([
    typeof mimeType === "string" && word(mimeType),
    isNumbers(width, height) && `${width}×${height}`,
    isNumbers(byteSize) && `${byteSize} bytes`,
    typeof url === "string" && word(url),
  ]);
}

function isNumbers(...values: unknown[]): boolean {
  return values.every((value) => typeof value === "number");
}

function joined(parts: (string | false)[]): string {
  return parts.filter((part) => part !== false && part !== "").join(" ");
}
