import { Buffer } from "node:buffer";
import type { RTCDataChannel, RTCPeerConnection } from "werift";
import { createReassembler, toFrames } from "../../src/peers/_framing.ts";
import { createMemoryBudget } from "../../src/peers/_memory_budget.ts";
import { closePeerConnection, openPeerConnection } from "../../src/peers/_werift.ts";
import { type RoomPeer, serverPeerOf } from "./rooms.ts";
import type { Data } from "./running_app.ts";

/** A page, played by werift, with its data channel to the server open. */
export interface WeriftPage extends AsyncDisposable {
  /** Says a message and returns the next one from the server. */
  ask(message: Record<string, unknown>): Promise<Data>;
  /** Says a message. */
  say(message: Record<string, unknown>): void;
  /** The next message from the server. */
  heard(): Promise<Data>;
  connection: RTCPeerConnection;
  channel: RTCDataChannel;
  close(): Promise<void>;
}

/** Connects to the server's peer of the room. Throws where it does not answer with an ANSWER. */
export async function connectPage(
  peer: RoomPeer,
  { negotiationId = "n1", trickle = false }: { negotiationId?: string; trickle?: boolean } = {},
): Promise<WeriftPage> {
  const to = serverPeerOf(peer).id;
  const connection = await openPeerConnection();
  const channel = connection.createDataChannel("fingerpost.v1");
  const heard = messagesOf(channel);
  const opened = channel.stateChanged.watch((state) => state === "open");
  try {
    await connection.setLocalDescription(await connection.createOffer());
    const sdp = connection.localDescription?.sdp ?? "";
    const candidates = sdp.split("\r\n").filter((line) => line.startsWith("a=candidate:"));
    const payload = trickle ? sdp.split("\r\n").filter((line) => !candidates.includes(line)).join("\r\n") : sdp;
    await peer.send({ to, negotiationId, kind: "OFFER", payload });
    if (trickle) {
      const batch = candidates.map((line) => ({ candidate: line.slice(2), sdpMid: "0", sdpMLineIndex: 0 }));
      await peer.send({ to, negotiationId, kind: "CANDIDATE", payload: JSON.stringify(batch) });
      await peer.send({ to, negotiationId, kind: "END_OF_CANDIDATES", payload: null });
    }
    const answer = await nextSignal(peer, negotiationId);
    if (answer.kind !== "ANSWER") throw new Error(answer.kind);
    await connection.setRemoteDescription({ type: "answer", sdp: answer.payload });
    await opened;
  } catch (error) {
    await closePeerConnection(connection);
    throw error;
  }
  let sent = 0;
  const say: WeriftPage["say"] = (message) => {
    const bytes = new TextEncoder().encode(JSON.stringify(message));
    for (const frame of toFrames(++sent, bytes)) channel.send(Buffer.from(frame.buffer));
  };
  const close = () => closePeerConnection(connection);
  return {
    say,
    heard,
    ask: (message) => {
      say(message);
      return heard();
    },
    connection,
    channel,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The next signal, of one negotiation where it is named; what else happens in the room is passed over. */
export async function nextSignal(peer: RoomPeer, negotiationId?: string): Promise<Data> {
  for (;;) {
    const event = await peer.next();
    if (event === undefined) throw new Error("The room ended");
    const isWanted = negotiationId === undefined || event.negotiationId === negotiationId;
    if (event.__typename === "Signal" && isWanted) return event;
  }
}

function messagesOf(channel: RTCDataChannel): () => Promise<Data> {
  const reassembler = createReassembler({ now: () => Date.now() }, createMemoryBudget());
  const messages: Data[] = [];
  const readers: ((message: Data) => void)[] = [];
  channel.onMessage.subscribe((frame) => {
    const whole = typeof frame === "string" ? null : reassembler.accept(frame);
    if (whole === null) return;
    const message = JSON.parse(new TextDecoder().decode(whole.bytes));
    const reader = readers.shift();
    if (reader === undefined) messages.push(message);
    else reader(message);
  });
  return () => {
    const message = messages.shift();
    return message === undefined ? new Promise((resolve) => readers.push(resolve)) : Promise.resolve(message);
  };
}
