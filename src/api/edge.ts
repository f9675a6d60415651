import type { Actor, GuestActor, Origin } from "../base/actor.ts";
import { AppError } from "../base/errors.ts";
import type { AddressBlock } from "../base/ip_addresses.ts";
import { readSessionCookie } from "../sessions/cookies.ts";
import type { Sessions } from "../sessions/sessions.ts";
import { findClientAddress } from "./_client_address.ts";
import { createOrigins, type OriginRules } from "./_origins.ts";
import { type SecurityHeaders, securityHeaders } from "./_security_headers.ts";

/** What the edge decides by. */
export interface EdgeDependencies extends OriginRules {
  sessions: Pick<Sessions, "authenticate">;
  /** Proxies whose `X-Forwarded-For` is believed. */
  trustedProxies: AddressBlock[];
  secureCookies: boolean;
}

/** The checks in front of every path: whom the request is for, from what site it comes, and who asks. */
export interface Edge {
  /** The client's address, where `peer` is the connection's other end. */
  clientAddress(request: Request, peer: string | null): string | null;
  /** Whether `Host` is loopback's or the public URL's: a page that rebinds its name to this machine is turned away. */
  isKnownHost(request: Request): boolean;
  /** The server's origin as who asks knows it: the public URL, or the loopback name that was asked for where that is one. */
  ownOrigin(request: Request): string;
  /** Whether a page of this origin may call: no `Origin`, the server's own, an extension's, or an allowed one. */
  isAllowedOrigin(request: Request): boolean;
  /** Whether the browser says that the server's own page asks. */
  isSameOrigin(request: Request): boolean;
  /** Nobody in particular, from where the request came. */
  guestOf(request: Request, ipAddress: string | null): GuestActor;
  /** Who asks, by bearer token or session cookie. Throws `UNAUTHENTICATED` for a dead one, `FORBIDDEN` for another site's use of a cookie. */
  identify(request: Request, guest: GuestActor): Promise<Actor>;
  /** Who looks at a page of the server's own, by session cookie alone; a guest where that is dead or may not be used. Never throws for it. */
  identifyVisitor(request: Request, guest: GuestActor): Promise<Actor>;
  /** Who holds the credential of an `Authorization` value, a guest for null. Throws `UNAUTHENTICATED`. */
  identifyBearer(authorization: string | null, origin: Origin): Promise<Actor>;
  /** Answers `OPTIONS`, with which a browser asks whether a page may send more than a form could. Fetch §4.8. Throws `FORBIDDEN`. */
  answerPreflight(request: Request): Response;
  /** The headers of an operation's result: security and, for an allowed origin, CORS. */
  resultHeaders(request: Request): Readonly<Record<string, string>>;
  /** Adds to any other answer what it has not yet of these: where it says better, that stays. */
  addHeaders(request: Request, response: Response): void;
}

const ALLOWED_HEADERS =
  "authorization, content-type, graphql-cost, mcp-protocol-version, mcp-session-id, mcp-method, mcp-name, last-event-id";
const EXPOSED_HEADERS = "retry-after, mcp-session-id, www-authenticate";
const PREFLIGHT_SECONDS = 600;
const MAX_USER_AGENT_LENGTH = 500;

