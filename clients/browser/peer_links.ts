import { FingerpostError } from "./graphql_socket.ts";
import { newId } from "./messages.ts";
import { type Negotiation, openNegotiation } from "./negotiation.ts";
import type { Room } from "./room.ts";
import type { JoinedRoom, Peer, Signal } from "./signals.ts";

/** Connections with the other clients of the room, one each, made when somebody wants a channel. */
export interface PeerLinks {
  /** The others in the room, the server's peer too. */
  peers(): Peer[];
  /** Opens a channel to a peer. Rejects with `PEER_UNAVAILABLE`, `CLOSED`. */
  openChannel(peerId: string, label: string): Promise<RTCDataChannel>;
  /** Looks for another way through the network to a peer. RFC 8445 §9 */
  restart(peerId: string): void;
  /** Ends the connection with a peer, and with it its channels. */
  disconnect(peerId: string): void;
  enter(joined: JoinedRoom): void;
  peerJoined(peer: Peer): void;
  peerLeft(peerId: string): void;
  receive(signal: Signal): void;
  /** A signal to a peer was lost. */
  undelivered(peerId: string, negotiationId: string): void;
  close(): void;
}

/** What the connections are built on. */
export interface PeerLinksOptions {
  room: Room;
  /** A peer opened a channel. */
  onChannel(peerId: string, channel: RTCDataChannel): void;
  changed(): void;
}

interface Link {
  negotiation: Negotiation;
  ended: PromiseWithResolvers<"ended">;
}

const OPEN_TIMEOUT_MS = 4_000;
const MAX_ATTEMPTS = 4;

/** Builds the connections with other clients. */
export function createPeerLinks({ room, onChannel, changed }: PeerLinksOptions): PeerLinks {
  const peers = new Map<string, Peer>();
  const links = new Map<string, Link>();
  let self: Peer | null = null;
  let iceServers: RTCIceServer[] = [];
  return {
    peers: () => [...peers.values()],
    openChannel,
    restart,
    disconnect: (peerId) => end(peerId, true),
    enter,
    peerJoined,
    peerLeft,
    receive,
    undelivered,
    close,
  };

  function enter(joined: JoinedRoom): void {
    // Who was told as left is another one to the others: with either side, they ended what there was.
    if (!joined.resumed || joined.self.joinedAt !== self?.joinedAt) close();
    ({ self, iceServers } = joined);
    const before = new Map(peers);
    peers.clear();
    for (const peer of joined.peers) peers.set(peer.id, peer);
    for (const peerId of links.keys()) {
      if (peers.get(peerId)?.joinedAt !== before.get(peerId)?.joinedAt) end(peerId, false);
    }
    changed();
  }

  function peerJoined(peer: Peer): void {
    // It started anew, under its old id perhaps.
    end(peer.id, false);
    peers.set(peer.id, peer);
    changed();
  }

  function peerLeft(peerId: string): void {
    end(peerId, false);
    peers.delete(peerId);
    changed();
  }

  async function openChannel(peerId: string, label: string): Promise<RTCDataChannel> {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      if (self === null || !peers.has(peerId)) break;
      const link = links.get(peerId) ?? open(peerId, newId());
      const channel = link.negotiation.connection.createDataChannel(label);
      const outcome = await Promise.race([opened(channel), link.ended.promise, timeout()]);
      if (outcome === "opened") return channel;
      // On a connection that stands a channel only needs its time.
      if (outcome === "timeout" && links.get(peerId) === link) end(peerId, true);
    }
    throw new FingerpostError("PEER_UNAVAILABLE", `Cannot open a channel to peer "${peerId}"`);
  }

  function open(peerId: string, id: string): Link {
    const negotiation = openNegotiation({
      id,
      isPolite: isLater(self, peers.get(peerId)),
      iceServers,
      send: (negotiationId, kind, payload) => room.send({ to: peerId, negotiationId, kind, payload }),
    });
    negotiation.connection.ondatachannel = ({ channel }) => onChannel(peerId, channel);
    const link = { negotiation, ended: Promise.withResolvers<"ended">() };
    links.set(peerId, link);
    return link;
  }

  function receive(signal: Signal): void {
    const { from, negotiationId, kind, payload } = signal;
    const link = kind === "OFFER" ? linkFor(signal) : links.get(from);
    if (link?.negotiation.id !== negotiationId) return;
    if (kind === "BYE") end(from, false);
    else void link.negotiation.receive(kind, payload);
  }

  /** The connection that an offer is for. */
  function linkFor({ from, negotiationId }: Signal): Link | undefined {
    const link = links.get(from);
    if (link?.negotiation.id === negotiationId || !peers.has(from)) return link;
    // Both offered at once: the earlier one lets the other's offer go by.
    if (link?.negotiation.isUnanswered() && !isLater(self, peers.get(from))) return link;
    // The later one yields, and so does who is told that the other side started anew. It does not roll its first offer back: Chromium
    // then gathers no candidates now and again.
    end(from, false);
    return open(from, negotiationId);
  }

  function restart(peerId: string): void {
    links.get(peerId)?.negotiation.connection.restartIce();
  }

  function undelivered(peerId: string, negotiationId: string): void {
    if (links.get(peerId)?.negotiation.id === negotiationId) end(peerId, false);
  }

  function end(peerId: string, isTold: boolean): void {
    const link = links.get(peerId);
    if (link === undefined) return;
    links.delete(peerId);
    const negotiationId = link.negotiation.id;
    link.negotiation.close();
    link.ended.resolve("ended");
    if (isTold) room.send({ to: peerId, negotiationId, kind: "BYE", payload: null });
  }

  function close(): void {
    for (const peerId of [...links.keys()]) end(peerId, false);
  }
}

/** Whether `self` joined after the other: it is the polite one. Ids count up where the times are the same. */
function isLater(self: Peer | null, other: Peer | undefined): boolean {
  const key = (peer: Peer | null | undefined) => `${peer?.joinedAt} ${peer?.id}`;
  return key(self) > key(other);
}

function opened(channel: RTCDataChannel): Promise<"opened"> {
  return new Promise((resolve) => channel.addEventListener("open", () => resolve("opened"), { once: true }));
}

function timeout(): Promise<"timeout"> {
  return new Promise((resolve) => setTimeout(() => resolve("timeout"), OPEN_TIMEOUT_MS));
}
