import {
  type DocumentNode,
  type FieldNode,
  getNamedType,
  getNullableType,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  isCompositeType,
  isListType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";
import { type Amount, amountOf, productOf, sumOf } from "./_amounts.ts";
import {
  ASSUMED_LIST_SIZE,
  COUNT_WEIGHT,
  FIELD_COSTS,
  INTROSPECTION_OBJECT_COST,
  listOfPage,
  OPERATION_WEIGHTS,
  pageSize,
} from "./_field_costs.ts";

/** What a selection costs: once, and again for each entry of the page that it is of. */
interface SelectionCost {
  base: Amount;
  perEntry: Amount;
}

const FREE: SelectionCost = { base: 0, perEntry: 0 };

/** What an operation of a valid document costs, as a function of its variables. Each fragment is worked out once, however often it is spread. */
export function compileCost(
  schema: GraphQLSchema,
  { definitions }: DocumentNode,
  operation: OperationDefinitionNode,
): Amount {
  const fragments = new Map<string, { type: GraphQLNamedType | undefined; selectionSet: SelectionSetNode }>();
  for (const node of definitions) {
    if (node.kind !== Kind.FRAGMENT_DEFINITION) continue;
    fragments.set(node.name.value, {
      type: schema.getType(node.typeCondition.name.value),
      selectionSet: node.selectionSet,
    });
  }
  const known = new Map<string, SelectionCost>();
  const root = schema.getRootType(operation.operation);
  if (!root) return 0;
  return costOfSelections(operation.selectionSet, root).base;

  function costOfSelections({ selections }: SelectionSetNode, parent: GraphQLNamedType | undefined): SelectionCost {
    if (!isCompositeType(parent)) return FREE;
    const costs = selections.map((selection) => costOfSelection(selection, parent));
    return { base: sumOf(costs.map(({ base }) => base)), perEntry: sumOf(costs.map(({ perEntry }) => perEntry)) };
  }

  function costOfSelection(selection: SelectionNode, parent: GraphQLCompositeType): SelectionCost {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return costOfFragment(selection.name.value);
    if (selection.kind === Kind.FIELD) return costOfField(selection, parent);
    const { typeCondition, selectionSet } = selection;
    return costOfSelections(selectionSet, typeCondition ? schema.getType(typeCondition.name.value) : parent);
  }

  function costOfFragment(name: string): SelectionCost {
    const done = known.get(name);
    if (done !== undefined) return done;
    const fragment = fragments.get(name);
    const cost = fragment === undefined ? FREE : costOfSelections(fragment.selectionSet, fragment.type);
    known.set(name, cost);
    return cost;
  }

  function costOfField(node: FieldNode, parent: GraphQLCompositeType): SelectionCost {
    const name = node.name.value;
    const field = schema.getField(parent, name);
    const type = field && getNamedType(field.type);
    if (field === undefined || type === undefined) return FREE;
    const own = amountOf(node, operation, FIELD_COSTS[`${parent.name}.${name}`]?.weight ?? 0);
    const ofRoot = parent === root ? OPERATION_WEIGHTS[operation.operation] : 0;
    const weight = sumOf([own, ofRoot, name === "totalCount" ? COUNT_WEIGHT : 0]);
    if (node.selectionSet === undefined) return { base: weight, perEntry: 0 };
    const inner = costOfSelections(node.selectionSet, type);
    const each = sumOf([name === "ofType" ? 0 : objectCost(type), inner.base]);
    // An edge is nothing beside its node.
    if (listOfPage(parent.name) === name) return { base: 0, perEntry: name === "edges" ? inner.base : each };
    if (listOfPage(type.name) !== undefined) {
      const entries = productOf(amountOf(node, operation, pageSize), inner.perEntry);
      return { base: sumOf([weight, each, entries]), perEntry: 0 };
    }
    return { base: sumOf([weight, productOf(sizeOf(node, field, parent), each)]), perEntry: 0 };
  }

  function sizeOf(
    node: FieldNode,
    { type, name }: GraphQLField<unknown, unknown>,
    parent: GraphQLCompositeType,
  ): Amount {
    if (!isListType(getNullableType(type))) return 1;
    return amountOf(node, operation, FIELD_COSTS[`${parent.name}.${name}`]?.size ?? ASSUMED_LIST_SIZE);
  }
}

function objectCost({ name }: GraphQLNamedType): number {
  return name.startsWith("__") ? INTROSPECTION_OBJECT_COST : 1;
}
