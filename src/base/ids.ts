import { v7, validate } from "uuid";

/** A new UUIDv7 (RFC 9562 §5.7): ids made later sort later, in one process strictly. */
export function newId(): string {
  return v7();
}

/** A UUIDv7 as it would have been made at a time, in milliseconds since the Unix epoch. */
export function newIdAt(time: number): string {
  return v7({ msecs: time });
}

const LAST_UUID_TIME = 2 ** 48 - 1;

/** The lowest id that `newIdAt` could give for a time, so that all before it are lower. RFC 9562 §5.7 */
export function firstIdAt(time: number): string {
  const digits = Math.min(Math.max(0, time), LAST_UUID_TIME).toString(16).padStart(12, "0");
  return `${digits.slice(0, 8)}-${digits.slice(8)}-7000-8000-000000000000`;
}

const UUID_LENGTH = 36;

/** Whether `text` is a UUID (RFC 9562) as Fingerpost stores it, in lower case. */
export function isId(text: string): boolean {
  return validate(text) && text === text.toLowerCase();
}

const prefixes = new Map<string, string>();

/** The id that clients see: the type in snake case and the stored UUID, `security_event_0193…`. Opaque to them. */
export function toGlobalId(typeName: string, id: string): string {
  // As many as the schema has types.
  return prefixes.getOrInsertComputed(typeName, toPrefix) + id;
}

function toPrefix(typeName: string): string {
  return `${typeName.replace(/(?<=.)[A-Z]/g, (letter) => `_${letter}`).toLowerCase()}_`;
}

/** More than the schema has types, and longer than their names: what else is sent in front of an id is worked out each time. */
const MAX_TYPE_NAMES = 100;
const MAX_PREFIX_LENGTH = 50;
const typeNames = new Map<string, string | null>();

/** What a global id names, or null where it is not one. */
export function fromGlobalId(globalId: string): { typeName: string; id: string } | null {
  const end = globalId.length - UUID_LENGTH;
  const [prefix, id] = [globalId.slice(0, Math.max(0, end - 1)), globalId.slice(end)];
  const typeName = globalId[end - 1] === "_" && isId(id) ? typeNameOf(prefix) : null;
  return typeName === null ? null : { typeName, id };
}

function typeNameOf(prefix: string): string | null {
  const known = typeNames.get(prefix);
  if (known !== undefined) return known;
  const isPrefix = /^[a-z]+(?:_[a-z]+)*$/.test(prefix);
  const name = isPrefix ? prefix.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase()) : null;
  if (typeNames.size < MAX_TYPE_NAMES && prefix.length <= MAX_PREFIX_LENGTH) typeNames.set(prefix, name);
  return name;
}
