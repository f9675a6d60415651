import {
  isChosen,
  isLikely,
  isPlaceholder,
  isRandom,
  MARKER_START,
  type NamedSecret,
  readName,
  type Secret,
} from "./_secret_values.ts";

/** A parameter of a URL's query or fragment, of a form or of a connection string, percent-encoded itself where it is in another's value. */
const PARAMETER = /([?&#;]|%(?:25){0,3}(?:3f|26|23))((?:[\w.\-[\]]|%5[bd]){1,64})(=|%(?:25){0,3}3d)/gi;
const VALUE = /[^\s&#"'<>)\\`]*/y;
const VALUE_IN_LIST = /[^\s&#"'<>)\\`;]*/y;
const ENCODED_VALUE = /(?:(?!%(?:25){0,3}(?:26|23))[^\s&#"'<>)\\`])*/iy;
/** Holds none of what begins a parameter, so that nothing is read twice. */
const RANDOM_VALUE = /(?:[\w\-.~+/=:|]|%(?:2[bf]|3[ad]|7c))*/iy;

/** The end of a name, then what is between it and its value: in HTML, JSON, scripts and texts. */
const ASSIGNMENT =
  /((?:token|secret|passwor?d|passwd|passphrase|passcode|pwd|confirmation|(?:api |access |secret |private |auth )?key(?:[-_]?id)?|csrf|xsrf|jwt|credentials?|sess(?:ion)?[-_]?id|session|sid|signature|hmac|auth|authorization|code|cvc|cvv|otp)(?:[-_]?value)?)(?:\\?["'\]]|&quot;|&#3[49];){0,2}\s{0,8}[:=]\s{0,8}(\\?["']|&quot;|&#3[49];)?/gi;
const BARE_VALUE = /[\w\-.~+/%]{16,}={0,2}/y;
/** An environment's, such as `DB_PASSWORD=…`. */
const BARE_PASSWORD = /[^\s"'<>&,;()[\]{}.=]{6,256}(?![.([])/y;
const MAX_NAME_LENGTH = 64;
/** One more than what may be a secret. */
const MAX_VALUE_LENGTH = 65_537;

/** Finds what is a secret by the name that stands before it. Takes time linear in the text. */
export function findNamed(text: string): Secret[] {
  return [...findParameters(text), ...findAssignments(text)];
}

/** Whether the value of a parameter of such a name is secret. */
function isSecretParameter({ kind, when }: NamedSecret, value: string): boolean {
  if (when === "ALWAYS") return kind === "code" || kind === "card" ? isLikely(value) : !isPlaceholder(value);
  return when === "LIKELY" ? isLikely(value) : isRandom(value, when === "RANDOM" || kind === "code" ? 10 : 16);
}

/** Whether the value of an attribute or of a member of JSON is secret: more than parameters these are labels, selectors and settings. */
export function isSecretMember({ kind, when }: NamedSecret, value: string): boolean {
  if (when === "RANDOM_IN_URL") return false;
  return isRandom(value, kind === "key" ? 12 : 16) || (kind === "password" && isChosen(value));
}

function findParameters(text: string): Secret[] {
  const found: Secret[] = [];
  PARAMETER.lastIndex = 0;
  for (let match = PARAMETER.exec(text); match !== null; match = PARAMETER.exec(text)) {
    const named = isCode(match) ? null : readName(match[2] ?? "");
    if (named === null) continue;
    const start = PARAMETER.lastIndex;
    const value = valueAt(text, start, formOf(match, named));
    const isSecret = isSecretParameter(named, value);
    if (isSecret) found.push({ start, end: start + value.length, kind: named.kind, value });
    // What is long is not read twice: a text of nothing but such names would take for ever.
    if (isSecret || value.length > MAX_NAME_LENGTH) PARAMETER.lastIndex = start + value.length;
  }
  return found;
}

/** `;a.token=b` and `&&token==b` stand in scripts. */
function isCode({ 0: all, 1: separator, 2: name = "", index, input }: RegExpExecArray): boolean {
  if (input.charAt(index + all.length) === "=") return true;
  return name.includes(".") && (separator === ";" || separator === "#");
}

function formOf({ 1: separator, 3: equals, index, input }: RegExpExecArray, { kind, when }: NamedSecret): RegExp {
  if (when === "RANDOM" || when === "RANDOM_IN_URL") return RANDOM_VALUE;
  if (equals !== "=") return ENCODED_VALUE;
  const isEntity = /&#?\w{1,6}$/.test(input.slice(Math.max(0, index - 8), index));
  if (separator !== ";" || isEntity) return VALUE;
  // RFC 3986 §3.3: behind a path's parameters, such as a session's id, comes the query.
  return kind === "token" ? RANDOM_VALUE : VALUE_IN_LIST;
}

// A sentence may go on behind a URL.
function valueAt(text: string, start: number, form: RegExp): string {
  const value = matchAt(form, text, start);
  let end = value.length;
  while (end > 0 && ".,;:!?".includes(value.charAt(end - 1))) end--;
  return value.slice(0, end);
}

function findAssignments(text: string): Secret[] {
  // The name is looked for at each letter: a text without the sign is spared that.
  if (!text.includes("=") && !text.includes(":")) return [];
  const found: Secret[] = [];
  for (const match of text.matchAll(ASSIGNMENT)) {
    const [all, name = "", quote] = match;
    const start = match.index + all.length;
    const end = quote === undefined ? -1 : text.indexOf(quote, start);
    const value = end === -1 ? bareValue(text, start) : text.slice(start, Math.min(end, start + MAX_VALUE_LENGTH));
    // A marker is no name.
    if (text.startsWith(MARKER_START, match.index - MARKER_START.length)) continue;
    // The name is looked at last: most values are none of a secret.
    if (!isChosen(value) && !isRandom(value, 12)) continue;
    const named = readName(nameBefore(text, match.index) + name);
    if (named === null || !isSecretMember(named, value)) continue;
    found.push({ start, end: start + value.length, kind: named.kind, value });
  }
  return found;
}

function bareValue(text: string, start: number): string {
  const value = valueAt(text, start, BARE_VALUE);
  if (value === "" && text.charAt(start - 1) === "=") return matchAt(BARE_PASSWORD, text, start);
  return isIdentifier(value) ? "" : value;
}

/** Code, where no quotes are: `decodeBase64Url`. */
function isIdentifier(value: string): boolean {
  return /^[A-Za-z_$][\w$.]*$/.test(value) && value.length < 64 && (value.match(/\d/g) ?? []).length < 4;
}

function nameBefore(text: string, index: number): string {
  let start = index;
  while (start > 0 && index - start < MAX_NAME_LENGTH && /[\w\-$.[]/.test(text.charAt(start - 1))) start--;
  return text.slice(start, index);
}

function matchAt(form: RegExp, text: string, index: number): string {
  form.lastIndex = index;
  return form.exec(text)?.[0] ?? "";
}
