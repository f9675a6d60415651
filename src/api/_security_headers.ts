/** What each answer says to a browser: it is what its type says, no other site embeds it, and nobody keeps it. OWASP ASVS 5.0 §3.4 */
const POSTED = Object.freeze({
  "x-content-type-options": "nosniff",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
});

/** What one that a tab or a frame can lead to says too: it is no page. */
const DATA = Object.freeze({
  ...POSTED,
  "content-security-policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
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
const POSTED_OVER_HTTPS = Object.freeze({ ...POSTED, ...HTTPS_ONLY });
const DATA_OVER_HTTPS = Object.freeze({ ...DATA, ...HTTPS_ONLY });
const SHOWN_OVER_HTTPS = Object.freeze({ ...SHOWN, ...HTTPS_ONLY });

/** Security headers by what an answer is. */
export interface SecurityHeaders {
  /** Of the result of an operation that was posted as JSON, which only a script can do. The runtime sends an answer of up to 512 bytes, with these, at once, and a longer one in two. */
  posted: Readonly<Record<string, string>>;
  /** Of a result that was asked for by a URL. */
  data: Readonly<Record<string, string>>;
  /** Of every other answer. */
  shown: Readonly<Record<string, string>>;
}

const PLAIN: SecurityHeaders = { posted: POSTED, data: DATA, shown: SHOWN };
const OVER_HTTPS: SecurityHeaders = {
  posted: POSTED_OVER_HTTPS,
  data: DATA_OVER_HTTPS,
  shown: SHOWN_OVER_HTTPS,
};

/** The security headers of the answers. */
export function securityHeaders({ isHttps }: { isHttps: boolean }): SecurityHeaders {
  return isHttps ? OVER_HTTPS : PLAIN;
}
