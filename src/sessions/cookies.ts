/** 30 days: the browser need not keep it longer than a session can live. */
const MAX_AGE_SECONDS = 30 * 24 * 3_600;

/** The `Set-Cookie` value that gives a browser its session. `__Host-` where the site is HTTPS: RFC 6265bis §4.1.3.2. */
export function sessionCookie(token: string, secure: boolean): string {
  return `${cookieName(secure)}=${token}; ${attributes(secure)}; Max-Age=${MAX_AGE_SECONDS}`;
}

/** The `Set-Cookie` value that takes it away. */
export function clearedSessionCookie(secure: boolean): string {
  return `${cookieName(secure)}=; ${attributes(secure)}; Max-Age=0`;
}

/** The session token in a `Cookie` header, or null. */
export function readSessionCookie(header: string | null, secure: boolean): string | null {
  const prefix = `${cookieName(secure)}=`;
  const pair = header?.split(";").map((part) => part.trim()).find((part) => part.startsWith(prefix));
  return pair?.slice(prefix.length) || null;
}

function cookieName(secure: boolean): string {
  return secure ? "__Host-fingerpost_session" : "fingerpost_session";
}

function attributes(secure: boolean): string {
  return `Path=/; HttpOnly; SameSite=Lax${secure ? "; Secure" : ""}`;
}
