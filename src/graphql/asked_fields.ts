import { type FragmentDefinitionNode, type GraphQLResolveInfo, type OperationDefinitionNode, visit } from "graphql";

const namesOf = new WeakMap<OperationDefinitionNode, ReadonlySet<string>>();

/** The names of all fields that an operation asks for, wherever they stand: what is not among them need not be read. The same set for the same operation. */
export function askedFields(
  { operation, fragments }: Pick<GraphQLResolveInfo, "operation" | "fragments">,
): ReadonlySet<string> {
  return namesOf.getOrInsertComputed(operation, () => collectNames([operation, ...Object.values(fragments)]));
}

function collectNames(nodes: (OperationDefinitionNode | FragmentDefinitionNode)[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const node of nodes) visit(node, { Field: ({ name }) => void names.add(name.value) });
  return names;
}
