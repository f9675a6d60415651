import type { AppError } from "../base/errors.ts";
import { errorBody, httpStatus } from "../graphql/error_mask.ts";
import { chooseTypes, contentType, type MediaType } from "./media_types.ts";

/** What else the answer to a refused request has. */
export interface RefusalOptions {
  /** Beside those of the error. */
  headers?: Headers;
  /** Where a client learns how to get a token for what it asked for. RFC 9728 §5.1 */
  resourceMetadata?: string | null;
}

/** The answer to a request that is this error alone, with the headers of its code. */
export function refusalResponse(
  request: Request,
  error: AppError,
  { headers = new Headers(), resourceMetadata = null }: RefusalOptions = {},
): Response {
  const { code, needed, details: { retryAfterSeconds } } = error;
  const status = error.httpStatus ?? httpStatus(code);
  if (retryAfterSeconds !== undefined) headers.set("retry-after", String(retryAfterSeconds));
  if (code === "UNAUTHENTICATED" || needed !== null) {
    headers.set("www-authenticate", challenge(request, error, resourceMetadata));
  }
  headers.set("content-type", contentType(typeFor(request)));
  return Response.json(errorBody(error), { status, headers });
}

// A client that asked for the newer type reads errors in it whatever the status, and in the older one at 200 alone.
function typeFor({ method, headers }: Request): MediaType {
  const best = chooseTypes(headers.get("accept"), method)?.best;
  return best === "application/graphql-response+json" ? best : "application/json";
}

// RFC 6750 §3: what is wrong is said to those who sent a token.
function challenge(request: Request, { message, needed }: AppError, resourceMetadata: string | null): string {
  const parameters: Record<string, string> = { realm: "fingerpost" };
  if (needed !== null) {
    const scope = needed.scopes.join(" ");
    Object.assign(parameters, { error: "insufficient_scope", error_description: message, scope });
  } else if (request.headers.has("authorization")) {
    parameters["error"] = "invalid_token";
  }
  if (resourceMetadata !== null) parameters["resource_metadata"] = resourceMetadata;
  return `Bearer ${Object.entries(parameters).map(([name, value]) => `${name}="${quotable(value)}"`).join(", ")}`;
}

// RFC 6750 §3: the characters that its parameters may have.
function quotable(value: string): string {
  return value.replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, "'");
}
