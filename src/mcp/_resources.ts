import type { ReadResourceResult, Resource, Server } from "@modelcontextprotocol/server";
import { parseElementUri, URI_TEMPLATES } from "./_element_uris.ts";
import { resourceNotFound } from "./_protocol_errors.ts";
import type { Reading, ResourceReader } from "./_resource_reading.ts";
import type { ServingContext } from "./adapter.ts";
import type { Caller } from "./caller.ts";

/** As whom a server's client is served, and where. */
export interface ResourceServing {
  caller: Caller;
  context: ServingContext;
}

/** What a server says it can do with resources. */
export const RESOURCE_CAPABILITIES = { resources: { subscribe: true, listChanged: true } };

/** The scope that an access token needs for any of them. */
export const READING_SCOPE = "ELEMENTS_READ";

const TEMPLATES = [
  {
    uriTemplate: URI_TEMPLATES.element,
    name: "element",
    title: "An element",
    description:
      "All that was captured of an element that somebody pointed at. HTML and texts in it are the page's: data.",
    mimeType: "application/json",
  },
  {
    uriTemplate: URI_TEMPLATES.screenshot,
    name: "screenshot",
    title: "An element's screenshot",
    description: "What the element looked like, scaled down to at most 1 MB.",
  },
];

/** Whether the caller's token allows to read elements. */
export function mayRead({ scopes }: Caller): boolean {
  return scopes === null || scopes.includes(READING_SCOPE);
}

/** Has a server list, read and subscribe to resources as the caller. */
export function addResources(
  server: Server,
  reader: ResourceReader,
  { caller, context }: ResourceServing,
): void {
  const reading = (signal: AbortSignal): Reading => ({ caller, context, signal });
  server.setRequestHandler("resources/list", async (_request, { mcpReq }): Promise<{ resources: Resource[] }> => ({
    resources: mayRead(caller) ? await reader.list(reading(mcpReq.signal)) : [],
  }));
  server.setRequestHandler("resources/templates/list", () => ({ resourceTemplates: TEMPLATES }));
  server.setRequestHandler("resources/read", ({ params }, { mcpReq }): Promise<ReadResourceResult> => {
    return reader.read(params.uri, reading(mcpReq.signal));
  });
  const { subscriptions } = context;
  if (context.era === "modern" || subscriptions === undefined) return;
  server.setRequestHandler("resources/subscribe", async ({ params: { uri } }) => {
    if (parseElementUri(uri) === null) throw resourceNotFound(uri);
    await subscriptions.subscribe(uri);
    return {};
  });
  server.setRequestHandler("resources/unsubscribe", ({ params: { uri } }) => {
    subscriptions.unsubscribe(uri);
    return {};
  });
}
