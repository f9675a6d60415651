import { type GraphQLObjectType, type GraphQLSchema, isObjectType } from "graphql";
import { toGlobalId } from "../base/ids.ts";
import type { Builder } from "./builder.ts";

/**
 * The builder's schema, with plain resolvers in place of the relay plugin's for what every page has: its own makes a promise for the id of
 * each node, and the function of a field that is a property keeps the compiled query from reading that property.
 */
export function toFastSchema(builder: Builder): GraphQLSchema {
  const schema = builder.toSchema();
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue;
    if (isNode(type)) setIdResolver(type);
    if (isConnection(type)) dropResolvers(type, ["edges", "pageInfo"]);
    if (isEdge(type)) dropResolvers(type, ["node"]);
  }
  return schema;
}

function isNode(type: GraphQLObjectType): boolean {
  return type.getInterfaces().some(({ name }) => name === "Node");
}

function isConnection(type: GraphQLObjectType): boolean {
  const { edges, pageInfo } = type.getFields();
  return edges !== undefined && pageInfo !== undefined;
}

function isEdge(type: GraphQLObjectType): boolean {
  const { cursor, node } = type.getFields();
  return cursor !== undefined && node !== undefined;
}

function setIdResolver(type: GraphQLObjectType): void {
  const { id } = type.getFields();
  if (id !== undefined) id.resolve = ({ id }: { id: string }) => toGlobalId(type.name, id);
}

function dropResolvers(type: GraphQLObjectType, names: string[]): void {
  const fields = type.getFields();
  for (const name of names) {
    const field = fields[name];
    if (field !== undefined) delete field.resolve;
  }
}
