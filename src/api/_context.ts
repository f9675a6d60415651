import type { RequestContext } from "../graphql/builder.ts";

/** The context of one operation or event. What costs something is asked of the transport only if need be; what ends the work is `ending`'s signal. */
export function contextOf(
  facts: Omit<RequestContext, "refused">,
  ending: { readonly signal: AbortSignal },
): RequestContext {
  const { actor, requestId } = facts;
  return {
    actor,
    requestId,
    refused: [],
    get responseHeaders() {
      return facts.responseHeaders;
    },
    get sameOrigin() {
      return facts.sameOrigin;
    },
    get signal() {
      return ending.signal;
    },
  };
}
