import type { Fingerprint } from "../capture/fingerprint.ts";
import type { PairingCode } from "../pairing/pairing.ts";
import type { MarkState } from "../pointer/pointer.ts";

/** What a page's origin keeps of a pairing. Any script of the page can read it: the token is good for one project and for a while. */
export interface StoredPairing {
  token: string;
  project: { id: string; name: string };
  /** RFC 3339; null: until it is revoked. */
  expiresAt: string | null;
}

/** What a tab keeps of something captured, so that it is found again after a reload. */
export interface StoredMark {
  elementId: string;
  clientId: string;
  framePath: string;
  /** The page, without its fragment. */
  page: string;
  selector: string;
  fingerprint: Fingerprint;
  number: number;
  state: MarkState;
}

/** What outlives the page, as far as the browser lets it. */
export interface Storage {
  pairing: Kept<StoredPairing>;
  /** A code that waits, in this tab. */
  code: Kept<PairingCode>;
  marks: Kept<StoredMark[]>;
  /** This tab's own id. */
  pageId: Kept<string>;
  /** Another tab paired, or gave it up. */
  onPairingChange(listener: () => void): void;
}

/** One thing that is kept; null: nothing. */
export interface Kept<Value> {
  read(): Value | null;
  write(value: Value | null): void;
}

/** Opens the storage of a page for one server. */
export function openStorage(window: Window, server: string): Storage {
  const nameOf = (what: string) => `fingerpost.${what} ${server}`;
  const pairingName = nameOf("pairing");
  return {
    pairing: keep(() => window.localStorage, pairingName),
    code: keep(() => window.sessionStorage, nameOf("code")),
    marks: keep(() => window.sessionStorage, nameOf("marks")),
    pageId: keep(() => window.sessionStorage, nameOf("page")),
    onPairingChange: (listener) =>
      window.addEventListener("storage", ({ key }) => {
        if (key === pairingName || key === null) listener();
      }),
  };
}

// A page in a sandbox has no storage and throws; a full one throws too. Then it lives as long as the page.
function keep<Value>(storage: () => globalThis.Storage, name: string): Kept<Value> {
  let unsaved: Value | null = null;
  return {
    read() {
      try {
        const text = storage().getItem(name);
        return text === null ? unsaved : JSON.parse(text);
      } catch {
        return unsaved;
      }
    },
    write(value) {
      unsaved = value;
      try {
        if (value === null) storage().removeItem(name);
        else storage().setItem(name, JSON.stringify(value));
      } catch {
        // `unsaved` has it.
      }
    },
  };
}
