import type { Actor } from "../base/actor.ts";
import { requirePermission } from "../base/permissions.ts";
import type { Database } from "../database/database.ts";
import { type Slice, toSlice } from "../graphql/pages.ts";
import { countElements, type ElementScope, listElements } from "./_list_rows.ts";
import { listRanked, type RankedElement } from "./_ranked_rows.ts";
import { toMatchExpression } from "./_search_terms.ts";
import { maskText } from "../../clients/masking/masking.ts";
import { findSnippets, type Snippet } from "./_snippet_rows.ts";
import type { Element, ElementFilter, ElementsDependencies, ListRequest } from "./elements.ts";

/** Lists elements; see `Elements.list`. */
export async function listFor(
  { database, projects }: Pick<ElementsDependencies, "database" | "projects">,
  actor: Actor,
  { filter, fields, search, page, signal, ...request }: ListRequest,
): Promise<Slice<Element>> {
  const signedIn = requirePermission(actor, "READ_ELEMENTS");
  const projectId = request.projectId ?? (signedIn.kind === "token" ? signedIn.projectId : null);
  if (projectId !== null) await projects.authorize(actor, { projectId, permission: "READ_ELEMENTS" });
  const scope: ElementScope = projectId === null ? { memberId: signedIn.userId } : { projectId };
  const match = search ? toMatchExpression(search) : null;
  const listing = { scope, filter: asStored(filter), match, fields };
  const background = database.background(signal === undefined ? {} : { signal });
  const connection = match === null && isSoonFilled(filter) ? database.read : background;
  const count = () => countElements(background, listing);
  if (!("afterRank" in page)) return toSlice(page, await listElements(connection, listing, page), count);
  const ranked = match === null
    ? (await listElements(connection, listing, page)).map((element): RankedElement => ({ ...element, rank: 0 }))
    : await listRanked(connection, listing, { match, page });
  const slice = toSlice(page, ranked, count);
  return { ...slice, ranks: slice.items.map(({ rank }) => rank) };
}

/** A URL is stored with its secrets masked, so whoever has the page's own finds it by that. */
function asStored({ pageUrlPrefix, ...filter }: ElementFilter): ElementFilter {
  return { ...filter, pageUrlPrefix: pageUrlPrefix && maskText(pageUrlPrefix) };
}

// Of what an index knows, a page is read and no more. A search, or what two filters have in common, may be far to seek, so that it
// does not run on the event loop.
function isSoonFilled({ createdAfter: _after, createdBefore: _before, ...filter }: ElementFilter): boolean {
  return Object.values(filter).filter((value) => value !== null && value !== undefined).length <= 1;
}

/** Where elements match a search; see `Elements.snippetsOf`. */
export async function findSnippetsFor(
  database: Database,
  ids: readonly string[],
  { search, signal }: { search: string; signal: AbortSignal },
): Promise<Map<string, Snippet>> {
  const match = toMatchExpression(search);
  return match === null ? new Map() : await findSnippets(database.background({ signal }), ids, match);
}
