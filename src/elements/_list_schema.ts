import type { Builder } from "../graphql/builder.ts";
import { askedFields } from "../graphql/asked_fields.ts";
import { localId } from "../graphql/nodes.ts";
import { readPage, readRankedPage, toConnection } from "../graphql/pages.ts";
import type { addElementType } from "./_element_type.ts";
import type { SearchedField, Snippet } from "./_snippet_rows.ts";
import type { Elements } from "./elements.ts";

type ElementTypes = ReturnType<typeof addElementType>;

/** Adds `elements`, its filter and its order, and what a search found of each element. */
export function addElementList(builder: Builder, elements: Elements, types: ElementTypes): void {
  const ElementFilter = addElementFilter(builder, types);
  const ElementOrder = addElementOrder(builder);
  const SnippetType = addSnippet(builder);
  builder.queryField("elements", (t) =>
    t.connection(
      {
        type: types.Element,
        description: "Elements of one project, or of all that one is a member of, newest first unless `orderBy` says " +
          "otherwise; `first` or `last` 1 to 100, 20 where neither is given. " +
          "`UNAUTHENTICATED`, `FORBIDDEN`, `NOT_FOUND`, `INVALID_INPUT`, `UNAVAILABLE` for a search that takes over 10 s.",
        args: {
          projectId: t.arg.id({ description: "A project's global id; absent: all that one is a member of." }),
          filter: t.arg({ type: ElementFilter, description: "Absent: all of them." }),
          search: t.arg.string({
            description:
              "Words, each the beginning of one in text (its first 20,000 characters), note, comments, selector, " +
              `component, title or URL, and "quoted phrases"; all must be there. At most 32, in 1,000 characters; ` +
              "blank: everything.",
          }),
          orderBy: t.arg({
            type: ElementOrder,
            defaultValue: "CREATED_AT_DESC",
            description: "null: newest first. A cursor is good for the order that gave it.",
          }),
        },
        resolve: async (_root, { projectId, filter, search, orderBy, ...paging }, context, info) => {
          const page = orderBy === "RELEVANCE" ? readRankedPage(paging) : readPage(paging);
          // A signal is made when it is asked for, and only a search can be broken off.
          const signal = search ? context.signal() : undefined;
          const slice = await elements.list(context.actor, {
            projectId: projectId ? localId("Project", projectId) : null,
            filter: { ...filter, capturedById: filter?.capturedById && localId("User", filter.capturedById) },
            search,
            page,
            fields: askedFields(info),
            ...(signal === undefined ? {} : { signal }),
          });
          const connection = toConnection(page, slice);
          // One read for the whole page, once somebody asks.
          let snippets: ReturnType<Elements["snippetsOf"]> | undefined;
          const ids = slice.items.map(({ id }) => id);
          const snippetAt = async (index: number) => {
            snippets ??= search ? elements.snippetsOf(ids, search, context.signal()) : Promise.resolve([]);
            return (await snippets)[index] ?? null;
          };
          return {
            ...connection,
            edges: connection.edges.map((edge, index) => ({ ...edge, snippet: () => snippetAt(index) })),
          };
        },
      },
      { name: "ElementConnection", description: "A page of elements." },
      {
        name: "ElementEdge",
        description: "An element in a list.",
        fields: (edge) => ({
          snippet: edge.field({
            type: SnippetType,
            nullable: true,
            description:
              "What the search found of it: about 24 words of the text that shows the most of the terms. null " +
              "without a search, and where it was changed since so that it does not match. `UNAVAILABLE`.",
            resolve: ({ snippet }) => snippet(),
          }),
        }),
      },
    ));
}

function addElementOrder(builder: Builder) {
  return builder.enumType("ElementOrder", {
    description: "In which order a list of elements comes.",
    values: {
      CREATED_AT_DESC: { description: "The newest first." },
      RELEVANCE: {
        description:
          "By where the terms of `search` are: all in note and comments, or with component and page title too, or with " +
          "selector, text and URL too; in each of these three, all as whole words before beginnings of words; the newest " +
          "first among equals. Without a search all are equal. An element's place depends on nothing but its own texts.",
      },
    } as const,
  });
}

function addSnippet(builder: Builder) {
  const SearchedFieldType = builder.enumType("SearchedField", {
    description: "A text of an element that is searched.",
    values: {
      NOTE: { description: "`Element.note`." },
      COMMENTS: { description: "The bodies of `Element.comments`, one after the other." },
      COMPONENT: { description: "Name and file of `Element.component`." },
      PAGE_TITLE: { description: "`Element.pageTitle`." },
      TEXT: { description: "The first 20,000 characters of `Element.text`." },
      SELECTOR: { description: "`Element.selector`." },
      PAGE_URL: { description: "`Element.pageUrl`." },
    } satisfies Record<SearchedField, object>,
  });
  const SnippetPartType = builder.objectRef<Snippet["parts"][number]>("SnippetPart").implement({
    description: "A piece of a snippet.",
    fields: (t) => ({
      text: t.exposeString("text", { description: "As it was captured or written; never markup to be rendered." }),
      hit: t.exposeBoolean("hit", { description: "Whether this is what the search found." }),
    }),
  });
  return builder.objectRef<Snippet>("Snippet").implement({
    description: "What a search found, with what stands around it.",
    fields: (t) => ({
      field: t.expose("field", { type: SearchedFieldType, description: "The text that it is from." }),
      text: t.string({
        description: "All of it as plain text, never markup to be rendered; `…` where it is cut.",
        resolve: ({ parts }) => parts.map(({ text }) => text).join(""),
      }),
      parts: t.expose("parts", {
        type: [SnippetPartType],
        description: "The same in pieces, in order: what was found, and what stands before, between and after.",
      }),
    }),
  });
}

function addElementFilter(builder: Builder, { ElementStatus }: ElementTypes) {
  return builder.inputType("ElementFilter", {
    description: "What is absent does not matter; what is given must all hold.",
    fields: (t) => ({
      status: t.field({ type: [ElementStatus], description: "One of these; an empty list finds nothing." }),
      pageUrlPrefix: t.string({
        description:
          "How the page's URL begins, to the letter; what looks like a secret in it is masked, as it is in what is stored.",
      }),
      pageId: t.id({ description: "The tab, as the client names it." }),
      tagName: t.string({ description: "In any case of ASCII letters." }),
      capturedById: t.id({ description: "The global id of who pointed at it. `NOT_FOUND` for what is no user's id." }),
      createdAfter: t.field({ type: "DateTime", description: "Captured later than this." }),
      createdBefore: t.field({ type: "DateTime", description: "Captured earlier than this." }),
    }),
  });
}
