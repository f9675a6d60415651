import type { Database } from "./database.ts";

/** Remembers what `load` reads of the database by key, until anything in it changes (another process's change is known after 0.4 ms); at most `capacity` keys. What fails is not remembered. */
export function remember<Value>(
  database: Pick<Database, "version">,
  { capacity, load }: { capacity: number; load: (key: string) => Promise<Value> },
): (key: string) => Value | Promise<Value> {
  const known = new Map<string, { value: Value }>();
  let knownAt = NaN;
  return (key) => {
    // Asked before the reading: what is committed meanwhile makes another version.
    const version = database.version();
    if (version !== knownAt) known.clear();
    knownAt = version;
    const entry = known.get(key);
    return entry === undefined ? read(key, version) : entry.value;
  };

  async function read(key: string, version: number): Promise<Value> {
    const value = await load(key);
    if (version !== knownAt) return value;
    if (known.size >= capacity) known.clear();
    known.set(key, { value });
    return value;
  }
}
