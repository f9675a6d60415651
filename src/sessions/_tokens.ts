import { hash } from "node:crypto";
import { crc32 } from "node:zlib";

const TOKEN_BYTES = 32;
const ACCESS_TOKEN_PREFIX = "fp_";
const CHECKSUM_LENGTH = 8;
const ACCESS_TOKEN_LENGTH = ACCESS_TOKEN_PREFIX.length + Math.ceil(TOKEN_BYTES * 8 / 6) + CHECKSUM_LENGTH;

/** A new session token: 256 random bits in base64url, but that it begins with no dash, which a command line takes for an option. */
export function newSessionToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(TOKEN_BYTES));
  const token = bytes.toBase64({ alphabet: "base64url", omitPadding: true });
  return token.startsWith("-") ? newSessionToken() : token;
}

/** A new access token: `fp_`, 256 random bits in base64url, and their CRC-32 in hex, which tells a mistyped one. */
export function newAccessToken(): string {
  const random = newSessionToken();
  return `${ACCESS_TOKEN_PREFIX}${random}${checksum(random)}`;
}

/** Whether a credential claims to be an access token rather than a session's. */
export function isAccessToken(credential: string): boolean {
  return credential.startsWith(ACCESS_TOKEN_PREFIX);
}

/** Whether an access token is as it was made, so that a mistyped one costs no look-up. */
export function isIntact(accessToken: string): boolean {
  if (accessToken.length !== ACCESS_TOKEN_LENGTH) return false;
  const random = accessToken.slice(ACCESS_TOKEN_PREFIX.length, -CHECKSUM_LENGTH);
  return accessToken.slice(-CHECKSUM_LENGTH) === checksum(random);
}

/** The SHA-256 by which a token is found. It is as random as the token, so it needs neither salt nor stretching. */
export function hashToken(token: string): Uint8Array {
  return Uint8Array.fromHex(tokenKey(token));
}

/** The hash in hexadecimal digits, as a key of the key-value file. */
export function tokenKey(token: string): string {
  return hash("sha256", token, "hex");
}

/** What a person may see of an access token to tell it from others. */
export function shownPrefix(accessToken: string): string {
  return accessToken.slice(0, ACCESS_TOKEN_PREFIX.length + 6);
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(CHECKSUM_LENGTH, "0");
}
