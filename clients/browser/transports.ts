import { frameChannel } from "./framing.ts";
import { FingerpostError, type GraphqlSocket, postGraphql } from "./graphql_socket.ts";
import { type Answer, newId } from "./messages.ts";
import { type NegotiationOptions, openNegotiation } from "./negotiation.ts";
import type { Signal } from "./signals.ts";

/** What carries messages to the server and back, in order. */
export interface Transport {
  kind: "webrtc" | "websocket";
  /** Sends a message after those before it; settles when it may be followed by another. Rejects when it did not go. */
  send(text: string): Promise<void>;
  /** When the server last gave a sign on it, by `performance.now()`. */
  progressAt(): number;
  /** Ends it without a word to its owner. */
  close(): void;
}

/** What a transport tells its owner. */
export interface TransportHandlers {
  opened(): void;
  message(answer: Answer): void;
  /** It ended by itself, once. */
  closed(): void;
}

/** A data channel to the server's peer, with its negotiation. */
export interface WebrtcTransport extends Transport {
  receive(signal: Signal): void;
}

/** Offers the server a connection with one data channel. */
export function openWebrtc(
  options: Pick<NegotiationOptions, "iceServers" | "send">,
  handlers: TransportHandlers,
): WebrtcTransport {
  const id = newId();
  // The server never offers: there is nothing to yield to.
  const negotiation = openNegotiation({ id, isPolite: true, ...options });
  const channel = negotiation.connection.createDataChannel("fingerpost.v1");
  const framed = frameChannel(channel, (text) => handlers.message(JSON.parse(text)));
  let isClosed = false;
  channel.onopen = () => handlers.opened();
  channel.onclose = ended;
  return { kind: "webrtc", send: framed.send, progressAt: framed.progressAt, receive, close };

  function receive({ negotiationId, kind, payload }: Signal): void {
    if (negotiationId !== id) return;
    if (kind === "BYE") ended();
    else void negotiation.receive(kind, payload);
  }

  function ended(): void {
    if (isClosed) return;
    free();
    handlers.closed();
  }

  function close(): void {
    if (isClosed) return;
    free();
    options.send(id, "BYE", null);
  }

  function free(): void {
    isClosed = true;
    channel.onopen = channel.onclose = channel.onmessage = null;
    framed.stop();
    negotiation.close();
  }
}

const CHANNEL_MESSAGES = `subscription ($from: ID!) { channelMessages(from: $from) }`;
const SEND_CHANNEL_MESSAGE = `mutation ($input: SendChannelMessageInput!) { sendChannelMessage(input: $input) }`;
/** A socket takes 1 MiB a message; what comes near it goes by HTTP, which takes captures whole. */
const MAX_SOCKET_CHARACTERS = 262_144;
/** What the server says of one message alone: it would say the same again. */
const MESSAGE_ERRORS = ["INVALID_INPUT", "TOO_LARGE", "BAD_USER_INPUT"];

/** Where to say what goes over GraphQL, and as whom. */
export interface WebsocketOptions {
  socket: GraphqlSocket;
  url: string;
  token: string;
  /** One's own peer in the room that was joined on the socket. */
  from: string;
}

/** Carries the messages over GraphQL, for where UDP is blocked. */
export function openWebsocket(
  { socket, url, token, from }: WebsocketOptions,
  handlers: TransportHandlers,
): Transport {
  let progressAt = performance.now();
  let isClosed = false;
  const stop = socket.subscribe(CHANNEL_MESSAGES, { from }, {
    next({ channelMessages }) {
      progressAt = performance.now();
      if (isClosed) return;
      if (channelMessages.type === "opened") handlers.opened();
      else handlers.message(channelMessages);
    },
    ended() {
      if (!isClosed) handlers.closed();
      isClosed = true;
    },
  });
  return { kind: "websocket", send, progressAt: () => progressAt, close };

  async function send(text: string): Promise<void> {
    for (;;) {
      try {
        await pass(text);
        progressAt = performance.now();
        return;
      } catch (error) {
        if (isClosed || !(error instanceof FingerpostError)) throw error;
        if (error.code === "RATE_LIMITED") await pause(error.retryAfterSeconds ?? 1);
        else return refuse(text, error);
      }
    }
  }

  async function pass(text: string): Promise<void> {
    if (text.length <= MAX_SOCKET_CHARACTERS) {
      await socket.request(SEND_CHANNEL_MESSAGE, { input: { from, message: JSON.parse(text) } });
      return;
    }
    const input = `{"from":${JSON.stringify(from)},"message":${text}}`;
    await postGraphql(url, token, `{"query":${JSON.stringify(SEND_CHANNEL_MESSAGE)},"variables":{"input":${input}}}`);
  }

  function refuse(text: string, error: FingerpostError): void {
    if (!MESSAGE_ERRORS.includes(error.code)) throw error;
    const { id }: { id: string } = JSON.parse(text);
    handlers.message({ type: "error", id, code: error.code, message: error.message });
  }

  function close(): void {
    isClosed = true;
    stop();
  }
}

function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
}
