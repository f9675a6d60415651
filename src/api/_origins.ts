import { isLoopback } from "../base/config.ts";

/** What origins are judged by. */
export interface OriginRules {
  /** The origin under which clients reach the server; known once it listens. */
  publicUrl: () => string;
  /** Origins of other sites that may call; null: loopback origins. */
  allowedOrigins: string[] | null;
}

/** Whom a request is for and from what site it comes, by what the browser says. */
export interface Origins {
  /** See `Edge.isKnownHost`. */
  isKnownHost(request: Request): boolean;
  /** See `Edge.ownOrigin`. */
  ownOrigin(request: Request): string;
  /** See `Edge.isAllowedOrigin`. */
  isAllowedOrigin(request: Request): boolean;
  /** See `Edge.isSameOrigin`. */
  isSameOrigin(request: Request): boolean;
  /** Whether a browser's extension asks: one that the user installed, and no site's page. */
  isExtension(request: Request): boolean;
}

/** Hosts that are remembered: more than one server has names. */
const MAX_KNOWN = 100;
/** RFC 3986 §3.2.2 as far as names and addresses go: no user, no percent, no white space. */
const HOST = /^(?:\[[\da-f:.]+\]|[a-z\d._-]+)(?::\d{1,5})?$/;

/**
 * What Chromium and Firefox say for an extension's own pages and workers; no site can say it. Firefox makes another one for each
 * browser, so that none can be listed. https://developer.mozilla.org/docs/Mozilla/Add-ons/WebExtensions/manifest.json/web_accessible_resources
 */
const EXTENSION = /^(?:chrome-extension:\/\/[a-p]{32}|moz-extension:\/\/[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12})$/;

/** Builds the judgement of hosts and origins. */
export function createOrigins({ publicUrl, allowedOrigins }: OriginRules): Origins {
  // By the text that was sent: a client sends one all the time, and the public URL never changes once there are clients.
  const known = new Set<string>();
  return { isKnownHost, ownOrigin, isAllowedOrigin, isSameOrigin, isExtension };

  // In the absolute form of a request (RFC 9112 §3.2.2) the URL names another host than the header may: both are asked.
  function isKnownHost(request: Request): boolean {
    const host = request.headers.get("host");
    if (host !== null && known.has(host) && request.url.startsWith(`http://${host}/`)) return true;
    const url = URL.parse(request.url);
    const isKnownUrl = url !== null && url.username === "" && url.password === "" && isKnown(url.host) && isKnown(host);
    if (isKnownUrl && host !== null && known.size < MAX_KNOWN) known.add(host);
    return isKnownUrl;
  }

  function isKnown(host: string | null): boolean {
    const known = new URL(publicUrl());
    const url = parseHost(host, known.protocol);
    return url !== null && (url.host === known.host || isLoopback(url.hostname));
  }

  // Under whatever loopback name it is reached by. Not where the public URL is another: a proxy on this machine may say a name of its own.
  function ownOrigin(request: Request): string {
    const url = parseHost(request.headers.get("host"), "http:");
    const isLocal = url !== null && isLoopback(url.hostname) && isLoopback(new URL(publicUrl()).hostname);
    return isLocal ? url.origin : publicUrl();
  }

  function isAllowedOrigin(request: Request): boolean {
    const origin = request.headers.get("origin");
    if (origin === null || isOwnOrigin(request, origin) || isExtension(request)) return true;
    if (allowedOrigins !== null) return allowedOrigins.includes(origin);
    const url = URL.parse(origin);
    return url?.origin === origin && isLoopback(url.hostname) && isLoopback(new URL(publicUrl()).hostname);
  }

  function isExtension(request: Request): boolean {
    return EXTENSION.test(request.headers.get("origin") ?? "");
  }

  // Fetch Metadata §2.3 where the browser sends it, and never against what `Origin` says (RFC 6454 §7).
  function isSameOrigin(request: Request): boolean {
    const [origin, site] = [request.headers.get("origin"), request.headers.get("sec-fetch-site")];
    if (origin !== null && !isOwnOrigin(request, origin)) return false;
    return site === null ? origin !== null : site === "same-origin";
  }

  // Under a loopback name the server is reached without whatever serves the public URL, so without TLS.
  function isOwnOrigin(request: Request, origin: string): boolean {
    if (origin === publicUrl()) return true;
    const url = parseHost(request.headers.get("host"), "http:");
    return url !== null && isLoopback(url.hostname) && origin === url.origin;
  }
}

function parseHost(host: string | null, protocol: string): URL | null {
  const name = host?.toLowerCase() ?? "";
  const url = HOST.test(name) ? URL.parse(`${protocol}//${name}`) : null;
  // `URL` reads 0x7f.1 and 2130706433 as 127.0.0.1: a browser does too, and never sends them.
  return url !== null && (name.startsWith("[") || name.replace(/:\d+$/, "") === url.hostname) ? url : null;
}
