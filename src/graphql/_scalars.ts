import { valueFromASTUntyped } from "graphql";
import { z } from "zod";
import type { Builder } from "./builder.ts";

const dateTime = z.iso.datetime({ offset: true });

/** Adds the scalars that GraphQL lacks. */
export function addScalars(builder: Builder): void {
  builder.scalarType("DateTime", {
    description: "A moment, RFC 3339 in UTC with milliseconds: `2026-01-31T12:00:00.000Z`. Any offset is understood.",
    serialize: createDateTimeFormat(),
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

const MS_PER_DAY = 86_400_000;
const TWO_DIGITS = Array.from({ length: 100 }, (_, number) => String(number).padStart(2, "0"));

// Pages are full of moments of the same few days: only the time of day is worked out, an eighth of what `toISOString` takes.
function createDateTimeFormat(): (milliseconds: number) => string {
  let knownDay = NaN;
  let date = "";
  return (milliseconds) => {
    const day = Math.floor(milliseconds / MS_PER_DAY);
    if (day !== knownDay) {
      date = new Date(milliseconds).toISOString().slice(0, -"00:00:00.000Z".length);
      knownDay = day;
    }
    const time = Math.floor(milliseconds - day * MS_PER_DAY);
    const [hours, minutes] = [Math.floor(time / 3_600_000), Math.floor(time / 60_000) % 60];
    const [seconds, thousandths] = [Math.floor(time / 1_000) % 60, time % 1_000];
    return `${date}${TWO_DIGITS[hours]}:${TWO_DIGITS[minutes]}:${TWO_DIGITS[seconds]}.${Math.floor(thousandths / 100)}${
      TWO_DIGITS[thousandths % 100]
    }Z`;
  };
}
