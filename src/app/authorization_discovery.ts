import { TOKEN_SCOPES } from "../base/actor.ts";

const RESOURCE = "/mcp";
/** RFC 9728 §3.1: before the resource's path. Some clients look there without it. */
const METADATA = "/.well-known/oauth-protected-resource";
const METADATA_PATHS = new Set([METADATA, `${METADATA}${RESOURCE}`]);
/** Where a client that knows of no authorization server would register, as clients of MCP 2025-03-26 do. */
const REGISTRATION = "/register";
const CACHE_SECONDS = 3_600;

/** Anybody's page may read it: it says nothing that is not the same for all. */
const CORS = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "GET, POST",
  "access-control-allow-headers": "content-type, mcp-protocol-version",
  "access-control-max-age": String(CACHE_SECONDS),
};

const HOW_TO_GET_A_TOKEN =
  "Fingerpost takes access tokens that a person makes in it, and has no OAuth server: sign in, make one " +
  "with createAccessToken, and have your client send it as Authorization: Bearer fp_...";

/** Where the metadata of what was asked for lie; null for a path that has none. RFC 9728 §3.1 */
export function resourceMetadataFor(pathname: string, origin: string): string | null {
  return pathname === RESOURCE ? `${origin}${METADATA}${RESOURCE}` : null;
}

/** Answers what an MCP client asks before it has a token; null for any other path. */
export function answerDiscovery(request: Request, pathname: string, origin: string): Response | null {
  const isMetadata = METADATA_PATHS.has(pathname) && (request.method === "GET" || request.method === "HEAD");
  const isRegistration = pathname === REGISTRATION && request.method === "POST";
  const isPreflight = (METADATA_PATHS.has(pathname) || pathname === REGISTRATION) && request.method === "OPTIONS";
  if (isPreflight) return new Response(null, { status: 204, headers: CORS });
  if (isMetadata) return Response.json(metadataOf(origin), { headers: CORS });
  return isRegistration ? refuseRegistration() : null;
}

// RFC 9728 §2. Without `authorization_servers`, as there is none.
function metadataOf(origin: string) {
  return {
    resource: `${origin}${RESOURCE}`,
    resource_name: "Fingerpost",
    resource_documentation: `${origin}/graphql`,
    scopes_supported: TOKEN_SCOPES,
    bearer_methods_supported: ["header"],
  };
}

// RFC 7591 §3.2.2: clients show the description, where any other answer would end in a riddle.
function refuseRegistration(): Response {
  const body = { error: "access_denied", error_description: HOW_TO_GET_A_TOKEN };
  return Response.json(body, { status: 403, headers: CORS });
}
