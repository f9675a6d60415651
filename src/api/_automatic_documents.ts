/** Documents that clients taught the server, by the SHA-256 of their text in hexadecimal digits. */
export interface AutomaticDocuments {
  find(hash: string): string | undefined;
  /** Keeps a text whose hash was checked. */
  keep(hash: string, text: string, owner: "guest" | "signed_in"): void;
}

/** A longer one is sent each time: it would push out too many others. */
const MAX_CHARACTERS = 50_000;
/** Guests have a place of their own, so that nobody without an account can push out what others use. */
const PLACES = {
  signed_in: { maxDocuments: 1_000, maxCharacters: 4_000_000 },
  guest: { maxDocuments: 100, maxCharacters: 400_000 },
};

/** Builds the store, in memory alone: what is not there, clients send again. */
export function createAutomaticDocuments(): AutomaticDocuments {
  const places = { signed_in: createPlace(PLACES.signed_in), guest: createPlace(PLACES.guest) };
  return {
    find: (hash) => places.signed_in.find(hash) ?? places.guest.find(hash),
    keep(hash, text, owner) {
      if (text.length <= MAX_CHARACTERS) places[owner].keep(hash, text);
    },
  };
}

/** The texts that were used last, as many as fit. */
function createPlace({ maxDocuments, maxCharacters }: { maxDocuments: number; maxCharacters: number }) {
  const texts = new Map<string, string>();
  let characters = 0;
  return { find, keep };

  function find(hash: string): string | undefined {
    const text = texts.get(hash);
    if (text === undefined) return undefined;
    texts.delete(hash);
    texts.set(hash, text);
    return text;
  }

  function keep(hash: string, text: string): void {
    if (find(hash) !== undefined) return;
    texts.set(hash, text);
    characters += text.length;
    for (const [oldest, { length }] of texts) {
      if (texts.size <= maxDocuments && characters <= maxCharacters) return;
      texts.delete(oldest);
      characters -= length;
    }
  }
}
