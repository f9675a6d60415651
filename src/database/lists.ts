import sql, { type Sql } from "sql-template-tag";

/** A list for `IN`: one parameter, however long it is, so that the statement's text, and with it its preparation, stays the same. */
export function listOf(values: readonly string[]): Sql {
  return sql`(SELECT value FROM json_each(${JSON.stringify(values)}))`;
}
