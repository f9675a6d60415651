/** What every answer says to a browser. OWASP ASVS 5.0 §3.4 */
const ALWAYS = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
};

/** What an answer says that does not say better: it is no page, nobody but our own pages embeds it, and nobody keeps it. */
const UNLESS_SAID = {
  "content-security-policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};

/** A year, as OWASP ASVS 5.0 §3.4.1 asks. RFC 6797 §6.1 */
const STRICT_TRANSPORT_SECURITY = "max-age=31536000; includeSubDomains";

/** Adds the security headers to an answer's. */
export function addSecurityHeaders(headers: Headers, { isHttps }: { isHttps: boolean }): void {
  for (const [name, value] of Object.entries(ALWAYS)) headers.set(name, value);
  for (const [name, value] of Object.entries(UNLESS_SAID)) {
    if (!headers.has(name)) headers.set(name, value);
  }
  if (isHttps) headers.set("strict-transport-security", STRICT_TRANSPORT_SECURITY);
}
