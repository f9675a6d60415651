import { isPlaceholder, isRandom, type Secret } from "./_secret_values.ts";

/** A token begins where no word goes on; percent-encoding and escapes of JSON end in letters and are none. Looking behind takes twice as long as this. */
const BEFORE = String.raw`(?:^|[^\w-]|%[\dA-Fa-f]{2}|\\[nrt])`;
/** Where a base64 image lies is no token: it is passed over at once. */
const IMAGE_START = ";base64,";
const IMAGE = String.raw`${IMAGE_START}[A-Za-z0-9+/=]*`;
const TOKENS = [
  String.raw`fp_[\w-]{40,}`, // our own
  String.raw`gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{22,}`,
  String.raw`gl(?:pat|rt|dt|ptt|soat|cbt)-[\w.-]{20,}`,
  String.raw`(?:xox[a-z]|xapp)-[\w-]*\d[\w-]{8,}`, // Slack
  String.raw`ya29\.[\w-]{20,}`, // Google OAuth
  String.raw`npm_[A-Za-z0-9]{30,}|pypi-[\w-]{50,}|hf_[A-Za-z0-9]{30,}|dckr_pat_[\w-]{20,}`,
  String.raw`shp(?:at|ca|pa|ss)_[\da-fA-F]{32}|dop_v1_[\da-f]{64}|lin_api_[A-Za-z0-9]{32,}|figd_[\w-]{32,}`,
];
const KEYS = [
  String.raw`[sr]k_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{20,}`, // Stripe; a pk_ is public
  String.raw`(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])`, // AWS
  String.raw`AIza[\w-]{30,}|GOCSPX-[\w-]{20,}`, // Google
  String.raw`SG\.[\w-]{16,}\.[\w-]{16,}|SK[\da-f]{32}(?![\w-])`, // SendGrid, Twilio
];
const JWT = String.raw`eyJ[\w-]+(?:\.[\w-]*){2,4}`;
/** OpenAI's and Anthropic's; spinners have classes that begin alike. */
const SK = String.raw`sk-[\w-]{20,}`;
const SECRETS = `${BEFORE}(?:(?<token>${TOKENS.join("|")})|(?<key>${KEYS.join("|")})|(?<jwt>${JWT})|(?<sk>${SK}))`;
const FORMATS = new RegExp(SECRETS, "g");
const FORMATS_AND_IMAGES = new RegExp(`${IMAGE}|${SECRETS}`, "g");
/** RFC 6750 §2.1 and RFC 7617 §2, also in a URL's encoding. */
const CREDENTIALS = /(bearer|basic)(?:\s|%20|\+){1,8}([\w\-.~+/]{12,}={0,2})/gi;
/** RFC 3986 §3.2.1: of user:password@ the password. */
const USER_INFO = /:\/\/([^\s/?#"'<>@:]*):([^\s/?#"'<>]*)@/g;
const WEBHOOK =
  /hooks\.slack\.com\/services\/T\w+\/B\w+\/(\w{16,})|discord(?:app)?\.com\/api\/webhooks\/\d+\/([\w-]{30,})|\bbot\d{8,10}:(AA[\w-]{30,})/g;
/** RFC 7468 §2; without the line breaks, or with those of HTML and JSON, too. */
const KEY_BLOCK =
  /-----BEGIN (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----((?:(?!-----)[\w+/=\s\\:,.-]|&#(?:10|13|x[ad]);|<br\s{0,4}\/?>)*)/gi;

/** Finds what is a secret by how it looks, wherever it stands. Takes time linear in the text. */
export function findFormats(text: string): Secret[] {
  return [...findTokens(text), ...findCredentials(text), ...findWebhooks(text), ...findKeyBlocks(text)];
}

function findTokens(text: string): Secret[] {
  const found: Secret[] = [];
  // Looking for images as well takes half as long again.
  const formats = text.includes(IMAGE_START) ? FORMATS_AND_IMAGES : FORMATS;
  formats.lastIndex = 0;
  for (let match = formats.exec(text); match !== null; match = formats.exec(text)) {
    const { token, key, jwt, sk } = match.groups ?? {};
    const end = formats.lastIndex;
    const start = end - (token ?? key ?? jwt ?? sk ?? match[0]).length;
    if (token !== undefined) found.push({ start, end, kind: "token" });
    else if (key !== undefined || (sk !== undefined && isRandom(sk))) found.push({ start, end, kind: "key" });
    else if (jwt !== undefined) {
      const header = jwt.slice(0, jwt.indexOf("."));
      if (isJoseHeader(header)) found.push({ start, end, kind: "token" });
      // A real one may begin in the part behind.
      else formats.lastIndex = start + header.length;
    }
  }
  return found;
}

/** RFC 7515 §4.1: JSON with an algorithm. It is not parsed: a failure of that costs more than all the rest. */
function isJoseHeader(header: string): boolean {
  if (header.length < 16 || header.length > 16_384 || header.length % 4 === 1) return false;
  return /^\{[^]*"(?:alg|enc)"\s*:/.test(atob(header.replaceAll("-", "+").replaceAll("_", "/")));
}

function findCredentials(text: string): Secret[] {
  const found: Secret[] = [];
  for (const match of text.matchAll(CREDENTIALS)) {
    const [all, scheme = "", value = ""] = match;
    const end = match.index + all.length;
    const isHeader = /authorization\W{1,8}$/i.test(text.slice(Math.max(0, match.index - 24), match.index));
    const isSecret = (isHeader && !isPlaceholder(value)) ||
      (scheme.length === 5 ? isUserAndPassword(value) : isRandom(value));
    if (isSecret) found.push({ start: end - value.length, end, kind: scheme.length === 5 ? "password" : "token" });
  }
  for (const match of text.matchAll(USER_INFO)) {
    const [all, , password = ""] = match;
    const end = match.index + all.length - 1;
    if (!isPlaceholder(password)) found.push({ start: end - password.length, end, kind: "password", value: password });
  }
  return found;
}

function isUserAndPassword(value: string): boolean {
  const base64 = value.replace(/=+$/, "");
  if (!/^[A-Za-z0-9+/]+$/.test(base64) || base64.length % 4 === 1 || base64.length > 4_096) return false;
  return /^[\x20-\x7e\x80-\xff]*:[\x20-\x7e\x80-\xff]*$/.test(atob(base64));
}

function findWebhooks(text: string): Secret[] {
  return Array.from(text.matchAll(WEBHOOK), (match) => {
    const [all, slack, discord, telegram] = match;
    const end = match.index + all.length;
    return { start: end - (slack ?? discord ?? telegram ?? "").length, end, kind: "token" };
  });
}

function findKeyBlocks(text: string): Secret[] {
  return Array.from(text.matchAll(KEY_BLOCK)).flatMap((match) => {
    const [all, body = ""] = match;
    const end = match.index + all.length;
    return /[A-Za-z0-9+/=]{16}/.test(body) ? [{ start: end - body.length, end, kind: "key" }] : [];
  });
}
