import {
  buildClientSchema,
  getIntrospectionQuery,
  getNamedType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isAbstractType,
  isLeafType,
  isObjectType,
  OperationTypeNode,
} from "graphql";
import type { RunningApp } from "./running_app.ts";

/** A document that asks for one root field with everything below it, each argument a variable. */
export interface FuzzOperation {
  kind: OperationTypeNode;
  /** The root field. */
  field: GraphQLField<unknown, unknown>;
  /** The root field's selection, and with it the variables' declarations the whole document. */
  selection: string;
  document: string;
  /** How many documents there are for this root field. */
  siblings: number;
  /** The argument that each variable fills, at the root or below; `path` says where. */
  variables: { name: string; path: string; argument: GraphQLArgument }[];
}

/** Levels below the root field that are asked for: a connection's nodes with what lies right in them. */
const MAX_LEVELS = 4;

/** The schema as the server tells it. */
export async function introspect(app: RunningApp): Promise<GraphQLSchema> {
  return buildClientSchema(await app.ask(getIntrospectionQuery({ inputValueDeprecation: true }), {}, app.token));
}

/** One document for each root field; where its type is abstract, one for each type that it may have. */
export function operationsOf(schema: GraphQLSchema): FuzzOperation[] {
  return Object.values(OperationTypeNode).flatMap((kind) => {
    const fields = Object.values(schema.getRootType(kind)?.getFields() ?? {});
    return fields.flatMap((field) => {
      const type = getNamedType(field.type);
      const concrete = isAbstractType(type) ? schema.getPossibleTypes(type) : [null];
      return concrete.map((only) => ({ ...operationOf(kind, field, only), siblings: concrete.length }));
    });
  });
}

function operationOf(
  kind: OperationTypeNode,
  field: GraphQLField<unknown, unknown>,
  only: GraphQLObjectType | null,
): Omit<FuzzOperation, "siblings"> {
  const variables: FuzzOperation["variables"] = [];
  const call = (called: GraphQLField<unknown, unknown>, path: string) => {
    const given = called.args.map((argument) => {
      const name = `v${variables.length}`;
      variables.push({ name, path: `${path}.${argument.name}`, argument });
      return `${argument.name}: $${name}`;
    });
    return given.length === 0 ? called.name : `${called.name}(${given.join(", ")})`;
  };
  const select = (type: GraphQLOutputType, path: string, around: readonly string[]): string => {
    const named = getNamedType(type);
    if (isLeafType(named)) return "";
    if (!isObjectType(named)) {
      return ` { __typename${only === null ? "" : ` ... on ${only.name}${select(only, path, around)}`} }`;
    }
    const below = Object.values(named.getFields()).flatMap((child) => {
      const childType = getNamedType(child.type);
      // Never into what it is already in: a user's tokens' project's members' users.
      const isTooDeep = !isLeafType(childType) && (around.length >= MAX_LEVELS || around.includes(childType.name));
      if (isTooDeep) return [];
      return [
        call(child, `${path}.${child.name}`) + select(child.type, `${path}.${child.name}`, [...around, named.name]),
      ];
    });
    return ` { __typename ${below.join(" ")} }`;
  };
  const selection = call(field, field.name) + select(field.type, field.name, []);
  const declared = variables.map(({ name, argument }) => `$${name}: ${argument.type}`).join(", ");
  const document = `${kind}${declared === "" ? "" : ` (${declared})`} { ${selection} }`;
  return { kind, field, selection, document, variables };
}
