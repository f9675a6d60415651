import type { AppError } from "../base/errors.ts";
import { errorBody, httpStatus } from "../graphql/error_mask.ts";
import { chooseTypes, contentType, type MediaType } from "./media_types.ts";

/** The answer to a request that is this error alone, with the headers of its code. */
export function refusalResponse(request: Request, error: AppError, headers: Headers = new Headers()): Response {
  const { code, details: { retryAfterSeconds } } = error;
  const status = error.httpStatus ?? httpStatus(code);
  if (retryAfterSeconds !== undefined) headers.set("retry-after", String(retryAfterSeconds));
  if (code === "UNAUTHENTICATED") headers.set("www-authenticate", challenge(request));
  headers.set("content-type", contentType(typeFor(request)));
  return Response.json(errorBody(error), { status, headers });
}

// A client that asked for the newer type reads errors in it whatever the status, and in the older one at 200 alone.
function typeFor({ method, headers }: Request): MediaType {
  const best = chooseTypes(headers.get("accept"), method)?.best;
  return best === "application/graphql-response+json" ? best : "application/json";
}

// RFC 6750 §3: what is wrong is said to those who sent a token.
function challenge(request: Request): string {
  return `Bearer realm="fingerpost"${request.headers.has("authorization") ? ', error="invalid_token"' : ""}`;
}
