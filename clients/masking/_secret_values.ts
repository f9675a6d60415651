/** What kind of secret was masked; its marker says it. */
export type SecretKind = "password" | "token" | "key" | "card" | "code";

/** A secret in a text: where it is, in UTF-16 code units. */
export interface Secret {
  start: number;
  end: number;
  kind: SecretKind;
  /** It was known by where it stands and not by how it looks, so that it may stand elsewhere unknown. */
  value?: string;
}

/** How secrets that have such a name are told from what is not secret. */
export interface NamedSecret {
  kind: SecretKind;
  /** ALWAYS: whatever the value; LIKELY: but for a short word; RANDOM: only what looks random; RANDOM_IN_URL: that, and in URLs alone. */
  when: "ALWAYS" | "LIKELY" | "RANDOM" | "RANDOM_IN_URL";
}

/** How each marker begins. */
export const MARKER_START = "[masked:";
/** Longer ones are no secrets; what looks at them does so once. */
const MAX_SECRET_LENGTH = 65_536;
const PLACEHOLDER =
  /^(?:\$?\{[^{}]*\}|\{\{[^{}]*\}\}|%7b[\w%.-]*%7d|<[\w .-]*>|\*+|x+|\.+|…+|•+|your[-_ ][\w .-]*|true|false|null|undefined|none|empty)$/i;
const VARIABLE = /^\$[A-Z_]+$/;

const PASSWORD =
  /(?:password|passwd|passphrase|passcode|pwd|(?:user|login|db)-pass)(?:-?(?:confirmation|confirm|again|repeat|new|old|current|verify|value|\d))?$/;
const NO_PASSWORD =
  /(?:show|hide|toggle|forgot|forgotten|reset|has|no|need|require|remember|is|on|strong|weak)-password$/;
const SECRET = /secret(?:-value)?$|(?:account|shared-?access)-?key$/;
const KEY =
  /(?:api|access|secret|private|auth|encryption|signing|subscription|consumer|service|master|deploy|license)-?key(?:-id|-value)?$/;
const TOKEN = /token(?:-value)?$|(?:csrf|xsrf|jwt)$/;
const SURE_TOKEN =
  /(?:access|id|refresh|auth|session|sess|security|bearer|api|user|login|oauth|csrf|xsrf|authenticity|verification)-?token$/;
const NO_TOKEN =
  /(?:page|next|prev|previous|continuation|sync|design|theme|colou?r|space|spacing|font|cancel|is|has|no)-?token$/;
const OTHER_TOKEN =
  /sess(?:ion)?-?id$|(?:^|-)(?:sid|sig|hmac|wpnonce|credentials?|bearer|authorization)$|signature$|saml-?(?:request|response)$|assertion$/;
const CARD = /(?:^|-)(?:cc|card)-?(?:number|num|csc|cvc|cvv)$|(?:^|-)(?:cvc|cvv|cvv2|csc)$/;
const CODE = /(?:^|-)(?:t?otp|(?:one-?time|verification|mfa|2fa|auth|authorization|recovery|backup|security)-?code)$/;
const AMBIGUOUS = /^(?:session|cookie)$|(?:^|-)auth$/;
const AMBIGUOUS_IN_URL =
  /^(?:key|state|hash|login|magic|reset|verify|verification|confirmation|invite|invitation)$|(?:^|-)(?:code|nonce|ticket)$/;

/** Spares most names the rest: all that is secret has one of these. */
const WORTH_A_LOOK =
  /tok|secr|pass|pw|key|c[acov]|[cx]srf|cs|state|sess|sid|sig|auth|jwt|cred|bear|hmac|nonce|ticket|saml|assert|otp|hash|login|magic|reset|veri|conf|invit/i;

/** Pages say the same few names over and over. */
const knownNames = new Map<string, NamedSecret | null>();
const MAX_KNOWN_NAMES = 1_000;
const MAX_NAME_LENGTH = 100;

/** What stands where a secret was: `[masked:token]`, without a blank, so that it fits into URLs and bare attributes. */
export function marker(kind: SecretKind): string {
  return `${MARKER_START}${kind}]`;
}

/** How a thing of such a name is secret, in any spelling (`apiKey`, `user[api_key]`, `DATA-API-KEY`); null: it is not. */
export function readName(name: string): NamedSecret | null {
  if (!WORTH_A_LOOK.test(name)) return null;
  const known = knownNames.get(name);
  if (known !== undefined) return known;
  const read = readWords(wordsOf(name));
  if (knownNames.size >= MAX_KNOWN_NAMES) knownNames.clear();
  if (name.length <= MAX_NAME_LENGTH) knownNames.set(name, read);
  return read;
}

