import { Buffer } from "node:buffer";
import type { DtlsSocket } from "werift";

/** A handshake message of DTLS, or a part of one. */
export type HandshakeMessage = Parameters<DtlsSocket["handleFragmentHandshake"]>[0][number];

/** Puts the messages of one handshake in order. RFC 6347 §4.2.2 */
export interface HandshakeReader {
  /** Takes a part; the messages that are whole with it and whose turn it is. */
  accept(part: HandshakeMessage): HandshakeMessage[];
  /** Whether its message was given out before. */
  isRepeated(part: HandshakeMessage): boolean;
  /** Whether it ends the message that was given out last. */
  isLastAccepted(part: HandshakeMessage): boolean;
}

/** A flight has six messages at most: what is further ahead is no part of this handshake. */
const MAX_AHEAD = 8;
/** A certificate as browsers make it has under 1 kB. */
const MAX_MESSAGE_BYTES = 16_384;
const MAX_PARTS = 64;

/** Builds a reader for one connection. */
export function createHandshakeReader(): HandshakeReader {
  const partsBySequence = new Map<number, HandshakeMessage[]>();
  let next = 0;
  return {
    accept,
    isRepeated: ({ message_seq }) => message_seq < next,
    isLastAccepted: (part) =>
      part.message_seq === next - 1 && part.fragment_offset + part.fragment_length === part.length,
  };

  function accept(part: HandshakeMessage): HandshakeMessage[] {
    const { message_seq, length } = part;
    const parts = partsBySequence.get(message_seq) ?? [];
    const isSane = message_seq >= next && message_seq < next + MAX_AHEAD && length <= MAX_MESSAGE_BYTES;
    const fits = parts.every((other) => other.length === length && other.msg_type === part.msg_type);
    if (!isSane || !fits || parts.length >= MAX_PARTS) return [];
    partsBySequence.set(message_seq, [...parts, part]);
    const messages: HandshakeMessage[] = [];
    for (let message = takeWhole(next); message !== null; message = takeWhole(next)) {
      messages.push(message);
      next++;
    }
    return messages;
  }

  function takeWhole(sequence: number): HandshakeMessage | null {
    const parts = partsBySequence.get(sequence);
    const message = parts === undefined ? null : join(parts);
    if (message !== null) partsBySequence.delete(sequence);
    return message;
  }
}

function join(parts: HandshakeMessage[]): HandshakeMessage | null {
  const sorted = parts.toSorted((one, other) => one.fragment_offset - other.fragment_offset);
  const [first] = sorted;
  if (first === undefined) return null;
  const content = Buffer.alloc(first.length);
  let joined = 0;
  for (const { fragment, fragment_offset } of sorted) {
    if (fragment_offset > joined) return null;
    joined = Math.max(joined, fragment_offset + fragment.copy(content, fragment_offset));
  }
  if (joined < first.length) return null;
  return Object.assign(first, { fragment_offset: 0, fragment_length: first.length, fragment: content });
}
