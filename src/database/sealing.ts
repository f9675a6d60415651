import { AppError } from "../base/errors.ts";

/** Where a sealed value lies: it opens nowhere else. */
export interface SealedPlace {
  table: string;
  column: string;
  /** The row's primary key. */
  row: string;
}

/** Seals what a stolen file must not give away. */
export interface Sealer {
  /** Encrypts under the current key, bound to the place. */
  seal(plaintext: Uint8Array, place: SealedPlace): Promise<Uint8Array>;
  /** Decrypts. Throws `UNAVAILABLE` where the key is not there, the place is another, or a bit was changed. */
  open(sealed: Uint8Array, place: SealedPlace): Promise<Uint8Array>;
  /** Whether the current key sealed it. */
  isCurrent(sealed: Uint8Array): boolean;
}

/** Names what a key derived from the secret key is for, so that no two uses share one. */
export type KeyPurpose = "sealing" | "sealing key id" | "audit events" | "audit checkpoints";

interface Key {
  id: string;
  cryptoKey: CryptoKey;
}

/** The form of a sealed value: this byte, the key's id, the nonce, the ciphertext with its tag. */
const FORMAT = 1;
const KEY_ID_BYTES = 8;
/** NIST SP 800-38D §8.2.2: at random, so one key may seal 2^32 values (§8.3), far more than there are settings. */
const NONCE_BYTES = 12;
const HEADER_BYTES = 1 + KEY_ID_BYTES + NONCE_BYTES;

/** Builds a sealer on secret keys of 32 bytes: the first seals, all of them open. AES-256-GCM (NIST SP 800-38D). */
export async function createSealer(secretKeys: readonly Uint8Array<ArrayBuffer>[]): Promise<Sealer> {
  const keys = await Promise.all(secretKeys.map(importKey));
  const current = keys[0] ?? missing();
  return { seal, open, isCurrent: (sealed) => keyIdOf(sealed) === current.id };

  async function seal(plaintext: Uint8Array, place: SealedPlace): Promise<Uint8Array> {
    const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const parameters = { name: "AES-GCM", iv, additionalData: describe(place) };
    const ciphertext = await crypto.subtle.encrypt(parameters, current.cryptoKey, Uint8Array.from(plaintext));
    return Uint8Array.from([FORMAT, ...Uint8Array.fromHex(current.id), ...iv, ...new Uint8Array(ciphertext)]);
  }

  async function open(sealed: Uint8Array, place: SealedPlace): Promise<Uint8Array> {
    const where = `"${place.row}" of ${place.table}.${place.column}`;
    const key = keys.find(({ id }) => id === keyIdOf(sealed));
    if (key === undefined) {
      throw new AppError(
        "UNAVAILABLE",
        `Cannot open ${where}: it was sealed with the key ${keyIdOf(sealed)}, which is not here`,
      );
    }
    const iv = sealed.slice(1 + KEY_ID_BYTES, HEADER_BYTES);
    const parameters = { name: "AES-GCM", iv, additionalData: describe(place) };
    try {
      return new Uint8Array(await crypto.subtle.decrypt(parameters, key.cryptoKey, sealed.slice(HEADER_BYTES)));
    } catch (cause) {
      throw new AppError("UNAVAILABLE", `Cannot open ${where}: it was changed or belongs elsewhere`, { cause });
    }
  }
}

/** 32 bytes for one purpose from the secret key. HKDF-SHA-256 (RFC 5869); the purpose is its `info`. */
export async function deriveKey(
  secretKey: Uint8Array<ArrayBuffer>,
  purpose: KeyPurpose,
): Promise<Uint8Array<ArrayBuffer>> {
  const material = await crypto.subtle.importKey("raw", secretKey, "HKDF", false, ["deriveBits"]);
  const info = new TextEncoder().encode(`fingerpost ${purpose}`);
  const parameters = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info };
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, material, 256));
}

async function importKey(secretKey: Uint8Array<ArrayBuffer>): Promise<Key> {
  const [raw, id] = await Promise.all([deriveKey(secretKey, "sealing"), deriveKey(secretKey, "sealing key id")]);
  const cryptoKey = await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);
  return { id: id.slice(0, KEY_ID_BYTES).toHex(), cryptoKey };
}

function missing(): never {
  throw new Error("Cannot seal without a key");
}

/** The id of the key, or what stands in its place. */
function keyIdOf(sealed: Uint8Array): string {
  return sealed[0] === FORMAT && sealed.length > HEADER_BYTES ? sealed.slice(1, 1 + KEY_ID_BYTES).toHex() : "none";
}

// As JSON, in which no two places look the same.
function describe({ table, column, row }: SealedPlace): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify([table, column, row]));
}