function wordsOf(name: string): string {
  const spelled = name.replaceAll(/%5[bd]/gi, "-").replaceAll(/([a-z0-9])([A-Z])/g, "$1-$2").toLowerCase();
  return spelled.replaceAll(/[^a-z0-9]+/g, "-").replace(/-$/, "");
}

function readWords(words: string): NamedSecret | null {
  if (CARD.test(words)) return { kind: "card", when: "ALWAYS" };
  if (CODE.test(words)) return { kind: "code", when: "ALWAYS" };
  if (PASSWORD.test(words)) return NO_PASSWORD.test(words) ? null : { kind: "password", when: "ALWAYS" };
  if (SECRET.test(words)) return { kind: "key", when: "ALWAYS" };
  if (KEY.test(words)) return { kind: "key", when: "ALWAYS" };
  if (SURE_TOKEN.test(words)) return { kind: "token", when: "ALWAYS" };
  if (TOKEN.test(words) && !NO_TOKEN.test(words)) return { kind: "token", when: "LIKELY" };
  if (OTHER_TOKEN.test(words)) return { kind: "token", when: "LIKELY" };
  if (AMBIGUOUS.test(words)) return { kind: "token", when: "RANDOM" };
  if (!AMBIGUOUS_IN_URL.test(words)) return null;
  return { kind: words.endsWith("code") ? "code" : words === "key" ? "key" : "token", when: "RANDOM_IN_URL" };
}

/** Whether there is nothing to mask, or masked already. */
export function isMasked(value: string): boolean {
  return value === "" || value.startsWith(MARKER_START);
}

/** Whether a value shows no more than where a secret would stand: `{token}`, `YOUR_KEY`. */
export function isPlaceholder(value: string): boolean {
  return isMasked(value) || PLACEHOLDER.test(value) || VARIABLE.test(value);
}

/** Whether a value of a name that says so is secret: a short word (`token=usdc`) is not. */
export function isLikely(value: string): boolean {
  if (isPlaceholder(value)) return false;
  return value.length >= 8 || (value.length >= 4 && /\d/.test(value));
}

/** Whether a value looks like nothing that a person typed: letters and digits in turn, and no blanks. */
export function isRandom(value: string, minLength = 16): boolean {
  if (value.length < minLength || value.length > MAX_SECRET_LENGTH || isPlaceholder(value)) return false;
  if (!/^[\w\-.~+/=%:|]+$/.test(value)) return false;
  return (value.match(/[A-Za-z0-9]{8,}/g) ?? []).some(isRandomRun);
}

// A word has its number at one end, and hexadecimal digits are no word.
function isRandomRun(run: string): boolean {
  const digits = run.length - run.replaceAll(/\d/g, "").length;
  if (digits === 0 || digits === run.length || new Set(run).size < 5) return false;
  if (/[A-Za-z]\d/.test(run) && /\d[A-Za-z]/.test(run)) return true;
  return digits >= 4 && (run.length >= 24 || (run.length >= 16 && /^[\da-f]+$/i.test(run)));
}

/** Whether a value looks like a password that somebody chose, and not like a label, a selector or a number. */
export function isChosen(value: string): boolean {
  if (value.length < 6 || value.length > 256 || isPlaceholder(value)) return false;
  return /\d/.test(value) && /[^\d.,]/.test(value) && /^[^\s#./[][^\s]*$/.test(value);
}

/** Whether a value may be told anywhere by itself, as no word would be. */
export function isDistinct(value: string): boolean {
  return value.length >= 8 && value.length <= 4_096 && /[A-Za-z]/.test(value) && /[^A-Za-z\s]/.test(value);
}

/** The text with a marker in place of each secret; what lies between them stays as it is. */
export function maskAll(text: string, secrets: Secret[]): string {
  if (secrets.length === 0) return text;
  const parts: string[] = [];
  let end = 0;
  for (const secret of secrets.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    // One that begins in another is masked with it.
    if (secret.start >= end) parts.push(text.slice(end, secret.start), marker(secret.kind));
    end = Math.max(end, secret.end);
  }
  parts.push(text.slice(end));
  return parts.join("");
}
