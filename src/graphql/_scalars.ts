import { valueFromASTUntyped } from "graphql";
import { z } from "zod";
import type { Builder } from "./builder.ts";

const dateTime = z.iso.datetime({ offset: true });

/** Adds the scalars that GraphQL lacks. */
export function addScalars(builder: Builder): void {
  builder.scalarType("DateTime", {
    description: "A moment, RFC 3339 in UTC with milliseconds: `2026-01-31T12:00:00.000Z`. Any offset is understood.",
    serialize: (milliseconds) => new Date(milliseconds).toISOString(),
    parseValue: (value) => {
      const text = dateTime.safeParse(value);
      if (!text.success) throw new TypeError("A DateTime must be RFC 3339 text such as 2026-01-31T12:00:00.000Z");
      return Date.parse(text.data);
    },
  });
  builder.scalarType("JSON", {
    description:
      "Any JSON value (RFC 8259), given back as it was sent; numbers are IEEE 754 doubles, so that whole ones are exact up to " +
      "2^53 (RFC 8259 §6).",
    serialize: (value) => value,
    parseValue: (value) => value,
    parseLiteral: (node, variables) => valueFromASTUntyped(node, variables),
  });
}
