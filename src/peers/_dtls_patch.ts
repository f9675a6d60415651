import { Buffer } from "node:buffer";
import type { CipherContext, DtlsSocket, RTCDtlsTransport } from "werift";
import { mendRecords } from "./_dtls_records.ts";
import { areKeysGenuine } from "./_server_keys.ts";
import { createHandshakeReader, type HandshakeMessage, type HandshakeReader } from "./_handshake_reader.ts";

// What is mended in werift 0.25.2's DTLS, and why: docs/decisions/0015-werift-mended.md. tests/peers_dtls_test.ts fails when it needs it no more.

type Werift = Pick<typeof import("werift"), "CipherContext" | "DtlsServer" | "DtlsSocket" | "RTCDtlsTransport">;
type DtlsContext = DtlsSocket["dtls"];
type DtlsRecord = Parameters<CipherContext["encryptPacket"]>[0];

/** One side's messages of a handshake that go out together, as werift has them. */
interface Flight {
  dtls: DtlsContext;
  transport: DtlsSocket["transport"];
  cipher?: CipherContext;
  nextFlight?: number;
}

/** werift waits so long before a client's first word. */
const CLIENT_DELAY_MS = 100;
const TIMER_LATENESS_MS = 20;
/** Loopback and a LAN answer far sooner, also from a busy core; then twice as long each time. RFC 6347 §4.2.4.1 */
const FIRST_REPEAT_MS = 200;
const MAX_REPEAT_MS = 3_200;
/** 12 s altogether. */
const MAX_REPEATS = 7;

const READY_STEP_MS = 10;
/** As long as werift waits altogether. */
const READY_TIMEOUT_MS = 4_500;

const CLIENT = 1;
const CERTIFICATE = 11;
const HANDSHAKE_RECORD = 22;
const RECORD_HEADER_BYTES = 13;

const startedAt = new WeakMap<RTCDtlsTransport, number>();
const stopped = new WeakSet<DtlsContext>();
const wakeners = new WeakMap<DtlsContext, () => void>();
const repeatLastFlight = new WeakMap<DtlsContext, () => void>();
const plainNumbers = new WeakMap<DtlsContext, number>();
const cipherNumbers = new WeakMap<CipherContext, number>();
const finished = new WeakMap<CipherContext, { record: DtlsRecord; fragment: Buffer }>();

/** Mends the handshake and the numbering of records, once, for all connections of this process. */
export async function mendDtls({ CipherContext, DtlsServer, DtlsSocket, RTCDtlsTransport }: Werift): Promise<void> {
  mendNumbers(CipherContext);
  mendReading(DtlsSocket);
  mendRecords(DtlsSocket);
  mendWaiting(DtlsSocket);
  mendSending(await flightPrototype(DtlsServer));
  const { start } = RTCDtlsTransport.prototype;
  RTCDtlsTransport.prototype.start = function () {
    startedAt.set(this, performance.now());
    return start.call(this);
  };
}

/** Ends a handshake under way; settles when no timer of it is left. */
export async function stopHandshake(transport: RTCDtlsTransport): Promise<void> {
  const context = transport.dtls?.dtls;
  if (context !== undefined) {
    stopped.add(context);
    wakeners.get(context)?.();
  }
  const sinceMs = performance.now() - (startedAt.get(transport) ?? -Infinity);
  const leftMs = CLIENT_DELAY_MS + TIMER_LATENESS_MS - sinceMs;
  if (leftMs > 0) await new Promise((resolve) => setTimeout(resolve, leftMs));
}

/** Lets go of what only a handshake needs, once it is over: keys, certificates and messages are half of what an idle connection holds. */
export function forgetHandshake({ dtls: socket }: RTCDtlsTransport): void {
  // A server may have to repeat its last flight.
  if (socket === undefined || socket.sessionType !== CLIENT) return;
  Object.assign(socket.dtls, { handshakeCache: {}, lastFlight: [], lastMessage: [] });
  // Not deleted: an object that properties were deleted from is a slower and larger one.
  for (const name of ["localPrivateKey", "localCert", "localKeyPair", "remoteKeyPair", "certPem", "keyPem"]) {
    Reflect.set(socket.cipher, name, undefined);
  }
  for (const name of ["flight5", "options"]) Reflect.set(socket, name, undefined);
  repeatLastFlight.delete(socket.dtls);
  finished.delete(socket.cipher);
}

// werift looks after 100, 200, … 900 ms whether a handshake got on, closed or not.
function mendWaiting({ prototype }: Werift["DtlsSocket"]): void {
  // The last step of the constructor before it listens.
  const setupExtensions = Reflect.get(prototype, "setupExtensions");
  Reflect.set(prototype, "setupExtensions", function (this: DtlsSocket) {
    Reflect.set(this, "waitForReady", (isReady: () => boolean) => waitFor(isReady, this.dtls));
    return setupExtensions.call(this);
  });
}

async function waitFor(isReady: () => boolean, context: DtlsContext): Promise<void> {
  for (let waitedMs = 0; !isReady(); waitedMs += READY_STEP_MS) {
    if (stopped.has(context) || waitedMs >= READY_TIMEOUT_MS) throw new Error("The handshake did not get on");
    await new Promise((resolve) => setTimeout(resolve, READY_STEP_MS));
  }
}

