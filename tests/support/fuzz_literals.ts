import { getNamedType, type GraphQLInputType, isEnumType, isInputObjectType } from "graphql";
import { toJson } from "./attacks.ts";
import type { FuzzOperation } from "./fuzz_operations.ts";
import { isObject } from "./fuzz_values.ts";

const NAME = /^[_A-Za-z][_0-9A-Za-z]*$/;

/** The operation's document with the values written into it in place of variables; null where a name can't be written. */
export function withLiterals(operation: FuzzOperation, values: Record<string, unknown>): string | null {
  const literals = new Map<string, string | null>();
  for (const { name, argument } of operation.variables) {
    literals.set(name, toLiteral(values[name] ?? null, argument.type));
  }
  if ([...literals.values()].includes(null)) return null;
  return `${operation.kind} { ${
    operation.selection.replace(/\$(v\d+)\b/g, (_, name) => literals.get(name) ?? "null")
  } }`;
}

function toLiteral(value: unknown, type: GraphQLInputType | null): string | null {
  const named = type && getNamedType(type);
  if (typeof value === "string" && isEnumType(named) && NAME.test(value)) return value;
  if (Array.isArray(value)) return joined(value.map((item) => toLiteral(item, named)), ["[", "]"]);
  if (!isObject(value)) return toJson(value);
  const fields = isInputObjectType(named) ? named.getFields() : {};
  const entries = Object.entries(value).map(([name, inner]) => {
    const literal = toLiteral(inner, Object.hasOwn(fields, name) ? fields[name]?.type ?? null : null);
    return literal === null || !NAME.test(name) ? null : `${name}: ${literal}`;
  });
  return joined(entries, ["{", "}"]);
}

function joined(parts: (string | null)[], [open, close]: [string, string]): string | null {
  return parts.includes(null) ? null : `${open}${parts.join(", ")}${close}`;
}
