import { Buffer } from "node:buffer";
import { verify, X509Certificate } from "node:crypto";
import type { DtlsSocket } from "werift";
import type { HandshakeMessage } from "./_handshake_reader.ts";

const CERTIFICATE = 11;
const SERVER_KEY_EXCHANGE = 12;
/** Of a list of certificates and of its first. RFC 5246 §7.4.2 */
const LENGTHS_BYTES = 6;
/** Kind of curve, which one, and the length of the key. RFC 8422 §5.4 */
const KEY_HEADER_BYTES = 4;
/** Hash and signature algorithm, length of the signature. RFC 5246 §4.7 */
const SIGNATURE_HEADER_BYTES = 4;
/** The one hash that is offered. */
const HASH = "sha256";

/** The certificates that the servers of handshakes have shown. */
const certificates = new WeakMap<DtlsSocket, Buffer>();

/**
 * Whether a message to a DTLS client is not what only an impostor says: keys for the connection that are not signed with the key of the
 * certificate, or a second certificate. Whose certificate it is, werift finds out by its fingerprint. RFC 8422 §5.4
 */
export function areKeysGenuine(socket: DtlsSocket, { msg_type, fragment }: HandshakeMessage): boolean {
  if (msg_type === CERTIFICATE) {
    const isFirst = !certificates.has(socket);
    certificates.set(socket, fragment);
    return isFirst;
  }
  return msg_type !== SERVER_KEY_EXCHANGE || isSigned(socket, fragment);
}

function isSigned(socket: DtlsSocket, exchange: Buffer): boolean {
  const { localRandom, remoteRandom } = socket.cipher;
  try {
    const certificate = certificates.get(socket)?.subarray(LENGTHS_BYTES);
    if (certificate === undefined) return false;
    const end = KEY_HEADER_BYTES + exchange.readUInt8(KEY_HEADER_BYTES - 1);
    const signed = Buffer.concat([localRandom.serialize(), remoteRandom.serialize(), exchange.subarray(0, end)]);
    const signature = exchange.subarray(end + SIGNATURE_HEADER_BYTES);
    return verify(HASH, signed, new X509Certificate(certificate).publicKey, signature);
  } catch {
    // It is none at all.
    return false;
  }
}
