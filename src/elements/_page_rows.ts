import sql from "sql-template-tag";
import type { Connection } from "../database/database.ts";
import { columnsOf, type ElementRow, toElement } from "./_rows.ts";
import type { Element } from "./elements.ts";

/** A page by the id that its elements have. */
export interface PageKey {
  projectId: string;
  pageId: string;
}

/** Elements of a page that are looked at: one whose newest thousand are all stale has none, rather than being read to its end. */
const MAX_LOOKED_AT = 1_000;

/** The newest element of each of these pages that is not stale, in no order. */
export async function findNewestOfPages(connection: Connection, pages: readonly PageKey[]): Promise<Element[]> {
  const keys = JSON.stringify(pages.map(({ projectId, pageId }) => [projectId, pageId]));
  const rows = await connection.all<ElementRow>(sql`
    SELECT ${columnsOf(undefined)} FROM elements WHERE id IN (
      SELECT (
        SELECT id FROM (
          SELECT id, stale_since FROM elements INDEXED BY elements_by_page
          WHERE project_id = pages.value ->> 0 AND page_id = pages.value ->> 1 ORDER BY id DESC LIMIT ${MAX_LOOKED_AT})
        WHERE stale_since IS NULL LIMIT 1)
      FROM json_each(${keys}) AS pages)`);
  return rows.map(toElement);
}
