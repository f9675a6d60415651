/**
 * What an answer says to a browser, OWASP ASVS 5.0 §3.4. Where it does not say better: it is no page, nobody but our own pages
 * embeds it, and nobody keeps it.
 */
const ALWAYS = Object.freeze({
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "content-security-policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
  "vary": "Origin",
});

/** A year, as OWASP ASVS 5.0 §3.4.1 asks. RFC 6797 §6.1 */
const OVER_HTTPS = Object.freeze({ ...ALWAYS, "strict-transport-security": "max-age=31536000; includeSubDomains" });

/** The security headers of an answer. */
export function securityHeaders({ isHttps }: { isHttps: boolean }): Readonly<Record<string, string>> {
  return isHttps ? OVER_HTTPS : ALWAYS;
}
