import type { ObjectShape, Shape } from "./_shape.ts";

/** A JSON Schema (2020-12), as much of it as answers need. */
export interface OutputSchema {
  type?: string | string[];
  format?: string;
  enum?: (string | null)[];
  items?: OutputSchema;
  properties?: Record<string, OutputSchema>;
  required?: string[];
  $defs?: Record<string, OutputSchema>;
  $ref?: string;
}

const SCALARS: Record<string, { type: string; format?: string }> = {
  ID: { type: "string" },
  String: { type: "string" },
  Int: { type: "integer" },
  Float: { type: "number" },
  Boolean: { type: "boolean" },
  DateTime: { type: "string", format: "date-time" },
};
/** What was cut, beside an answer's own fields: what an entry says, it says by itself. */
const CUT: OutputSchema = { type: "array" };
/** A schema that is no longer than this is not worth a name. */
const MIN_SHARED_CHARACTERS = 80;

/** The JSON Schema of the structured content that `composeAnswer` makes of data of this shape: without descriptions, since every tool's is listed. */
export function shapeSchema(shape: Shape): OutputSchema {
  const counts = new Map<string, number>();
  const whole = schemaOf(shape, (schema) => {
    const text = JSON.stringify(schema);
    counts.set(text, (counts.get(text) ?? 0) + 1);
    return schema;
  });
  const names = new Map<string, string>();
  const $defs: Record<string, OutputSchema> = {};
  const shared = schemaOf(shape, (schema, type) => {
    const text = JSON.stringify(inPlace(schema, $defs));
    if (text.length < MIN_SHARED_CHARACTERS || (counts.get(text) ?? 0) < 2) return schema;
    const name = names.get(text) ?? (type in $defs ? `${type}${names.size}` : type);
    names.set(text, name);
    $defs[name] = schema;
    return { $ref: `#/$defs/${name}` };
  });
  const root = names.size === 0 ? whole : { ...shared, $defs };
  return { ...root, properties: { ...root.properties, cut: CUT } };
}

/** Names what is repeated, or leaves it as it is. */
type Share = (schema: OutputSchema, type: string) => OutputSchema;

function schemaOf(shape: Shape, share: Share): OutputSchema {
  if (shape.kind === "list") return withNull({ type: "array", items: schemaOf(shape.item, share) }, shape.nullable);
  if (shape.kind === "object") {
    const schema = withNull(objectSchema(shape, share), shape.nullable);
    return shape.field === "" ? schema : share(schema, shape.type);
  }
  if (shape.values) return { enum: shape.nullable ? [...shape.values, null] : [...shape.values] };
  return withNull(SCALARS[shape.type] ?? {}, shape.nullable);
}

function objectSchema({ type, fields }: ObjectShape, share: Share): OutputSchema {
  const told = [...fields].filter(([, { field }]) => type !== "ScaledImage" || field !== "base64");
  const required = told.flatMap(([key, { optional }]) => optional ? [] : [key]);
  return {
    type: "object",
    properties: Object.fromEntries(told.map(([key, field]) => [key, schemaOf(field, share)])),
    ...(required.length === 0 ? {} : { required }),
  };
}

function withNull(schema: OutputSchema, nullable: boolean): OutputSchema {
  return nullable && typeof schema.type === "string" ? { ...schema, type: [schema.type, "null"] } : schema;
}

/** A schema with what is named put back in its place. */
function inPlace(schema: OutputSchema, $defs: Record<string, OutputSchema>): OutputSchema {
  const name = schema.$ref?.slice("#/$defs/".length);
  const named = name === undefined ? undefined : $defs[name];
  if (named) return inPlace(named, $defs);
  const { items, properties } = schema;
  return {
    ...schema,
    ...(items ? { items: inPlace(items, $defs) } : {}),
    ...(properties
      ? {
        properties: Object.fromEntries(
          Object.entries(properties).map(([key, inner]) => [key, inPlace(inner, $defs)]),
        ),
      }
      : {}),
  };
}

/**
 * A schema as it is listed, which every model that sees the tools pays for: the names of all fields, the types of numbers and
 * Booleans, and what is always there at the top. The rest is text, or says by its parts what it is. What is valid for the whole one is valid for it.
 */
export function briefSchema({ required, type = "object", ...schema }: OutputSchema): OutputSchema {
  return { type, ...brief(schema), ...(required === undefined ? {} : { required }) };
}

function brief({ type, items, properties, $defs, $ref }: OutputSchema): OutputSchema {
  if ($ref !== undefined) return { $ref };
  if (items === undefined && properties === undefined) {
    return typeof type !== "string" || type === "string" ? {} : { type };
  }
  return {
    ...(items === undefined ? {} : { items: brief(items) }),
    ...(properties === undefined ? {} : { properties: briefEach(properties) }),
    ...($defs === undefined ? {} : { $defs: briefEach($defs) }),
  };
}

function briefEach(schemas: Record<string, OutputSchema>): Record<string, OutputSchema> {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, brief(schema)]));
}
