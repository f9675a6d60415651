/** What a host may be made of: Chromium takes "no address" for one. */
const HOST = /^(?:\[[\da-f:.]+\]|[\w.-]+)$/i;

const LOOPBACK = /^(?:localhost|.+\.localhost|127(?:\.\d+){3}|\[::1\])$/i;

/** The origin of what a person typed; where they left out the scheme `http://` on this machine, and else `https://`. Throws where it is no server's address. */
export function readServer(typed: string): string {
  const text = typed.trim();
  const url = URL.parse(text.includes("://") ? text : withScheme(text));
  if (url === null || !/^https?:$/.test(url.protocol) || !HOST.test(url.hostname) || url.username !== "") {
    throw new Error(`"${text}" is no server's address`);
  }
  return url.origin;
}

/** Whether what is sent to a server can be read, and changed, by whoever is in between. */
export function isUnencrypted(origin: string): boolean {
  const url = URL.parse(origin);
  return url?.protocol === "http:" && !LOOPBACK.test(url.hostname);
}

function withScheme(text: string): string {
  const plain = `http://${text}`;
  return isUnencrypted(plain) ? `https://${text}` : plain;
}
