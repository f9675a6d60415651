import { hash } from "node:crypto";

const DEVICE_CODE_BYTES = 32;
/** No vowels, so that no word comes about, and nothing that looks like a digit. RFC 8628 §6.1 */
const LETTERS = "BCDFGHJKLMNPQRSTVWXZ";
const USER_CODE_LENGTH = 8;
/** The bytes from here on would make some letters likelier than others. */
const FAIR_BYTES = 256 - 256 % LETTERS.length;

/** A new secret of a client: 256 random bits in base64url. */
export function newDeviceCode(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(DEVICE_CODE_BYTES));
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}

/** The SHA-256 by which a device code is found. It is as random as the code, so it needs neither salt nor stretching. */
export function hashDeviceCode(deviceCode: string): Uint8Array {
  return Uint8Array.fromHex(hash("sha256", deviceCode));
}

/** A new code for a person: 8 of 20 letters, 34 bits. */
export function newUserCode(): string {
  let code = "";
  while (code.length < USER_CODE_LENGTH) {
    const bytes = crypto.getRandomValues(new Uint8Array(USER_CODE_LENGTH * 2)).filter((byte) => byte < FAIR_BYTES);
    for (const byte of bytes) code += LETTERS[byte % LETTERS.length];
  }
  return code.slice(0, USER_CODE_LENGTH);
}

/** A user code as it is shown: `XXXX-XXXX`. */
export function showUserCode(code: string): string {
  return `${code.slice(0, USER_CODE_LENGTH / 2)}-${code.slice(USER_CODE_LENGTH / 2)}`;
}

/** A code as somebody typed it, in whatever case and with whatever between the letters; null for what can be none. */
export function readUserCode(text: string): string | null {
  const code = text.toUpperCase().replace(/[\s\p{P}]/gu, "");
  return code.length === USER_CODE_LENGTH && [...code].every((letter) => LETTERS.includes(letter)) ? code : null;
}
