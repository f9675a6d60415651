/** Documents kept parsed: more than a team's clients have. */
const MAX_DOCUMENTS = 500;
/** A longer text, mostly one with its values written into it, is parsed each time: it won't come again. */
const MAX_CACHED_CHARACTERS = 10_000;

/** A bounded cache of parsed documents (or their errors) by text; the oldest goes first. */
export function createDocumentCache<Value>(): {
  get(text: string): Value | undefined;
  set(text: string, value: Value): void;
} {
  const cache = new Map<string, Value>();
  return {
    get: (text) => cache.get(text),
    set(text, value) {
      if (text.length > MAX_CACHED_CHARACTERS) return;
      const [oldest] = cache.keys();
      if (cache.size >= MAX_DOCUMENTS && oldest !== undefined) cache.delete(oldest);
      cache.set(text, value);
    },
  };
}
