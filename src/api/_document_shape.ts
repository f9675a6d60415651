import {
  type ConstDirectiveNode,
  type DirectiveNode,
  type DocumentNode,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
  type ValueNode,
} from "graphql";
import { AppError } from "../base/errors.ts";

/** What is counted of a document, with its fragments written out wherever they are spread. */
interface Shape {
  operations: number;
  depth: number;
  aliases: number;
  directives: number;
  fields: number;
  repeats: number;
  nesting: number;
  typeLists: number;
  wrappers: number;
}

/** The most that a document may have of each, and how a message calls it. */
export const SHAPE_LIMITS: { readonly counted: keyof Shape; readonly limit: number; readonly unit: string }[] = [
  { counted: "operations", limit: 1, unit: "operations" },
  // The innermost field included, and without `ofType`.
  { counted: "depth", limit: 12, unit: "levels of fields" },
  { counted: "aliases", limit: 30, unit: "aliases" },
  { counted: "directives", limit: 50, unit: "directives" },
  // As many as a document without fragments could have at most.
  { counted: "fields", limit: 5_000, unit: "fields, with its fragments written out" },
  // Validation compares each with each: a hundred would take it tens of milliseconds.
  { counted: "repeats", limit: 50, unit: "fields of one name that have fields of their own" },
  // Of lists and objects in arguments: what reads them may run out of stack, and variables say the same.
  { counted: "nesting", limit: 100, unit: "levels of lists and objects in its values" },
  // `fields`, `inputFields`, `interfaces` and `possibleTypes` of introspection: each multiplies the answer.
  { counted: "typeLists", limit: 2, unit: "lists of a type's members within one another" },
  // As far as graphql-js lets its own introspection query go.
  { counted: "wrappers", limit: 100, unit: "levels of ofType" },
];

const TYPE_LISTS = new Set(["fields", "inputFields", "interfaces", "possibleTypes"]);
const NOTHING: Shape = {
  operations: 0,
  depth: 0,
  aliases: 0,
  directives: 0,
  fields: 0,
  repeats: 0,
  nesting: 0,
  typeLists: 0,
  wrappers: 0,
};

/** What is wrong with a document's shape, if anything: `TOO_COMPLEX`. Before it is validated, which may cost much more than this. */
export function findShapeFault(document: DocumentNode): AppError | null {
  const shape = measureOrOverflow(document);
  if (shape === null) return new AppError("TOO_COMPLEX", "Cannot run this document: it is nested too deeply");
  for (const { counted, limit, unit } of SHAPE_LIMITS) {
    if (shape[counted] <= limit) continue;
    const figure = Number.isSafeInteger(shape[counted]) ? shape[counted] : "very many";
    return new AppError("TOO_COMPLEX", `Cannot run this document: it has ${figure} ${unit}, at most ${limit}`);
  }
  return null;
}

// What the parser's stack was enough for may be too much for the one here, and for the one of validation.
function measureOrOverflow(document: DocumentNode): Shape | null {
  try {
    return measureDocument(document);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function measureDocument({ definitions }: DocumentNode): Shape {
  const fragments = new Map<string, SelectionSetNode>();
  for (const node of definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node.selectionSet);
  }
  const measured = new Map<string, Shape>();
  const repeated = new Map<string, number>();
  const whole = { ...NOTHING };
  for (const node of definitions) {
    if (node.kind !== Kind.OPERATION_DEFINITION && node.kind !== Kind.FRAGMENT_DEFINITION) continue;
    addDirectives(whole, node.directives);
    for (const { directives, defaultValue } of node.variableDefinitions ?? []) {
      addDirectives(whole, directives);
      if (defaultValue !== undefined) whole.nesting = Math.max(whole.nesting, nestingOf(defaultValue));
    }
    if (node.kind !== Kind.OPERATION_DEFINITION) continue;
    whole.operations++;
    join(whole, measureSelections(node.selectionSet));
  }
  return { ...whole, repeats: Math.max(0, ...repeated.values()) };

  function measureSelections({ selections }: SelectionSetNode): Shape {
    const shape = { ...NOTHING };
    for (const selection of selections) {
      addDirectives(shape, selection.directives);
      join(shape, measureSelection(selection));
    }
    return shape;
  }

  function measureSelection(selection: SelectionNode): Shape {
    if (selection.kind === Kind.INLINE_FRAGMENT) return measureSelections(selection.selectionSet);
    if (selection.kind === Kind.FRAGMENT_SPREAD) return measureFragment(selection.name.value);
    const inner = selection.selectionSet === undefined ? { ...NOTHING } : measureSelections(selection.selectionSet);
    inner.fields++;
    for (const { value } of selection.arguments ?? []) inner.nesting = Math.max(inner.nesting, nestingOf(value));
    if (selection.alias !== undefined) inner.aliases++;
    const name = selection.name.value;
    if (name === "ofType") inner.wrappers++;
    else {
      inner.depth++;
      if (selection.selectionSet !== undefined) count(repeated, (selection.alias ?? selection.name).value);
    }
    if (TYPE_LISTS.has(name)) inner.typeLists++;
    return inner;
  }

  // Each once, however often it is spread: or fragments that spread the next one twice would take for ever.
  function measureFragment(name: string): Shape {
    const known = measured.get(name);
    if (known !== undefined) return known;
    // One that holds itself, or is not there, is for validation to refuse.
    measured.set(name, NOTHING);
    const selectionSet = fragments.get(name);
    const shape = selectionSet === undefined ? NOTHING : measureSelections(selectionSet);
    measured.set(name, shape);
    return shape;
  }
}

function addDirectives(shape: Shape, directives: readonly (DirectiveNode | ConstDirectiveNode)[] = []): void {
  shape.directives += directives.length;
  for (const { arguments: args = [] } of directives) {
    for (const { value } of args) shape.nesting = Math.max(shape.nesting, nestingOf(value));
  }
}

function nestingOf(value: ValueNode): number {
  let deepest = 0;
  if (value.kind === Kind.LIST) { for (const item of value.values) deepest = Math.max(deepest, nestingOf(item)); }
  else if (value.kind === Kind.OBJECT) {
    for (const field of value.fields) deepest = Math.max(deepest, nestingOf(field.value));
  } else return 0;
  return deepest + 1;
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function join(shape: Shape, inner: Shape): void {
  shape.aliases += inner.aliases;
  shape.directives += inner.directives;
  shape.fields += inner.fields;
  shape.nesting = Math.max(shape.nesting, inner.nesting);
  shape.depth = Math.max(shape.depth, inner.depth);
  shape.typeLists = Math.max(shape.typeLists, inner.typeLists);
  shape.wrappers = Math.max(shape.wrappers, inner.wrappers);
}
