import { FingerpostError } from "./graphql_socket.ts";
import type {
  Answer,
  Capture,
  Captured,
  Command,
  CommandResult,
  ElementChange,
  Message,
  PageFacts,
} from "./messages.ts";
import { newId } from "./messages.ts";
import { createOutbox } from "./outbox.ts";
import { createPeerLinks, type PeerLinks } from "./peer_links.ts";
import { type RoomHandlers, type RoomOptions, stayInRoom } from "./room.ts";
import { createServerLink } from "./server_link.ts";
import type { Peer } from "./signals.ts";

/** How the page reaches the server: over a data channel, over GraphQL, not yet or not now, not any more because it was refused or closed. */
export type ClientState = "connecting" | "webrtc" | "websocket" | "refused" | "closed";

/** Where to connect, as what, and who is told. */
export interface FingerpostOptions {
  /** The server's origin, such as `http://127.0.0.1:8000`. */
  url: string;
  /** A session's token or an access token with `SIGNALS` and `ELEMENTS_WRITE`. */
  token: string;
  /** The project's global id. */
  projectId: string;
  /** A room of the project; absent: `main`. */
  room?: string;
  /** What the others call this page. */
  label: string;
  /** What it is for; absent: `EXTENSION`. */
  kind?: RoomOptions["kind"];
  /** Which tab this is, asked at each connect. */
  page: () => PageFacts;
  /** Does what somebody asks of the page, within 5 s, and returns what it found; absent: nothing can be asked. A `FingerpostError` says `NOT_FOUND` or `TOO_LARGE`, other errors are `UNAVAILABLE`. */
  onCommand?: (command: Command) => CommandResult | Promise<CommandResult>;
  /** The server refused an update or a `stale`: the element may be gone. */
  onRefused?: (elementId: string, error: FingerpostError) => void;
  /** The state changed; `error` says why it is "refused". */
  onStateChange?: (state: ClientState, error: FingerpostError | null) => void;
  /** Somebody came or left. */
  onPeersChange?: (peers: Peer[]) => void;
  /** Another page opened a channel to this one. */
  onChannel?: (peerId: string, channel: RTCDataChannel) => void;
}

/** A page's connection, which comes back by itself, says again what was not acknowledged, and keeps the order. */
export interface FingerpostClient {
  /** Captures an element; settles once the server stored it. Rejects with a `FingerpostError`: `UNAVAILABLE` where too much waits, `TOO_LARGE`, `CLOSED`, and the server's codes. */
  capture(capture: Capture): Promise<Captured>;
  /** Tells what changed of an element. Throws `UNAVAILABLE`, `TOO_LARGE`, `CLOSED`. */
  update(elementId: string, change: ElementChange): void;
  /** Tells that the page no longer holds an element. Throws as `update`. */
  stale(elementId: string): void;
  /** Tells that the page's URL or title changed. */
  pageChanged(): void;
  /** One's own peer; null until the room was entered. */
  self(): Peer | null;
  peers: PeerLinks["peers"];
  openChannel: PeerLinks["openChannel"];
  /** Looks for another way to a peer, as after a change of the network that the browser did not notice. */
  restartIce: PeerLinks["restart"];
  /** Ends the connection with a peer, and with it its channels. */
  disconnect: PeerLinks["disconnect"];
  state(): ClientState;
  /** Leaves the room for good; what was not acknowledged is rejected with `CLOSED`. */
  close(): void;
}

/** Signs in by the token, enters the room, and connects to the server over WebRTC, or over GraphQL where UDP is blocked. */
export function connectFingerpost(options: FingerpostOptions): FingerpostClient {
  const { url, token, projectId } = options;
  let self: Peer | null = null;
  let end: { state: "refused" | "closed"; error: FingerpostError } | null = null;
  let told: ClientState = "connecting";
  const greeting = (): Message => ({ type: "page", ...options.page() });
  const outbox = createOutbox({
    wake: () => link.wake(),
    refused: (elementId, error) => options.onRefused?.(elementId, error),
  });
  const room = stayInRoom({
    url,
    token,
    projectId,
    room: options.room,
    label: options.label,
    kind: options.kind ?? "EXTENSION",
  }, roomHandlers());
  const onChannel = (peerId: string, channel: RTCDataChannel) => options.onChannel?.(peerId, channel);
  const links = createPeerLinks({ room, onChannel, changed: () => options.onPeersChange?.(links.peers()) });
  const link = createServerLink({ url, token, room, outbox, greeting, answered, changed });
  return {
    capture,
    update: outbox.update,
    stale: (elementId) => outbox.tell({ type: "stale", elementId }),
    pageChanged: () => outbox.tell(greeting()),
    self: () => self,
    peers: links.peers,
    openChannel: links.openChannel,
    restartIce: links.restart,
    disconnect: links.disconnect,
    state,
    close: () => stop("closed", new FingerpostError("CLOSED", "The client was closed")),
  };

  function roomHandlers(): RoomHandlers {
    return {
      joined(joined) {
        self = joined.self;
        links.enter(joined);
        link.enter(joined);
      },
      peerJoined: (peer) => links.peerJoined(peer),
      peerLeft: (peerId) => links.peerLeft(peerId),
      signal: (signal) => signal.from === link.serverId() ? link.receive(signal) : links.receive(signal),
      undelivered({ to, negotiationId }) {
        if (to === link.serverId()) link.undelivered();
        else links.undelivered(to, negotiationId);
      },
      refused: (error) => stop("refused", error),
    };
  }

  function state(): ClientState {
    return end?.state ?? link.kind() ?? "connecting";
  }

  function changed(): void {
    const now = state();
    if (now === told) return;
    told = now;
    options.onStateChange?.(now, end?.error ?? null);
  }

  function capture(input: Capture): Promise<Captured> {
    const { pageId } = options.page();
    return outbox.capture({ type: "capture", clientId: newId(), projectId, pageId, ...input });
  }

  function answered(answer: Answer): void {
    if (answer.type === "command") void obey(answer);
    else outbox.answered(answer);
  }

  async function obey({ id, command, elementId, selector }: Answer & { type: "command" }): Promise<void> {
    const message = await carryOut({ command, elementId, selector });
    try {
      outbox.tell({ ...message, id });
    } catch {
      // Closed meanwhile, or there is too much to say already: who asked gives up after 5 s.
    }
  }

  async function carryOut(command: Command): Promise<Message> {
    try {
      if (options.onCommand === undefined) throw new Error("This page does no commands");
      return { type: "result", elementId: command.elementId, ...await options.onCommand(command) };
    } catch (error) {
      const code = error instanceof FingerpostError ? error.code : "UNAVAILABLE";
      return { type: "error", code, message: error instanceof Error ? error.message : String(error) };
    }
  }

  function stop(as: "refused" | "closed", error: FingerpostError): void {
    if (end !== null) return;
    end = { state: as, error };
    link.close();
    links.close();
    room.close();
    outbox.close(error);
    changed();
  }
}