// Each encrypted record needs a number of its own: it is the cipher's nonce (RFC 5288 §3), and the other side drops a number that it
// has seen (RFC 6347 §4.1.2.6). werift gives the one of its last handshake message again to a record with data.
function mendNumbers({ prototype }: Werift["CipherContext"]): void {
  const { encryptPacket } = prototype;
  prototype.encryptPacket = function (record) {
    const { recordLayerHeader: header, fragment } = record;
    header.sequenceNumber = cipherNumbers.get(this) ?? 0;
    cipherNumbers.set(this, header.sequenceNumber + 1);
    if (header.contentType === HANDSHAKE_RECORD) finished.set(this, { record, fragment });
    return encryptPacket.call(this, record);
  };
}

// Messages in the order of their numbers, each once. RFC 6347 §4.2.2
function mendReading({ prototype }: Werift["DtlsSocket"]): void {
  const readers = new WeakMap<DtlsSocket, HandshakeReader>();
  prototype.handleFragmentHandshake = function (fragments) {
    const reader = readers.get(this) ?? createHandshakeReader();
    readers.set(this, reader);
    for (const fragment of fragments) {
      if (reader.isRepeated(fragment)) answerRepeated(this, reader, fragment);
      else for (const message of reader.accept(fragment)) deliver(this, message);
    }
    return [];
  };
}

// The other side says its last message again where it missed the answer: it gets the same one, from the same keys. RFC 6347 §4.2.4
function answerRepeated(socket: DtlsSocket, reader: HandshakeReader, fragment: HandshakeMessage): void {
  const isClient = socket.sessionType === CLIENT;
  if (!reader.isLastAccepted(fragment) || (isClient && socket.connected)) return;
  const repeat = repeatLastFlight.get(socket.dtls);
  if (repeat !== undefined) repeat();
  else deliver(socket, fragment);
}

function deliver(socket: DtlsSocket, message: HandshakeMessage): void {
  // werift looks at the certificate's fingerprint, and not at whether the other side has its key.
  if (socket.sessionType === CLIENT && !areKeysGenuine(socket, message)) {
    return socket.onError.execute(new Error("The other side does not have the key of its certificate"));
  }
  socket.onHandleHandshakes([message]).catch((error: unknown) => {
    socket.onError.execute(error instanceof Error ? error : new Error(String(error)));
  });
}

// werift repeats a flight under its old numbers, which the other side drops, and does not stop when its connection is closed.
function mendSending(prototype: object): void {
  Reflect.set(prototype, "transmit", async function (this: Flight, datagrams: Buffer[]): Promise<void> {
    const { dtls, transport, cipher, nextFlight } = this;
    const send = () => {
      for (const datagram of datagrams) transport.send(renumber(datagram, dtls, cipher)).catch(() => {});
    };
    wakeners.get(dtls)?.();
    repeatLastFlight.set(dtls, send);
    send();
    if (nextFlight === undefined) return;
    for (let repeats = 0; repeats <= MAX_REPEATS; repeats++) {
      await sleep(dtls, Math.min(FIRST_REPEAT_MS * 2 ** repeats, MAX_REPEAT_MS));
      if (stopped.has(dtls) || dtls.flight >= nextFlight) return;
      send();
    }
    throw new Error("The other side did not answer the handshake");
  });
}

function sleep(dtls: DtlsContext, ms: number): Promise<void> {
  if (stopped.has(dtls)) return Promise.resolve();
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    wakeners.set(dtls, wake);
  });
}

function renumber(datagram: Buffer, dtls: DtlsContext, cipher: CipherContext | undefined): Buffer {
  if (datagram.readUInt16BE(3) > 0) return encryptAgain(datagram, cipher);
  // The socket may not have sent the one before yet.
  const copy = Buffer.from(datagram);
  for (let start = 0; start < copy.length; start += RECORD_HEADER_BYTES + copy.readUInt16BE(start + 11)) {
    const number = plainNumbers.get(dtls) ?? copy.readUIntBE(start + 5, 6);
    plainNumbers.set(dtls, number + 1);
    copy.writeUIntBE(number, start + 5, 6);
  }
  return copy;
}

const sentOnce = new WeakSet<Buffer>();

function encryptAgain(datagram: Buffer, cipher: CipherContext | undefined): Buffer {
  const last = cipher && finished.get(cipher);
  if (cipher === undefined || last === undefined || !sentOnce.has(datagram)) {
    sentOnce.add(datagram);
    return datagram;
  }
  last.record.fragment = last.fragment;
  return cipher.encryptPacket(last.record).serialize();
}

// werift exports no flight: a server makes one for a certificate, before it looks at what is in it.
async function flightPrototype(DtlsServer: Werift["DtlsServer"]): Promise<object> {
  const nowhere = {
    type: "none",
    address: { address: "", family: "", port: 0 },
    closed: true,
    onData: () => {},
    send: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  const server = new DtlsServer({ transport: nowhere });
  const certificate = { msg_type: CERTIFICATE, fragment: Buffer.alloc(0) };
  await Reflect.apply(server.onHandleHandshakes, server, [[certificate]]).catch(() => {});
  const flight: unknown = Reflect.get(server, "flight6");
  const prototype: unknown = Object.getPrototypeOf(Object.getPrototypeOf(flight));
  if (typeof prototype !== "object" || prototype === null || !Reflect.has(prototype, "transmit")) {
    throw new Error("Cannot mend werift: its flights are not where they were");
  }
  return prototype;
}
