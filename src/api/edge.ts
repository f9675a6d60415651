import type { Actor, Origin } from "../base/actor.ts";
import { isLoopback } from "../base/config.ts";
import { AppError } from "../base/errors.ts";
import { readSessionCookie } from "../sessions/cookies.ts";
import type { Sessions } from "../sessions/sessions.ts";

/** What the edge decides by. */
export interface EdgeDependencies {
  sessions: Pick<Sessions, "authenticate">;
  /** The origin under which clients reach the server; known once it listens. */
  publicUrl: () => string;
  /** Origins of other sites that may call; null: loopback origins. */
  allowedOrigins: string[] | null;
  secureCookies: boolean;
}

/** The checks in front of every path: whom the request is for, from what site it comes, and who asks. */
export interface Edge {
  /** Whether `Host` is loopback's or the public URL's: a page that rebinds its name to this machine is turned away. */
  isKnownHost(request: Request): boolean;
  /** Whether a page of this origin may call: no `Origin`, the server's own, or an allowed one. */
  isAllowedOrigin(request: Request): boolean;
  /** Whether the browser says that the server's own page asks. Fetch Metadata §2.3, RFC 6454 §7 */
  isSameOrigin(request: Request): boolean;
  /** Who asks, by bearer token or session cookie. Throws `UNAUTHENTICATED` for a dead one, `FORBIDDEN` for another site's use of a cookie. */
  identify(request: Request, ipAddress: string | null): Promise<Actor>;
  /** Who holds the credential of an `Authorization` value, a guest for null. Throws `UNAUTHENTICATED`. */
  identifyBearer(authorization: string | null, origin: Origin): Promise<Actor>;
  /** The CORS headers of an answer to this request. Fetch §3.2 */
  corsHeaders(request: Request): Record<string, string>;
}

/** Builds the edge. */
export function createEdge({ sessions, publicUrl, allowedOrigins, secureCookies }: EdgeDependencies): Edge {
  return { isKnownHost, isAllowedOrigin, isSameOrigin, identify, identifyBearer, corsHeaders };

  function isKnownHost(request: Request): boolean {
    const host = request.headers.get("host") ?? "";
    const url = `http://${host}`;
    return host === new URL(publicUrl()).host || (URL.canParse(url) && isLoopback(new URL(url).hostname));
  }

  function isAllowedOrigin(request: Request): boolean {
    const origin = request.headers.get("origin");
    if (origin === null || origin === publicUrl() || isOwnHost(request, origin)) return true;
    if (allowedOrigins !== null) return allowedOrigins.includes(origin);
    return isLoopback(new URL(publicUrl()).hostname) && URL.canParse(origin) && isLoopback(new URL(origin).hostname);
  }

  function isSameOrigin(request: Request): boolean {
    const site = request.headers.get("sec-fetch-site");
    if (site !== null) return site === "same-origin";
    const origin = request.headers.get("origin");
    return origin !== null && isOwnHost(request, origin);
  }

  function isOwnHost(request: Request, origin: string): boolean {
    return URL.canParse(origin) && new URL(origin).host === request.headers.get("host");
  }

  async function identify(request: Request, ipAddress: string | null): Promise<Actor> {
    const origin: Origin = { ipAddress, userAgent: request.headers.get("user-agent")?.slice(0, 500) ?? null };
    const authorization = request.headers.get("authorization");
    if (authorization !== null) return await identifyBearer(authorization, origin);
    const token = readSessionCookie(request.headers.get("cookie"), secureCookies);
    if (token === null) return { kind: "guest", origin };
    // A browser sends the cookie whoever asks; reading by GET is harmless, for another site can't see the answer.
    if (request.method !== "GET" && request.method !== "HEAD" && !isSameOrigin(request)) {
      throw new AppError("FORBIDDEN", "Cannot use the session cookie from another site");
    }
    return await sessions.authenticate(token, origin);
  }

  async function identifyBearer(authorization: string | null, origin: Origin): Promise<Actor> {
    if (authorization === null) return { kind: "guest", origin };
    const [, token] = /^Bearer +([\w.~+/=-]+)$/i.exec(authorization) ?? [];
    if (token === undefined) {
      throw new AppError("UNAUTHENTICATED", "Cannot read the Authorization: send Bearer <token>");
    }
    return await sessions.authenticate(token, origin);
  }

  function corsHeaders(request: Request): Record<string, string> {
    const origin = request.headers.get("origin");
    if (origin === null || !isAllowedOrigin(request)) return { vary: "Origin" };
    return {
      vary: "Origin",
      "access-control-allow-origin": origin,
      "access-control-allow-methods": "GET, POST",
      "access-control-allow-headers":
        "authorization, content-type, mcp-protocol-version, mcp-session-id, mcp-method, mcp-name, last-event-id",
      "access-control-expose-headers": "retry-after, mcp-session-id, www-authenticate",
      "access-control-max-age": "600",
    };
  }
}
