import { type Actor, requireSignedIn } from "../base/actor.ts";
import { AppError } from "../base/errors.ts";
import { toGlobalId } from "../base/ids.ts";
import type { Permission } from "../base/permissions.ts";
import type { Connection } from "../database/database.ts";
import { announceChange, type ElementChange, recordChange } from "./_feed.ts";
import { type ElementFields, findElement } from "./_rows.ts";
import type { Element, ElementsDependencies } from "./elements.ts";

/** A change of an existing element to be: what it needs, and how the feed and the audit log call it. */
export type PlannedChange = Omit<ElementChange, "element"> & { permission?: Permission };

/** Finds and changes elements for those who may. Throws `UNAUTHENTICATED`, `FORBIDDEN`, and `NOT_FOUND` for what the actor may not see. */
export interface Access {
  find(actor: Actor, id: string, permission: Permission, fields?: ElementFields): Promise<Element>;
  /** Runs one change of an existing element: permission, transaction, revision, event, and then the watchers. */
  change(
    actor: Actor,
    id: string,
    plan: PlannedChange,
    work: (connection: Connection, element: Element) => Promise<Element>,
  ): Promise<Element>;
}

/** Builds what finds and changes elements. */
export function createAccess({ database, audit, events, projects, clock }: ElementsDependencies): Access {
  return { find, change };

  async function find(actor: Actor, id: string, permission: Permission, fields?: ElementFields): Promise<Element> {
    requireSignedIn(actor);
    const element = await findElement(database.read, id, fields);
    if (element === undefined) throw notFound(id);
    await projects.authorize(actor, { projectId: element.projectId, permission, hiddenAs: () => notFound(id) });
    return element;
  }

  async function change(
    actor: Actor,
    id: string,
    { permission = "WRITE_ELEMENTS", ...kind }: PlannedChange,
    work: (connection: Connection, element: Element) => Promise<Element>,
  ): Promise<Element> {
    const { projectId } = await find(actor, id, permission);
    const changed = await database.write(async (connection) => {
      // Read again in the transaction: it may have changed or gone since.
      const current = await findElement(connection, id);
      if (current === undefined) throw notFound(id);
      const revision = await projects.takeRevision(connection, projectId);
      const element = await work(connection, { ...current, revision, updatedAt: clock.now() });
      await recordChange({ connection, audit }, actor, { element, ...kind });
      return element;
    });
    announceChange(events, projectId);
    return changed;
  }
}

/** That there is no such element, or none that the actor may see. */
export function notFound(id: string): AppError {
  return new AppError("NOT_FOUND", `Cannot find element "${toGlobalId("Element", id)}"`);
}
