import type { SignedInActor } from "../base/actor.ts";
import { AppError } from "../base/errors.ts";
import type { McpAnswer } from "../mcp/mcp.ts";
import { parseJson } from "../api/request_body.ts";
import { subjectOf } from "../rate_limits/rate_limits.ts";
import type { App } from "./app.ts";
import { answerWhileValid } from "./credential_bound.ts";
import { identifySignedIn, type Incoming } from "./incoming.ts";

/** What the route needs of the server. */
export type McpRoute = Pick<App, "edge" | "bodies" | "rateLimits" | "mcp" | "follow">;

const MAX_BODY_BYTES = 1_048_576;
/** The methods of Streamable HTTP; ending a session is one of them, and answered by the library. */
const METHODS = new Set(["GET", "POST", "DELETE"]);
const HOW_TO_SAY_WHO_ASKS =
  "Cannot answer without an access token: make one in Fingerpost with createAccessToken, and send it as Authorization: Bearer fp_...";

/** Answers MCP over HTTP for who is signed in, for as long as the credential is good and somebody listens. Throws what refuses it. */
export async function answerMcp(app: McpRoute, incoming: Incoming): Promise<Response | McpAnswer> {
  const { request } = incoming;
  if (!app.edge.isAllowedOrigin(request)) throw new AppError("FORBIDDEN", "Cannot call from this origin");
  const actor = await identify(app, incoming);
  await app.rateLimits.take("mcp", subjectOf(actor));
  const { method, headers, url } = request;
  if (!METHODS.has(method)) return refuseMethod();
  // Read here: the library bounds its size, and waits for it as long as it takes.
  const isEmpty = method !== "POST" && request.body === null;
  const body = isEmpty ? null : await app.bodies.read(request, MAX_BODY_BYTES);
  const message = body === null ? undefined : parse(body);
  return await answerWhileValid(request, { actor, message, follow: app.follow }, (signal) => {
    const renew = () =>
      new Request(url, { method, headers, signal: signal(), body: message === undefined ? body : null });
    return app.mcp.fetch(actor, { headers, message, signal, request: renew });
  });
}

// Some of the others no `Request` can be made with. RFC 9110 §15.5.6
function refuseMethod(): Response {
  const error = { code: -32_000, message: "Method not allowed" };
  return Response.json({ jsonrpc: "2.0", error, id: null }, { status: 405, headers: { allow: "GET, POST" } });
}

async function identify(app: McpRoute, incoming: Incoming): Promise<SignedInActor> {
  try {
    return await identifySignedIn(app, incoming);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "UNAUTHENTICATED") throw error;
    // Who tries credentials is nobody, and is not to go on for ever.
    await app.rateLimits.take("mcp", subjectOf(incoming.guest));
    throw error.refusal === "credential" ? error : new AppError("UNAUTHENTICATED", HOW_TO_SAY_WHO_ASKS);
  }
}

// What is no JSON the library answers as the protocol wants.
function parse(body: Uint8Array): unknown {
  try {
    return parseJson(body);
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}
