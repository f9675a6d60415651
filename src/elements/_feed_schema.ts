import { invalidInput } from "../base/errors.ts";
import { toGlobalId } from "../base/ids.ts";
import type { Builder } from "../graphql/builder.ts";
import { localId } from "../graphql/nodes.ts";
import { DEFAULT_PAGE_SIZE, readPage } from "../graphql/pages.ts";
import { type Changes, MAX_WAIT_SECONDS } from "./_changes.ts";
import type { addElementType } from "./_element_type.ts";
import type { ElementEvent, Elements } from "./elements.ts";

type ElementTypes = ReturnType<typeof addElementType>;
type EventType = ReturnType<typeof addEventType>;

/** Adds what is told of changes: `elementEvents` to who listens, `elementChanges` to who asks. */
export function addFeed(builder: Builder, elements: Elements, types: ElementTypes): void {
  const ElementEventType = addEventType(builder, types);
  addSubscription(builder, elements, ElementEventType);
  addChangesQuery(builder, elements, ElementEventType);
}

function addEventType(builder: Builder, types: ElementTypes) {
  const ElementEventKind = builder.enumType("ElementEventKind", {
    description: "What happened to an element.",
    values: {
      CAPTURED: { description: "It is new." },
      UPDATED: {
        description:
          "Its note, status, comments or live state changed; of live changes only the last is told to who is behind.",
      },
      STALE: { description: "Its page, still connected, no longer holds it." },
      DELETED: { description: "It is gone." },
    },
  });
  return builder.objectRef<ElementEvent>("ElementEvent").implement({
    description: "One change of a project's elements.",
    fields: (t) => ({
      kind: t.expose("kind", { type: ElementEventKind, description: "What happened." }),
      revision: t.exposeInt("revision", {
        description: "The project's counter, from 1: each change takes the next. Resume after it with `after`.",
      }),
      elementId: t.id({
        description: "The element's global id, also where it is gone.",
        resolve: (event) => toGlobalId("Element", event.elementId),
      }),
      element: t.expose("element", {
        type: types.Element,
        nullable: true,
        description: "As it is now; null where it was deleted since.",
      }),
    }),
  });
}

function addSubscription(builder: Builder, elements: Elements, ElementEventType: EventType): void {
  builder.subscriptionFields((t) => ({
    elementEvents: t.field({
      type: ElementEventType,
      description:
        "The changes of a project after a revision (absent: from now on): what was missed first, in order, " +
        "each once. `UNAUTHENTICATED`, `FORBIDDEN`, `NOT_FOUND`, `INVALID_INPUT`.",
      args: {
        projectId: t.arg.id({ required: true, description: "The project's global id." }),
        after: t.arg.int({ description: "A revision from 0 to the project's; absent: what comes from now on." }),
      },
      subscribe: (_root, { projectId, after }, { actor, signal }) =>
        elements.watch(actor, { projectId: localId("Project", projectId), after: after ?? null, signal: signal() }),
      resolve: (event: ElementEvent) => event,
    }),
  }));
}

function addChangesQuery(builder: Builder, elements: Elements, ElementEventType: EventType): void {
  const ElementChanges = builder.objectRef<Changes>("ElementChanges").implement({
    description: "Changes of a project's elements, and where to go on.",
    fields: (t) => ({
      revision: t.exposeInt("revision", {
        description:
          "Give it as `after` the next time, and nothing is lost or told twice: of the last change here, or the " +
          "project's where nothing is left to tell.",
      }),
      hasMore: t.exposeBoolean("hasMore", { description: "Whether there are more already." }),
      changes: t.expose("changes", { type: [ElementEventType], description: "In the order of their revisions." }),
    }),
  });
  builder.queryFields((t) => ({
    elementChanges: t.field({
      type: ElementChanges,
      description:
        "The changes of a project after a revision, each once, for who asks again and again instead of listening to `elementEvents`. " +
        "With `waitSeconds` it waits where there are none, and answers as soon as there is one, or with none when the time is over. " +
        "`UNAUTHENTICATED`, also where the credential ends meanwhile, `FORBIDDEN`, `NOT_FOUND`, also where one has no project of one's own, " +
        "`INVALID_INPUT`, `RATE_LIMITED` where one waits 64 times at once, `UNAVAILABLE`.",
      args: {
        projectId: t.arg.id({ description: "A project's global id; absent: one's own first project." }),
        after: t.arg.int({
          description:
            "A revision from 0 to the project's: the `revision` of the answer before. Absent: what comes from now on.",
        }),
        first: t.arg.int({
          defaultValue: DEFAULT_PAGE_SIZE,
          description: "How many at most: 1 to 100. null: 20.",
        }),
        waitSeconds: t.arg.int({
          defaultValue: 0,
          description: `Seconds, 0 to ${MAX_WAIT_SECONDS}. 0 or null: it answers at once.`,
        }),
      },
      resolve: (_root, { projectId, after, first, waitSeconds }, { actor, signal }) =>
        elements.changes(actor, {
          projectId: projectId ? localId("Project", projectId) : null,
          after: after ?? null,
          first: readPage({ first }).limit,
          waitMs: readWait(waitSeconds ?? 0) * 1_000,
          signal,
        }),
    }),
  }));
}

function readWait(seconds: number): number {
  if (seconds >= 0 && seconds <= MAX_WAIT_SECONDS) return seconds;
  throw invalidInput(["waitSeconds"], `Cannot wait ${seconds} s: waitSeconds must be from 0 to ${MAX_WAIT_SECONDS}`);
}
