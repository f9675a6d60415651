import { newId, toGlobalId } from "../../src/base/ids.ts";
import { write } from "./people.ts";
import type { RunningApp } from "./running_app.ts";

/** Who captured and said what in which projects, in turn; global ids. */
export interface ManyElements {
  count: number;
  projectIds: string[];
  personIds: string[];
  /** Of each element; 2 if absent. */
  comments?: number;
  note?: (index: number) => string;
}

/** A PNG of one pixel. */
const PIXEL = Uint8Array.fromBase64(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==",
);

/** Puts elements with their contents, a screenshot and comments straight into the database; returns their global ids, oldest first. */
export function addElements(app: Pick<RunningApp, "dataDir">, many: ManyElements): string[] {
  const { count, comments = 2, note = (index) => `note ${index}` } = many;
  const inTurn = (ids: string[], index: number) => localId(ids[index % ids.length] ?? "");
  return write(app, (database) => {
    const now = Date.now();
    database.exec("BEGIN IMMEDIATE");
    const element = database.prepare(`
      INSERT INTO elements (id, project_id, captured_by, client_id, revision, page_url, selector, tag_name, class_names,
        attributes, html_byte_size, box, note, created_at, updated_at)
      VALUES (?, ?, ?, ?, 1, 'https://a.example/', 'a', 'A', '[]', '{}', 7, '{"x":0,"y":0,"width":1,"height":1}', ?, ?, ?)`);
    const content = database.prepare("INSERT INTO element_contents VALUES (?, CAST('<a></a>' AS BLOB), '{}')");
    const screenshot = database.prepare("INSERT INTO screenshots VALUES (?, 'image/png', 1, 1, ?)");
    const comment = database.prepare("INSERT INTO element_comments VALUES (?, ?, ?, 'Well?', 0)");
    const ids = Array.from({ length: count }, (_, index) => {
      const id = newId();
      element.run(
        id,
        inTurn(many.projectIds, index),
        inTurn(many.personIds, index),
        crypto.randomUUID(),
        note(index),
        now,
        now,
      );
      content.run(id);
      screenshot.run(id, PIXEL);
      for (let said = 0; said < comments; said++) comment.run(newId(), id, inTurn(many.personIds, index + said));
      return toGlobalId("Element", id);
    });
    database.exec("COMMIT");
    return ids;
  });
}

function localId(globalId: string): string {
  return globalId.slice(globalId.lastIndexOf("_") + 1);
}
