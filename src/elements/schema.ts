import { z } from "zod";
import type { Builder } from "../graphql/builder.ts";
import { askedFields } from "../graphql/asked_fields.ts";
import { localId } from "../graphql/nodes.ts";
import { readPage } from "../graphql/pages.ts";
import { commentBodySchema, noteSchema } from "./capture_input.ts";
import { addElementType, type ElementSchemaTypes, type ElementServices } from "./_element_type.ts";
import { addFeed } from "./_feed_schema.ts";
import { addCaptureInput } from "./_inputs.ts";
import { addElementList } from "./_list_schema.ts";
import type { Elements } from "./elements.ts";

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
  addFeed(builder, services.elements, types);
  return types;
}

function addQueries(builder: Builder, elements: Elements, types: ElementTypes): void {
  builder.queryFields((t) => ({
    element: t.field({
      type: types.Element,
      nullable: true,
      description:
        "An element of a project that one is a member of. `UNAUTHENTICATED`, `FORBIDDEN` for a token without " +
        "`ELEMENTS_READ`, `NOT_FOUND`.",
      args: { id: t.arg.id({ required: true, description: "The element's global id." }) },
      resolve: (_root, { id }, { actor }, info) => elements.get(actor, localId("Element", id), askedFields(info)),
    }),
    pointedElement: t.field({
      type: types.Element,
      nullable: true,
      description:
        "What was pointed at last, in one project or in all that one is a member of; null where nothing was. " +
        "`UNAUTHENTICATED`, `FORBIDDEN`, `NOT_FOUND`.",
      args: { projectId: t.arg.id({ description: "A project's global id; absent: all that one is a member of." }) },
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
        "returns the stored element. `UNAUTHENTICATED`, `FORBIDDEN`, `NOT_FOUND`, also where one has no project of one's own, " +
        "`INVALID_INPUT`, `TOO_LARGE`, `RATE_LIMITED`.",
      args: { input: t.arg({ type: CaptureElementInput, required: true, description: "What was pointed at." }) },
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
    description: "What to change of an element.",
    validate: elementChange,
    fields: (t) => ({
      id: t.id({ required: true, description: "The element's global id." }),
      note: t.string({ description: "At most 20,000 characters; null takes it away, absent leaves it." }),
      status: t.field({ type: types.ElementStatus, description: "null or absent leaves it." }),
    }),
  });
  const CommentOnElementInput = builder.inputType("CommentOnElementInput", {
    description: "What to say of an element.",
    fields: (t) => ({
      elementId: t.id({ required: true, description: "The element's global id." }),
      body: t.string({ required: true, description: "Plain text, 1 to 20,000 characters." }),
    }),
  });
  builder.mutationFields((t) => ({
    updateElement: t.field({
      type: types.Element,
      description:
        "Sets the note or the status, for editors of the project. `UNAUTHENTICATED`, `FORBIDDEN`, `NOT_FOUND`, " +
        "`INVALID_INPUT`.",
      args: { input: t.arg({ type: UpdateElementInput, required: true, description: "The element and its changes." }) },
      resolve: (_root, { input: { id, note, status } }, { actor }) =>
        elements.update(actor, localId("Element", id), {
          ...(note === undefined ? {} : { note }),
          ...(status ? { status } : {}),
        }),
    }),
    commentOnElement: t.field({
      type: types.Element,
      description:
        "Adds a comment, for editors of the project. `UNAUTHENTICATED`, `FORBIDDEN`, `NOT_FOUND`, `INVALID_INPUT`.",
      args: {
        input: t.arg({
          type: CommentOnElementInput.validate(newComment),
          required: true,
          description: "The element and what to say of it.",
        }),
      },
      resolve: (_root, { input }, { actor }) =>
        elements.comment(actor, localId("Element", input.elementId), input.body),
    }),
    deleteElement: t.boolean({
      description:
        "Deletes the element with all that belongs to it: as an editor what one captured oneself, as an owner of " +
        "the project what anybody did. `UNAUTHENTICATED`, `FORBIDDEN`, `NOT_FOUND`.",
      args: { id: t.arg.id({ required: true, description: "The element's global id." }) },
      resolve: async (_root, { id }, { actor }) => {
        await elements.delete(actor, localId("Element", id));
        return true;
      },
    }),
  }));
}
