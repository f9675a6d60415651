import {
  isLikely,
  isMasked,
  isRandom,
  type NamedSecret,
  readName,
  type Secret,
  type SecretKind,
} from "./_secret_values.ts";
import { isSecretMember } from "./_secret_names.ts";

/** Inputs, metas and custom elements, which may be inputs; also in HTML that is escaped in an attribute or a text. */
const TAG = /(?:<|&lt;)(input|meta|[a-z][a-z0-9.]*-[a-z0-9.-]*)(?=[\s/>\\]|&gt;)/gi;
// Nothing here passes a "<": where a tag is broken, the next one is read on its own, and no text is read twice.
const NAME = /(?:[\s/]|\\[nrt])*([^\s/>=<&"'\\]+)(\s*=\s*)?/y;
/** Quotes where a name should be are passed over, as browsers do; anything else ends the tag. */
const STRAY = /[\s/]*["'\\]+/y;
const QUOTE = /\\?["']|&quot;|&#3[49];|&apos;/y;
const BARE_VALUE = /(?:(?!&gt;)[^\s><])*/y;

/** The attributes in which an input has its value. */
const VALUE_NAME =
  /^(?:data-)?(?:(?:initial|default|current|original|old)-?)?value$|^aria-valuetext$|^ng-reflect-(?:value|model)$/;
const NAMING = new Set(["name", "id", "property", "formcontrolname"]);
const TEXTLESS_TYPES = new Set("button submit reset image checkbox radio range color file".split(" "));
/** HTML Living Standard §4.10.18.7 */
const AUTOFILL = new Map<string, SecretKind>([
  ["current-password", "password"],
  ["new-password", "password"],
  ["one-time-code", "code"],
  ["cc-number", "card"],
  ["cc-csc", "card"],
]);
const ENTITIES: Record<string, string> = { amp: "&", quot: '"', apos: "'", lt: "<", gt: ">" };

interface Attribute {
  name: string;
  value: string;
  start: number;
  end: number;
}

/** Finds the values of inputs that are secret by what they are for, in a text with HTML. Takes time linear in the text. */
export function findInputs(text: string): Secret[] {
  const found: Secret[] = [];
  for (const match of text.matchAll(TAG)) {
    const [all, tag = ""] = match;
    const attributes = readAttributes(text, match.index + all.length);
    const secrets = secretAttributes(tag, attributes);
    for (const { name, value, start, end } of attributes) {
      const kind = secrets(name, value);
      if (kind !== null) found.push({ start, end, kind, value });
    }
  }
  return found;
}

/** Tells which attributes of one element are secret, and how; names are in lower case, and a tag of null may be any. */
export function secretAttributes(
  tag: string | null,
  attributes: readonly { name: string; value: string }[],
): (name: string, value: string) => SecretKind | null {
  const isMeta = tag?.toLowerCase() === "meta";
  const { named, purpose, isHidden, hasNoText } = readPurpose(attributes);
  return (name, value) => {
    if (isMasked(value)) return null;
    if (name === "content") {
      return (isMeta || tag === null) && named !== null && !isAmbiguous(named) && isLikely(value) ? named.kind : null;
    }
    if (isMeta || !VALUE_NAME.test(name)) return null;
    if (purpose !== null) return purpose;
    if (hasNoText) return null;
    if (named === null) return isHidden && looksLikeState(value) ? "token" : null;
    if (isAmbiguous(named)) return isHidden && isRandom(value) ? named.kind : null;
    if (named.kind === "password" && !isHidden) return "password";
    const isNumber = named.kind === "card" || named.kind === "code";
    if (isNumber) return isLikely(value) || /^\d+$/.test(value) ? named.kind : null;
    const isSecret = isHidden ? isLikely(value) : isRandom(value, 12) || isSecretMember(named, value);
    return isSecret ? named.kind : null;
  };
}

function readPurpose(attributes: readonly { name: string; value: string }[]) {
  let named: NamedSecret | null = null;
  let purpose: SecretKind | null = null;
  let isPassword = false;
  let isHidden = false;
  let hasNoText = false;
  for (const { name, value } of attributes) {
    if (NAMING.has(name)) {
      named = surer(named, readName(value));
    } else if (name === "type") {
      const type = value.toLowerCase();
      isPassword ||= type === "password";
      isHidden ||= type === "hidden";
      hasNoText ||= TEXTLESS_TYPES.has(type);
    } else if (name === "autocomplete") {
      for (const field of value.toLowerCase().split(/\s+/)) purpose ??= AUTOFILL.get(field) ?? null;
    }
  }
  return { named, purpose: purpose ?? (isPassword ? "password" : null), isHidden, hasNoText };
}

function surer(one: NamedSecret | null, other: NamedSecret | null): NamedSecret | null {
  return one === null || (isAmbiguous(one) && other !== null) ? other : one;
}

function isAmbiguous({ when }: NamedSecret): boolean {
  return when === "RANDOM" || when === "RANDOM_IN_URL";
}

/** Of a hidden input that no name gives away: what a server gives and takes back. Ids and hashes are of one case. */
function looksLikeState(value: string): boolean {
  return isRandom(value, 32) && /[a-z]/.test(value) && /[A-Z]/.test(value);
}

function readAttributes(text: string, from: number): Attribute[] {
  const attributes: Attribute[] = [];
  let at = from;
  while (at < text.length) {
    NAME.lastIndex = at;
    const match = NAME.exec(text);
    if (match === null) {
      STRAY.lastIndex = at;
      if (!STRAY.test(text)) break;
      at = STRAY.lastIndex;
      continue;
    }
    const [, name = "", equals] = match;
    at = NAME.lastIndex;
    if (equals === undefined) continue;
    const { start, end, next } = readValue(text, at);
    attributes.push({ name: name.toLowerCase(), value: decode(text.slice(start, end)), start, end });
    at = next;
  }
  return attributes;
}

function readValue(text: string, at: number): { start: number; end: number; next: number } {
  QUOTE.lastIndex = at;
  const quote = QUOTE.exec(text)?.[0];
  if (quote === undefined) {
    BARE_VALUE.lastIndex = at;
    const end = at + (BARE_VALUE.exec(text)?.[0].length ?? 0);
    return { start: at, end, next: end };
  }
  const start = at + quote.length;
  const closing = text.indexOf(quote, start);
  // HTML that was cut ends in the middle of a value.
  if (closing === -1) return { start, end: text.length, next: text.length };
  return { start, end: closing, next: closing + quote.length };
}

function decode(value: string): string {
  if (!value.includes("&")) return value;
  return value.replaceAll(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(amp|quot|apos|lt|gt));?/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[name.toLowerCase()] ?? whole;
    const code = decimal === undefined ? parseInt(hex, 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
