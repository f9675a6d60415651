import type { Answer, Message } from "./messages.ts";
import type { Outbox } from "./outbox.ts";
import type { Room } from "./room.ts";
import type { JoinedRoom, Signal } from "./signals.ts";
import { openWebrtc, openWebsocket, type Transport, type WebrtcTransport } from "./transports.ts";

/** The way to the server: WebRTC where it works, else GraphQL until it does. */
export interface ServerLink {
  /** A room was entered, anew or again. */
  enter(joined: JoinedRoom): void;
  /** A signal of the server's peer. */
  receive(signal: Signal): void;
  /** A signal to the server's peer was lost. */
  undelivered(): void;
  /** Says what waits in the outbox, if there is a way. */
  wake(): void;
  /** What it goes over now; null: there is no way yet. */
  kind(): Transport["kind"] | null;
  serverId(): string;
  close(): void;
}

/** What the way to the server is built on. */
export interface ServerLinkOptions {
  url: string;
  token: string;
  room: Room;
  outbox: Outbox;
  /** What a new connection hears first. */
  greeting: () => Message;
  answered(answer: Answer): void;
  changed(): void;
}

/** A channel that has not opened by then never will, or the next one sooner. */
const OPEN_TIMEOUT_MS = 2_000;
/** With no channel by then UDP counts as blocked. */
const FALLBACK_AFTER_MS = 2_250;
/** A channel that is asked and gives no sign for so long is given up; over GraphQL the socket has its own heartbeat. */
const SILENCE_MS = { webrtc: 2_000, websocket: 15_000 };
const WATCH_INTERVAL_MS = 200;
const PING_INTERVAL_MS = 3_000;
/** Pauses before the second attempt, the third, and so on. */
const RETRY_DELAYS_MS = [0, 1_000, 5_000, 15_000, 30_000];
const LAST_RETRY_DELAY_MS = 60_000;
const CAREFUL_AFTER = 2;

/** Builds the way to the server; it looks for one as soon as the room is entered. */
export function createServerLink(
  { url, token, room, outbox, greeting, answered, changed }: ServerLinkOptions,
): ServerLink {
  let serverId = "";
  let selfId = "";
  let iceServers: RTCIceServer[] = [];
  let webrtc: WebrtcTransport | null = null;
  let fallback: Transport | null = null;
  let current: Transport | null = null;
  let failures = 0;
  let isSaying = false;
  let pingedAt = 0;
  let attempting: ReturnType<typeof setTimeout> | undefined;
  let changingOver: ReturnType<typeof setTimeout> | undefined;
  const watching = setInterval(watch, WATCH_INTERVAL_MS);
  return { enter, receive, undelivered, wake, kind: () => current?.kind ?? null, serverId: () => serverId, close };

  function enter({ self, peers, iceServers: given, resumed }: JoinedRoom): void {
    if (!resumed) drop();
    selfId = self.id;
    serverId = peers.find(({ kind }) => kind === "SERVER")?.id ?? "";
    iceServers = given.map(({ urls, username, credential }) => ({
      urls,
      ...(username && credential ? { username, credential } : {}),
    }));
    failures = 0;
    if (webrtc === null) offer();
    if (current === null) changeOver(FALLBACK_AFTER_MS);
  }

  function offer(): void {
    clearTimeout(attempting);
    if (webrtc !== null || room.socket() === null || serverId === "") return;
    const to = serverId;
    const opened = openWebrtc({
      iceServers,
      send: (negotiationId, kind, payload) => room.send({ to, negotiationId, kind, payload }),
    }, {
      opened: () => use(opened),
      message: (answer) => hear(opened, answer),
      closed: () => lose(opened, FALLBACK_AFTER_MS),
    });
    webrtc = opened;
    attempting = setTimeout(() => lose(opened, FALLBACK_AFTER_MS), OPEN_TIMEOUT_MS);
  }

  function changeOver(delayMs: number): void {
    clearTimeout(changingOver);
    changingOver = setTimeout(openFallback, delayMs);
  }

  function openFallback(): void {
    const socket = room.socket();
    if (current !== null || fallback !== null || socket === null) return;
    const opened = openWebsocket({ socket, url, token, from: selfId }, {
      opened: () => use(opened),
      message: (answer) => hear(opened, answer),
      closed: () => lose(opened, OPEN_TIMEOUT_MS),
    });
    fallback = opened;
  }

  function use(transport: Transport): void {
    // WebRTC came first after all.
    if (transport === fallback && current !== null) return dropFallback();
    current = transport;
    clearTimeout(changingOver);
    if (transport === webrtc) {
      clearTimeout(attempting);
      failures = 0;
      dropFallback();
    }
    outbox.restart(greeting());
    pingedAt = performance.now();
    changed();
    wake();
  }

  function dropFallback(): void {
    fallback?.close();
    fallback = null;
  }

  /** Gives a way up, and looks for another. */
  function lose(transport: Transport, fallbackAfterMs: number): void {
    if (transport === webrtc) {
      webrtc = null;
      clearTimeout(attempting);
      attempting = setTimeout(offer, (RETRY_DELAYS_MS[failures++] ?? LAST_RETRY_DELAY_MS) * (0.75 + Math.random() / 2));
    } else if (transport === fallback) fallback = null;
    else return;
    transport.close();
    if (transport !== current && transport.kind === "webrtc") return;
    if (transport === current) current = null;
    if (current === null) changeOver(fallbackAfterMs);
    changed();
  }

  function hear(transport: Transport, answer: Answer): void {
    if (answer.type !== "error" || answer.id !== null) return answered(answer);
    // The server could not even read whose message it refused: all that waits is said again on another way.
    failures = CAREFUL_AFTER;
    lose(transport, 0);
  }

  function receive(signal: Signal): void {
    webrtc?.receive(signal);
  }

  function undelivered(): void {
    if (webrtc !== null && webrtc !== current) lose(webrtc, FALLBACK_AFTER_MS);
  }

  function wake(): void {
    if (!isSaying && current !== null) void sayAll(current);
  }

  async function sayAll(transport: Transport): Promise<void> {
    isSaying = true;
    try {
      for (let text = outbox.take(); text !== null; text = current === transport ? outbox.take() : null) {
        await transport.send(text);
      }
    } catch {
      lose(transport, 0);
    }
    isSaying = false;
    if (current !== transport) wake();
  }

  function watch(): void {
    const now = performance.now();
    const waitsSince = outbox.waitsSince();
    if (current === null) return;
    if (waitsSince !== null && now - Math.max(waitsSince, current.progressAt()) > SILENCE_MS[current.kind]) {
      return lose(current, 0);
    }
    if (now - pingedAt < PING_INTERVAL_MS) return;
    pingedAt = now;
    outbox.ping();
  }

  function drop(): void {
    clearTimeout(attempting);
    clearTimeout(changingOver);
    const hadWay = current !== null;
    webrtc?.close();
    webrtc = current = null;
    dropFallback();
    if (hadWay) changed();
  }

  function close(): void {
    clearInterval(watching);
    drop();
  }
}
