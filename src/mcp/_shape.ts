import {
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  getNamedType,
  getOperationAST,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLOutputType,
  type GraphQLSchema,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  type SelectionSetNode,
} from "graphql";

/** What an operation's data looks like, as its selection says. Fields stand in the document's order: the first is the most useful. */
export type Shape = ObjectShape | ListShape | LeafShape;

interface Member {
  /** The schema's name of the field that holds it; "" for the data itself. */
  field: string;
  nullable: boolean;
  /** It may be absent: a condition stands before it, or not every type that its parent may be has it. */
  optional: boolean;
}

/** The shape of an object, by response keys. */
export interface ObjectShape extends Member {
  kind: "object";
  /** The GraphQL type that the field declares. */
  type: string;
  fields: ReadonlyMap<string, Shape>;
}

/** The shape of a list. */
export interface ListShape extends Member {
  kind: "list";
  item: Shape;
}

/** The shape of a scalar or enum. */
export interface LeafShape extends Member {
  kind: "leaf";
  /** The scalar's or enum's name. */
  type: string;
  /** An enum's values. */
  values?: readonly string[];
  description?: string;
}

/** A field where a document selects it. */
interface Occurrence {
  node: FieldNode;
  parent: GraphQLCompositeType;
  /** The object types whose answers have it. */
  covered: ReadonlySet<string>;
  conditional: boolean;
}

/** The shape of what a document's one operation answers. The document is valid for the schema. */
export function shapeOf(document: DocumentNode, schema: GraphQLSchema): Shape {
  const operation = getOperationAST(document);
  const root = operation ? schema.getRootType(operation.operation) : undefined;
  if (!operation || !root) throw new Error("Cannot tell a document's shape: it needs one operation");
  const fragments = new Map(
    document.definitions.flatMap((definition) =>
      definition.kind === "FragmentDefinition" ? [[definition.name.value, definition] as const] : []
    ),
  );
  return shapeSelection(root, operation.selectionSet, { field: "", nullable: false, optional: false });

  function shapeSelection(parent: GraphQLCompositeType, selections: SelectionSetNode, member: Member): ObjectShape {
    const possible = possibleTypes(schema, parent);
    const byKey = new Map<string, Occurrence[]>();
    collect(selections, { parent, covered: possible, conditional: false }, byKey);
    const fields = new Map([...byKey].map(([key, occurrences]) => [key, shapeField(occurrences, possible)]));
    return { kind: "object", type: parent.name, ...member, fields };
  }

  function collect(
    { selections }: SelectionSetNode,
    place: Omit<Occurrence, "node">,
    byKey: Map<string, Occurrence[]>,
  ): void {
    for (const node of selections) {
      const conditional = place.conditional || isConditional(node.directives);
      if (node.kind === "Field") {
        const key = node.alias?.value ?? node.name.value;
        byKey.set(key, [...byKey.get(key) ?? [], { ...place, node, conditional }]);
        continue;
      }
      const fragment = node.kind === "FragmentSpread" ? fragments.get(node.name.value) : node;
      const condition = fragment?.typeCondition && schema.getType(fragment.typeCondition.name.value);
      const parent = isCompositeType(condition) ? condition : place.parent;
      const covered = place.covered.intersection(possibleTypes(schema, parent));
      if (fragment) collect(fragment.selectionSet, { parent, covered, conditional }, byKey);
    }
  }

  function shapeField(occurrences: Occurrence[], possible: ReadonlySet<string>): Shape {
    const sure = occurrences.filter(({ conditional }) => !conditional);
    const optional = !possible.isSubsetOf(new Set(sure.flatMap(({ covered }) => [...covered])));
    const shapes = occurrences.map((occurrence) => ({
      shape: shapeOccurrence(occurrence, optional),
      always: !occurrence.conditional && possible.isSubsetOf(occurrence.covered),
    }));
    return shapes.reduce((one, other) => ({
      shape: merge(one, other),
      always: one.always || other.always,
    })).shape;
  }

  function shapeOccurrence({ node, parent }: Occurrence, optional: boolean): Shape {
    const name = node.name.value;
    const definition = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined;
    if (definition === undefined) return { kind: "leaf", type: "String", field: name, nullable: false, optional };
    return shapeType(definition.type, { definition, node, optional });
  }

  function shapeType(
    type: GraphQLOutputType,
    of: { definition: GraphQLField<unknown, unknown>; node: FieldNode; optional: boolean },
    nullable = true,
  ): Shape {
    const member = { field: of.definition.name, nullable, optional: of.optional };
    if (isNonNullType(type)) return shapeType(type.ofType, of, false);
    if (isListType(type)) {
      return { kind: "list", ...member, item: shapeType(type.ofType, { ...of, optional: false }) };
    }
    const { selectionSet } = of.node;
    if (isCompositeType(type) && selectionSet) return shapeSelection(type, selectionSet, member);
    const { description } = of.definition;
    return {
      kind: "leaf",
      type: getNamedType(type).name,
      ...member,
      ...(isEnumType(type) ? { values: type.getValues().map(({ name }) => name) } : {}),
      ...(description ? { description } : {}),
    };
  }
}

function possibleTypes(schema: GraphQLSchema, type: GraphQLCompositeType): ReadonlySet<string> {
  return new Set(isAbstractType(type) ? schema.getPossibleTypes(type).map(({ name }) => name) : [type.name]);
}

function isConditional(directives: readonly DirectiveNode[] | undefined): boolean {
  return directives?.some(({ name }) => name.value === "include" || name.value === "skip") ?? false;
}

interface Merged {
  shape: Shape;
  /** This occurrence is there whenever the field is. */
  always: boolean;
}

/** One field selected twice: what its occurrences select stands in one object (GraphQL §6.3.2, MergeSelectionSets). */
function merge(one: Merged, other: Merged): Shape {
  const [first, second] = [one.shape, other.shape];
  if (first.kind === "list" && second.kind === "list") {
    const item = merge({ ...one, shape: first.item }, { ...other, shape: second.item });
    return { ...first, item };
  }
  if (first.kind !== "object" || second.kind !== "object") return first;
  const fields = new Map<string, Shape>();
  for (const key of new Set([...first.fields.keys(), ...second.fields.keys()])) {
    const [mine, theirs] = [first.fields.get(key), second.fields.get(key)];
    const sure = (one.always && mine?.optional === false) || (other.always && theirs?.optional === false) ||
      (mine?.optional === false && theirs?.optional === false);
    const merged = mine && theirs ? merge({ ...one, shape: mine }, { ...other, shape: theirs }) : mine ?? theirs;
    if (merged) fields.set(key, { ...merged, optional: !sure });
  }
  return { ...first, fields };
}
