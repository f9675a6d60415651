import type { Access } from "./_access.ts";
import { findNewestOfPages, type PageKey } from "./_page_rows.ts";
import { findElements } from "./_rows.ts";
import type { Element, Elements, ElementsDependencies } from "./elements.ts";

/** A connected page, and elements that it has shown to hold, whatever their `pageId`. */
export interface HeldPage extends PageKey {
  elementIds: readonly string[];
}

/** Builds what pages are asked about. */
export function createCommanding(
  { database, audit }: Pick<ElementsDependencies, "database" | "audit">,
  find: Access["find"],
): Pick<Elements, "commandable" | "recordCommand" | "newestOf"> {
  return { commandable: (actor, id) => find(actor, id, "COMMAND_PAGES"), recordCommand, newestOf };

  async function recordCommand(...[actor, { id, projectId }, command]: Parameters<Elements["recordCommand"]>) {
    await database.write((connection) =>
      audit.record(connection, actor, {
        kind: "element.commanded",
        subjectId: id,
        details: { projectId, command },
      })
    );
  }

  async function newestOf(pages: readonly HeldPage[]): Promise<(Element | null)[]> {
    if (pages.length === 0) return [];
    const named = await findNewestOfPages(database.read, pages);
    const heldIds = [...new Set(pages.flatMap(({ elementIds }) => elementIds))];
    const held = heldIds.length === 0 ? [] : await findElements(database.read, heldIds);
    return pages.map((page) => {
      const own = new Set(page.elementIds);
      return newest([
        ...named.filter(({ projectId, pageId }) => projectId === page.projectId && pageId === page.pageId),
        ...held.filter(({ id, projectId, staleSince }) =>
          own.has(id) && projectId === page.projectId && staleSince === null
        ),
      ]);
    });
  }
}

// Ids are in the order of capturing.
function newest(elements: readonly Element[]): Element | null {
  return elements.reduce<Element | null>((one, other) => one === null || other.id > one.id ? other : one, null);
}
