/** What each answer says to a browser: it is no page, nobody but our own pages embeds it, and nobody keeps it. OWASP ASVS 5.0 §3.4 */
const DATA = Object.freeze({
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
});

/** What one that a browser may show says too; it stays where the answer says better. */
const SHOWN = Object.freeze({
  ...DATA,
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "vary": "Origin",
});

/** A year, as OWASP ASVS 5.0 §3.4.1 asks. RFC 6797 §6.1 */
const HTTPS_ONLY = { "strict-transport-security": "max-age=31536000; includeSubDomains" };
const DATA_OVER_HTTPS = Object.freeze({ ...DATA, ...HTTPS_ONLY });
const SHOWN_OVER_HTTPS = Object.freeze({ ...SHOWN, ...HTTPS_ONLY });

/** Security headers by what an answer is. */
export interface SecurityHeaders {
  /** Of a result of an operation: a browser shows it to a script, and keeps none. Each header costs it a microsecond. */
  data: Readonly<Record<string, string>>;
  /** Of every other answer. */
  shown: Readonly<Record<string, string>>;
}

const PLAIN: SecurityHeaders = { data: DATA, shown: SHOWN };
const OVER_HTTPS: SecurityHeaders = { data: DATA_OVER_HTTPS, shown: SHOWN_OVER_HTTPS };

/** The security headers of the answers. */
export function securityHeaders({ isHttps }: { isHttps: boolean }): SecurityHeaders {
  return isHttps ? OVER_HTTPS : PLAIN;
}
