/** What a host may be made of: Chromium takes "no address" for one. */
const HOST = /^(?:\[[\da-f:.]+\]|[\w.-]+)$/i;

/** The origin of what a person typed, `http://` where they left it out. Throws where it is no server's address. */
export function readServer(typed: string): string {
  const text = typed.trim();
  const url = URL.parse(/^https?:\/\//i.test(text) ? text : `http://${text}`);
  if (url === null || !HOST.test(url.hostname) || url.username !== "") {
    throw new Error(`"${text}" is no server's address`);
  }
  return url.origin;
}
