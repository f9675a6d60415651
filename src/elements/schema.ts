import { z } from "zod";
import { toGlobalId } from "../base/ids.ts";
import type { Builder } from "../graphql/builder.ts";
import { askedFields } from "../graphql/asked_fields.ts";
import { localId } from "../graphql/nodes.ts";
import { readPage } from "../graphql/pages.ts";
import { commentBodySchema, noteSchema } from "./capture_input.ts";
import { addElementType, type ElementSchemaTypes, type ElementServices } from "./_element_type.ts";
import { addCaptureInput } from "./_inputs.ts";
import { addElementList } from "./_list_schema.ts";
import type { ElementEvent, Elements } from "./elements.ts";

type ElementTypes = ReturnType<typeof addElementType>;

/** Adds `Element` and everything that is asked of, done to and told about elements. */
export function addElementsSchema(
  builder: Builder,
  services: ElementServices,
  lower: ElementSchemaTypes,
): ElementTypes {
  const types = addElementType(builder, services, lower);
  addQueries(builder, services.elements, types);
  addElementList(builder, services.elements, types);
  addCapture(builder, services.elements, types);
  addChanges(builder, services.elements, types);
  addSubscription(builder, services.elements, types);
  return types;
}

function addQueries(builder: Builder, elements: Elements, types: ElementTypes): void {
  builder.queryFields((t) => ({
    element: t.field({
      type: types.Element,
      nullable: true,
      description: "An element of a project that one is a member of. `NOT_FOUND`.",
      args: { id: t.arg.id({ required: true }) },
      resolve: (_root, { id }, { actor }, info) => elements.get(actor, localId("Element", id), askedFields(info)),
    }),
    pointedElement: t.field({
      type: types.Element,
      nullable: true,
      description:
        "What was pointed at last, in one project or in all that one is a member of; null where nothing was.",
      args: { projectId: t.arg.id() },
      resolve: async (_root, { projectId }, { actor }, info) => {
        const scope = projectId ? localId("Project", projectId) : null;
        const request = { projectId: scope, filter: {}, page: readPage({ first: 1 }), fields: askedFields(info) };
        const { items } = await elements.list(actor, request);
        return items[0] ?? null;
      },
    }),
  }));
}

function addCapture(builder: Builder, elements: Elements, types: ElementTypes): void {
  const CaptureElementInput = addCaptureInput(builder);
  builder.mutationFields((t) => ({
    captureElement: t.field({
      type: types.Element,
      description:
        "Stores what a person pointed at and tells the project's watchers; a retry with the same `clientId` " +
        "returns the stored element. `NOT_FOUND`, `FORBIDDEN`, `INVALID_INPUT`, `TOO_LARGE`, `RATE_LIMITED`.",
      args: { input: t.arg({ type: CaptureElementInput, required: true }) },
      resolve: (_root, { input }, { actor }) => {
        const projectId = input.projectId === null ? null : localId("Project", input.projectId);
        return elements.capture(actor, { ...input, projectId });
      },
    }),
  }));
}

const elementChange = z.object({ id: z.string(), note: noteSchema.nullish(), status: z.string().nullish() });
const newComment = z.object({ elementId: z.string(), body: commentBodySchema });

function addChanges(builder: Builder, elements: Elements, types: ElementTypes): void {
  const UpdateElementInput = builder.inputType("UpdateElementInput", {
    validate: elementChange,
    fields: (t) => ({
      id: t.id({ required: true }),
      note: t.string({ description: "null takes it away; absent leaves it." }),
      status: t.field({ type: types.ElementStatus, description: "null or absent leaves it." }),
    }),
  });
  const CommentOnElementInput = builder.inputType("CommentOnElementInput", {
    fields: (t) => ({
      elementId: t.id({ required: true }),
      body: t.string({ required: true, description: "1 to 20,000 characters." }),
    }),
  });
  builder.mutationFields((t) => ({
    updateElement: t.field({
      type: types.Element,
      description: "Sets the note or the status. `NOT_FOUND`, `FORBIDDEN`, `INVALID_INPUT`.",
      args: { input: t.arg({ type: UpdateElementInput, required: true }) },
      resolve: (_root, { input: { id, note, status } }, { actor }) =>
        elements.update(actor, localId("Element", id), {
          ...(note === undefined ? {} : { note }),
          ...(status ? { status } : {}),
        }),
    }),
    commentOnElement: t.field({
      type: types.Element,
      description: "Adds a comment. `NOT_FOUND`, `FORBIDDEN`, `INVALID_INPUT`.",
      args: { input: t.arg({ type: CommentOnElementInput.validate(newComment), required: true }) },
      resolve: (_root, { input }, { actor }) =>
        elements.comment(actor, localId("Element", input.elementId), input.body),
    }),
    deleteElement: t.boolean({
      description: "Deletes the element with all that belongs to it. `NOT_FOUND`, `FORBIDDEN`.",
      args: { id: t.arg.id({ required: true }) },
      resolve: async (_root, { id }, { actor }) => {
        await elements.delete(actor, localId("Element", id));
        return true;
      },
    }),
  }));
}

function addSubscription(builder: Builder, elements: Elements, types: ElementTypes): void {
  const ElementEventKind = builder.enumType("ElementEventKind", {
    values: {
      CAPTURED: { description: "It is new." },
      UPDATED: { description: "Its note, status, comments or live state changed." },
      STALE: { description: "Its page, still connected, no longer holds it." },
      DELETED: { description: "It is gone." },
    },
  });
  const ElementEventType = builder.objectRef<ElementEvent>("ElementEvent").implement({
    description: "One change of a project.",
    fields: (t) => ({
      kind: t.expose("kind", { type: ElementEventKind }),
      revision: t.exposeInt("revision", { description: "Resume after it with `after`." }),
      elementId: t.id({ resolve: (event) => toGlobalId("Element", event.elementId) }),
      element: t.expose("element", {
        type: types.Element,
        nullable: true,
        description: "As it is now; null where it was deleted since.",
      }),
    }),
  });
  builder.subscriptionFields((t) => ({
    elementEvents: t.field({
      type: ElementEventType,
      description:
        "The changes of a project after a revision (absent: from now on): what was missed first, in order, " +
        "each once. `NOT_FOUND`, `FORBIDDEN`, `INVALID_INPUT`.",
      args: { projectId: t.arg.id({ required: true }), after: t.arg.int() },
      subscribe: (_root, { projectId, after }, { actor, signal }) =>
        elements.watch(actor, { projectId: localId("Project", projectId), after: after ?? null, signal }),
      resolve: (event: ElementEvent) => event,
    }),
  }));
}
