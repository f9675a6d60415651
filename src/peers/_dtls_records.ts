import type { Buffer } from "node:buffer";
import type { DtlsSocket } from "werift";

// What is mended in werift 0.25.2's reading of records, and why: docs/decisions/0015-werift-mended.md.

const CHANGE_CIPHER_SPEC = 20;
const ALERT = 21;
const HANDSHAKE = 22;
const DATA = 23;
const FINISHED = 20;
/** Type, version, epoch, sequence number, length. RFC 6347 §4.1 */
const HEADER_BYTES = 13;
/** Nonce and tag of AES-GCM: werift begins to decrypt what is shorter, and never ends it. RFC 5288 §3 */
const MIN_ENCRYPTED_BYTES = 8 + 16;

/** Has connections pay no attention to records that anybody can send, as their UDP ports are open to all; once, for all of this process. */
export function mendRecords({ prototype }: { prototype: DtlsSocket }): void {
  // The last step of the constructor before it listens.
  const setupExtensions = Reflect.get(prototype, "setupExtensions");
  Reflect.set(prototype, "setupExtensions", function (this: DtlsSocket) {
    const take = Reflect.get(this, "udpOnMessage");
    const takeGenuine = (datagram: Buffer) => {
      for (const record of recordsIn(datagram)) if (isTaken(this, record)) take(record);
    };
    Reflect.set(this, "udpOnMessage", takeGenuine);
    return setupExtensions.call(this);
  });
}

function* recordsIn(datagram: Buffer): Generator<Buffer, undefined> {
  for (let start = 0; start + HEADER_BYTES <= datagram.length;) {
    const end = start + HEADER_BYTES + datagram.readUInt16BE(start + 11);
    if (end <= datagram.length) yield datagram.subarray(start, end);
    start = end;
  }
}

// werift closes a connection by any alert and by records of unknown kinds, also where they are not encrypted, and is connected by a
// Finished that is not. Of what is encrypted, it finds out itself whether it is genuine, but for alerts. RFC 6347 §4.1.2.7
function isTaken(socket: DtlsSocket, record: Buffer): boolean {
  const isPlain = record.readUInt16BE(3) === 0;
  const type = record[0];
  if (!isPlain && record.length < HEADER_BYTES + MIN_ENCRYPTED_BYTES) return false;
  if (type === HANDSHAKE) return isPlain ? !socket.connected && record[HEADER_BYTES] !== FINISHED : true;
  if (type === CHANGE_CIPHER_SPEC) return true;
  if (type === ALERT) return !isPlain && isGenuine(socket, record);
  return type === DATA && !isPlain;
}

function isGenuine({ cipher }: DtlsSocket, record: Buffer): boolean {
  try {
    Reflect.apply(cipher.decryptPacket, cipher, [toPlaintext(record)]);
    return true;
  } catch {
    return false;
  }
}

/** A record as werift has it. */
function toPlaintext(record: Buffer) {
  const recordLayerHeader = {
    contentType: record.readUInt8(0),
    protocolVersion: { major: record.readUInt8(1), minor: record.readUInt8(2) },
    epoch: record.readUInt16BE(3),
    sequenceNumber: record.readUIntBE(5, 6),
    contentLen: record.readUInt16BE(11),
  };
  return { recordLayerHeader, fragment: record.subarray(HEADER_BYTES) };
}
