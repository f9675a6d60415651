import SchemaBuilder from "@pothos/core";
import DataloaderPlugin from "@pothos/plugin-dataloader";
import RelayPlugin from "@pothos/plugin-relay";
import ValidationPlugin from "@pothos/plugin-validation";
import { type GraphQLResolveInfo, isObjectType } from "graphql";
import type { Actor } from "../base/actor.ts";
import { AppError } from "../base/errors.ts";
import { fromGlobalId, toGlobalId } from "../base/ids.ts";
import { addScalars } from "./_scalars.ts";

/** Facts about one request, the same over HTTP, sockets and MCP; never services. */
export interface RequestContext {
  actor: Actor;
  /** A UUID that the answer to an `INTERNAL` error and the log share. */
  requestId: string;
  /**
   * Ends when the client goes away or the server stops, for a subscription before its events are returned from; with an `AppError` where the
   * server sent the client away. As a function, like those below: few operations ask, and it costs something.
   */
  signal: () => AbortSignal;
  /** Headers that the HTTP answer will carry; read by nobody over sockets and MCP. */
  responseHeaders: () => Headers;
  /** Whether a browser asks from the server's own origin, so that a cookie may be set. */
  sameOrigin: () => boolean;
  /** What the answer does not tell was refused, for the audit log. */
  refused: AppError[];
}

/** What the scalars are inside: DateTime is milliseconds since the Unix epoch. */
interface SchemaTypes {
  Context: RequestContext;
  DefaultFieldNullability: false;
  Connection: { count(): Promise<number> };
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: number; Output: number };
    JSON: { Input: unknown; Output: unknown };
  };
}

/** The builder that each room's `addXSchema` is handed. */
export type Builder = ReturnType<typeof createBuilder>;

/** Builds a schema builder with the scalars, `node`, `nodes` and the three root types, and nothing of any room. */
export function createBuilder(): PothosSchemaTypes.SchemaBuilder<PothosSchemaTypes.ExtendDefaultTypes<SchemaTypes>> {
  const builder = new SchemaBuilder<SchemaTypes>({
    plugins: [RelayPlugin, DataloaderPlugin, ValidationPlugin],
    defaultFieldNullability: false,
    relay: {
      encodeGlobalID: (typeName, id) => toGlobalId(typeName, String(id)),
      decodeGlobalID: (globalId) => {
        const { typeName, id } = fromGlobalId(globalId) ?? { typeName: "", id: "" };
        return { typename: typeName, id };
      },
      nodeTypeOptions: { description: "Whatever has a global id." },
      idFieldOptions: { description: "The global id, by which `node` finds it; opaque." },
      firstArgOptions: {
        description: "So many from the start, or after `after`: 1 to 100; 20 where `last` is absent too.",
      },
      lastArgOptions: { description: "So many from the end, or before `before`: 1 to 100; not with `first`." },
      afterArgOptions: { description: "A cursor of this list: only what comes behind it." },
      beforeArgOptions: { description: "A cursor of this list: only what comes in front of it." },
      pageInfoTypeOptions: { description: "Where a page lies in its list (Relay's cursor connections)." },
      hasNextPageFieldOptions: {
        description: "Whether more comes behind the page; read from the end, whether `before` was given.",
      },
      hasPreviousPageFieldOptions: {
        description: "Whether more comes in front of the page; read from the start, whether `after` was given.",
      },
      startCursorFieldOptions: { description: "Of the first edge; null: the page is empty." },
      endCursorFieldOptions: { description: "Of the last edge; null: the page is empty." },
      edgesFieldOptions: { description: "The page, in the list's order." },
      pageInfoFieldOptions: { description: "Where the page lies in the list." },
      cursorFieldOptions: {
        description: "For `after` and `before` of the same list; opaque, and good also when this is gone.",
      },
      nodeFieldOptions: { description: "What the list is of." },
      nodeQueryOptions: false,
      nodesQueryOptions: false,
    },
    validation: {
      validationError: ({ issues }) => {
        const shown = issues.slice(0, MAX_ISSUES).map(({ path, message }) => ({ path: toPath(path), message }));
        return new AppError("INVALID_INPUT", describeIssue(shown[0]), { issues: shown });
      },
    },
  });
  addScalars(builder);
  builder.globalConnectionField("totalCount", (t) =>
    t.int({
      nullable: false,
      description: "How many there are in all; counted only when asked for.",
      resolve: (connection) => connection.count(),
    }));
  builder.queryType({ description: `What can be asked. ${ALWAYS}` });
  addNodeQueries(builder);
  builder.mutationType({
    description: `What can be done, one after the other in the order of the operation. ${ALWAYS}`,
  });
  builder.subscriptionType({ description: `What can be watched. ${ALWAYS}` });
  return builder;
}

const MAX_NODES = 100;
/** What is not said again at each field. */
const ALWAYS =
  "Beside the codes that a field names, anything can be refused with `UNAUTHENTICATED` for a dead token, `RATE_LIMITED`, " +
  "`TOO_LARGE`, `TOO_COMPLEX`, `UNAVAILABLE` and `INTERNAL`: docs/errors.md says when.";
/** Issues told of one input: enough to mend it, bounded because a list may have thousands. */
const MAX_ISSUES = 20;

type IssuePath = readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;

function toPath(path: IssuePath): (string | number)[] {
  return (path ?? []).map((part) => {
    const key = typeof part === "object" ? part.key : part;
    return typeof key === "number" ? key : String(key);
  });
}

function describeIssue(issue: { path: (string | number)[]; message: string } | undefined): string {
  return `Cannot accept the input: ${issue?.path.join(".") ?? ""} ${issue?.message ?? "is invalid"}`;
}

function addNodeQueries(builder: Builder): void {
  builder.queryFields((t) => ({
    node: t.node({
      description: "The object with this global id, or null where there is none that the caller may see.",
      args: { id: t.arg.id({ required: true, description: "A global id." }) },
      id: (_root, { id }, _context, info) => isNodeId(info, id) ? id : null,
    }),
    nodes: t.nodeList({
      description:
        "The objects with these global ids, in their order, each null where `node` would be. `TOO_COMPLEX` for over 100.",
      args: { ids: t.arg.idList({ required: true, description: "Global ids, at most 100." }) },
      ids: (_root, { ids }, _context, info) => {
        if (ids.length > MAX_NODES) throw new AppError("TOO_COMPLEX", `Cannot answer for more than ${MAX_NODES} ids`);
        return ids.map((id) => isNodeId(info, id) ? id : null);
      },
    }),
  }));
}

function isNodeId(info: GraphQLResolveInfo, id: string): boolean {
  const type = info.schema.getType(fromGlobalId(id)?.typeName ?? "");
  return isObjectType(type) && type.getInterfaces().some((node) => node.name === "Node");
}
