import type { Actor } from "../base/actor.ts";
import { AppError } from "../base/errors.ts";
import type { App } from "./app.ts";
import type { Incoming } from "./incoming.ts";

/** A password and a name, a code, two choices. */
const MAX_FORM_BYTES = 8_192;

/** Answers for `/pair`. Throws `FORBIDDEN` for another site's form, `INVALID_INPUT`, `TOO_LARGE`. */
export async function answerPair({ edge, bodies, pairPage }: App, incoming: Incoming): Promise<Response> {
  const { request, guest } = incoming;
  const isLook = request.method === "GET" || request.method === "HEAD";
  if (!isLook && request.method !== "POST") {
    throw new AppError("INVALID_INPUT", `Cannot answer ${request.method}: send GET or POST`, { httpStatus: 405 });
  }
  // Before the body is read: another site's form must not even try a password from this browser.
  if (!isLook && !edge.isSameOrigin(request)) {
    throw new AppError("FORBIDDEN", "Cannot take a form from another site");
  }
  const actor: Actor = await edge.identifyVisitor(request, guest);
  incoming.actor = actor;
  const search = new URL(request.url).searchParams;
  const response = await pairPage({ actor, search, form: isLook ? null : await readForm() });
  return request.method === "HEAD" ? new Response(null, response) : response;

  async function readForm(): Promise<URLSearchParams> {
    if (!/^application\/x-www-form-urlencoded *(;|$)/i.test(request.headers.get("content-type") ?? "")) {
      throw new AppError("INVALID_INPUT", "Cannot read this type of body: send a form", { httpStatus: 415 });
    }
    return new URLSearchParams(new TextDecoder().decode(await bodies.read(request, MAX_FORM_BYTES)));
  }
}
