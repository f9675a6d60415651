import type { Actor } from "../base/actor.ts";
import { AppError, invalidInput } from "../base/errors.ts";
import { toGlobalId } from "../base/ids.ts";
import { requirePermission } from "../base/permissions.ts";
import type { Topic } from "../events/events.ts";
import { followTail, type TailNews } from "../events/tail.ts";
import { toSlice } from "../graphql/pages.ts";
import { countEvents, findEvents, findHead, listEvents, listEventsAfter } from "./_rows.ts";
import type { AuditDependencies, AuditLog, RecordedEvent, SecurityEventFilter } from "./audit.ts";
import { SECURITY_EVENT_KINDS } from "./kinds.ts";

/** Tells who watches the log that there is something new to read. */
export const EVENT_RECORDED: Topic<TailNews<RecordedEvent>> = { name: "security_event_recorded" };

/** Events read at once by who watches. */
const PORTION = 100;

/** Builds what reads the log. */
export function createLogReading({ database, events }: Pick<AuditDependencies, "database" | "events">): AuditLog {
  return {
    async get(actor, id) {
      requirePermission(actor, "READ_AUDIT");
      const [event] = await findEvents(database.read, [id]);
      if (event !== undefined) return event;
      throw new AppError("NOT_FOUND", `Cannot find security event "${toGlobalId("SecurityEvent", id)}"`);
    },
    async list(actor, { filter, page, signal }) {
      requirePermission(actor, "READ_AUDIT");
      requireKinds(filter);
      const isPlain = Object.values(filter).every((value) => value === null || value === undefined);
      // A filter may read much to find little.
      const connection = isPlain ? database.read : database.background(signal === undefined ? {} : { signal });
      const counting = database.background(signal === undefined ? {} : { signal });
      return toSlice(page, await listEvents(connection, filter, page), () => countEvents(counting, filter));
    },
    async watch(actor, { after, signal }) {
      const authorize = (asked: Actor) => Promise.try(() => requirePermission(asked, "READ_AUDIT"));
      await authorize(actor);
      const last = (await findHead(database.read))?.sequence ?? 0;
      if (after !== null && (after < 0 || after > last)) {
        throw invalidInput(["after"], `Cannot watch from event ${after}: the last one is ${last}`);
      }
      const changed = events.subscribe(EVENT_RECORDED, "", { capacity: 1, whenFull: "keep_newest" });
      return followTail({
        changed,
        signal,
        after: after ?? last,
        read: (sequence) => listEventsAfter(database.read, sequence, PORTION),
        portion: PORTION,
        placeOf: ({ sequence }) => sequence,
        authorize: () => authorize(actor),
      });
    },
  };
}

function requireKinds({ kind }: SecurityEventFilter): void {
  const unknown = kind?.find((name) => !Object.hasOwn(SECURITY_EVENT_KINDS, name));
  if (unknown === undefined) return;
  throw invalidInput(["filter", "kind"], `Cannot find events of the kind "${unknown.slice(0, 64)}": there is none`);
}
