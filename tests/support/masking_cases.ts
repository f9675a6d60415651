/** One text of a capture and the secrets in it: stored, it is the same but for a marker in place of each. */
export interface MaskingCase {
  /** What the case is about. */
  about: string;
  /** A field of `CaptureElementInput`: a text, or JSON, in whose texts the secrets are. */
  field:
    | "html"
    | "text"
    | "pageUrl"
    | "pageTitle"
    | "selector"
    | "domId"
    | "attributes"
    | "computedStyles"
    | "component"
    | "accessibility";
  value: unknown;
  /** Kinds by secret; none: it is stored as it was sent. */
  secrets: Record<string, "password" | "token" | "key" | "card" | "code">;
  /** Other fields of the capture. */
  others?: Record<string, unknown>;
}

/** HTML with secrets. */
export function html(about: string, value: string, secrets: MaskingCase["secrets"] = {}): MaskingCase {
  return { about, field: "html", value, secrets };
}

/** A page's address with secrets. */
export function url(about: string, value: string, secrets: MaskingCase["secrets"] = {}): MaskingCase {
  return { about, field: "pageUrl", value, secrets };
}

/** What an element shows, with secrets. */
export function text(about: string, value: string, secrets: MaskingCase["secrets"] = {}): MaskingCase {
  return { about, field: "text", value, secrets };
}

/** An element's attributes with secrets. */
export function attributes(
  [about, tagName]: [string, string],
  value: Record<string, unknown>,
  secrets: MaskingCase["secrets"] = {},
): MaskingCase {
  return { about, field: "attributes", value, secrets, others: { tagName } };
}

const BASE62 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const HEX = "0123456789abcdef";

/** A token that nobody issued, the same one for the same beginning: letters and digits in turn, as those of services look. */
export function made(beginning: string, length = 36, alphabet = BASE62): string {
  let state = [...beginning].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) >>> 0, 7);
  const letters = Array.from({ length }, (_, index) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    // Each fourth is a digit, so that chance makes no word of it.
    return index % 4 === 3 ? String((state >>> 16) % 10) : alphabet.charAt((state >>> 16) % alphabet.length);
  });
  return beginning + letters.join("");
}

/** The same in hexadecimal digits. */
export function madeHex(beginning: string, length = 32): string {
  return made(beginning, length, HEX);
}

/** A JSON Web Token with such a header. */
export function madeJwt(header: Record<string, unknown>, subject: string): string {
  const part = (value: unknown) =>
    new TextEncoder().encode(JSON.stringify(value)).toBase64({ alphabet: "base64url", omitPadding: true });
  return `${part(header)}.${part({ sub: subject, iat: 1_760_000_000 })}.${made("", 43)}`;
}