/** Builds the edge. */
export function createEdge({ sessions, trustedProxies, secureCookies, ...rules }: EdgeDependencies): Edge {
  const { isKnownHost, ownOrigin, isAllowedOrigin, isSameOrigin, isExtension } = createOrigins(rules);
  return {
    clientAddress: (request, peer) => {
      const forwardedFor = trustedProxies.length === 0 ? null : request.headers.get("x-forwarded-for");
      return findClientAddress(peer, forwardedFor, trustedProxies);
    },
    isKnownHost,
    ownOrigin,
    isAllowedOrigin,
    isSameOrigin,
    guestOf,
    identify,
    identifyVisitor,
    identifyBearer,
    answerPreflight,
    resultHeaders,
    addHeaders,
  };

  function guestOf(request: Request, ipAddress: string | null): GuestActor {
    const userAgent = request.headers.get("user-agent")?.slice(0, MAX_USER_AGENT_LENGTH) ?? null;
    return { kind: "guest", origin: { ipAddress, userAgent } };
  }

  async function identify(request: Request, guest: GuestActor): Promise<Actor> {
    const { origin } = guest;
    const authorization = request.headers.get("authorization");
    if (authorization !== null) return await identifyBearer(authorization, origin);
    const token = readSessionCookie(request.headers.get("cookie"), secureCookies);
    if (token === null) return guest;
    if (!mayUseCookie(request)) {
      throw new AppError("FORBIDDEN", "Cannot use the session cookie from another site");
    }
    return await sessions.authenticate(token, origin);
  }

  // A link may lead here from anywhere: what is shown then is in no frame and read by no other site's script.
  async function identifyVisitor(request: Request, guest: GuestActor): Promise<Actor> {
    const token = readSessionCookie(request.headers.get("cookie"), secureCookies);
    if (token === null || !(mayUseCookie(request) || isVisit(request))) return guest;
    try {
      return await sessions.authenticate(token, guest.origin);
    } catch (error) {
      if (error instanceof AppError && error.code === "UNAUTHENTICATED") return guest;
      throw error;
    }
  }

  // A browser sends the cookie whoever asks, and an extension's requests are none of a site to it. What only reads is let through where an old browser does not say who it is: another
  // site can't see the answer.
  function mayUseCookie(request: Request): boolean {
    if (isExtension(request)) return false;
    const site = request.headers.get("sec-fetch-site");
    return isSameOrigin(request) || (!mayChange(request) && (site === null || site === "none"));
  }

  async function identifyBearer(authorization: string | null, origin: Origin): Promise<Actor> {
    if (authorization === null) return { kind: "guest", origin };
    const [, token] = /^Bearer +([\w.~+/=-]+)$/i.exec(authorization) ?? [];
    if (token === undefined) {
      const message = "Cannot read the Authorization: send Bearer <token>";
      throw new AppError("UNAUTHENTICATED", message, { refusal: "credential" });
    }
    return await sessions.authenticate(token, origin);
  }

  function answerPreflight(request: Request): Response {
    if (!isAllowedOrigin(request)) throw new AppError("FORBIDDEN", "Cannot call from this origin");
    const headers = new Headers({ allow: "GET, HEAD, POST, OPTIONS" });
    if (request.headers.has("origin")) {
      headers.set("access-control-allow-methods", "GET, POST");
      headers.set("access-control-allow-headers", ALLOWED_HEADERS);
      headers.set("access-control-max-age", String(PREFLIGHT_SECONDS));
    }
    return new Response(null, { status: 204, headers });
  }

  function resultHeaders(request: Request): Readonly<Record<string, string>> {
    const { posted, data } = securityHeadersNow();
    const headers = request.method === "POST" ? posted : data;
    return request.headers.get("origin") !== null ? { ...headers, vary: "Origin", ...corsHeaders(request) } : headers;
  }

  function addHeaders(request: Request, { headers }: Response): void {
    for (const [name, value] of Object.entries({ ...securityHeadersNow().shown, ...corsHeaders(request) })) {
      if (name === "vary") headers.append(name, value);
      else if (!headers.has(name)) headers.set(name, value);
    }
  }

  function securityHeadersNow(): SecurityHeaders {
    return securityHeaders({ isHttps: rules.publicUrl().startsWith("https:") });
  }

  function corsHeaders(request: Request): Record<string, string> {
    const origin = request.headers.get("origin");
    if (origin === null || !isKnownHost(request) || !isAllowedOrigin(request)) return {};
    // Without `Access-Control-Allow-Credentials`: another site's page never asks with the cookie.
    return { "access-control-allow-origin": origin, "access-control-expose-headers": EXPOSED_HEADERS };
  }
}

// Fetch Metadata §2: what a tab shows, which no script can pretend.
function isVisit({ method, headers }: Request): boolean {
  return method === "GET" && headers.get("sec-fetch-mode") === "navigate" &&
    headers.get("sec-fetch-dest") === "document";
}

// A subscription may be more than reading, and an event stream can be one.
function mayChange({ method, headers }: Request): boolean {
  return (method !== "GET" && method !== "HEAD") || headers.get("accept")?.includes("text/event-stream") === true;
}
