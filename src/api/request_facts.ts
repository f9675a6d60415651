import type { RequestContext } from "../graphql/builder.ts";

/** What is no browser's request: it takes no headers, and no page asks. */
export function factsElsewhere(): Pick<RequestContext, "responseHeaders" | "sameOrigin"> {
  const unread = new Headers();
  return { responseHeaders: () => unread, sameOrigin: () => false };
}

/** The context of one operation or event; what ends the work is `signal`'s. */
export function contextOf(
  { actor, requestId, responseHeaders, sameOrigin }: Omit<RequestContext, "refused">,
  signal: () => AbortSignal,
): RequestContext {
  return { actor, requestId, responseHeaders, sameOrigin, signal, refused: [] };
}
