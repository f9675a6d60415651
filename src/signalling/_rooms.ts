import type { SignedInActor } from "../base/actor.ts";
import type { Clock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { newId } from "../base/ids.ts";
import { createInbox, type Inbox } from "./_inbox.ts";
import { createResumptions } from "./_resumptions.ts";
import type { JoinRequest, LeftPeer, Peer, ServerPeer, Signal, SignalEvent } from "./signalling.ts";

/** A peer of a client, in its room. */
export interface Member {
  peer: Peer;
  actor: SignedInActor;
  room: Room;
  resumeToken: string;
  inbox: Inbox<SignalEvent>;
  /** Of the last signal to it. */
  lastSequence: number;
  /** Settles when what it sent last is delivered or refused. */
  sent: Promise<unknown>;
}

/** Those who can reach each other. It exists as long as it has members. */
export interface Room {
  key: string;
  projectId: string;
  members: Map<string, Member>;
  /** null where the server takes no part. */
  serverPeer: Peer | null;
  /** Of the last signal to the server's peer. */
  serverSequence: number;
}

/** All rooms: who is where, and who is told of it. */
export interface Rooms {
  /** Puts a peer into a room and tells the others. Throws `CONFLICT`. */
  enter(actor: SignedInActor, request: JoinRequest): Member;
  /** Takes a peer out of its room, with what its reader is told, and tells the others. */
  leave(member: Member, reason: AppError | null): void;
  find(peerId: string): Member | undefined;
  all(): Member[];
  /** Hands a signal to its receiver; the sequence it got, or null where the receiver is too far behind and was dropped. */
  deliver(to: Member, signal: Omit<Signal, "type" | "sequence">): number | null;
}

/** Everyone tells everyone of itself: more would be a crowd that no mesh of WebRTC connections carries. */
const MAX_MEMBERS = 64;
/** A negotiation is under 30 signals; who is this far behind has stopped reading. */
const INBOX_LIMITS = { maxMessages: 256, maxSize: 1_048_576 };
const RESUME_TOKEN_BYTES = 32;

/** What becomes of rooms elsewhere. */
export interface RoomsOptions {
  serverPeer: () => ServerPeer | null;
  /** Told of each peer that is gone for good. */
  onLeft: (fact: LeftPeer) => void;
}

/** Builds the rooms. */
export function createRooms(clock: Clock, { serverPeer, onLeft }: RoomsOptions): Rooms {
  const rooms = new Map<string, Room>();
  const members = new Map<string, Member>();
  const resumptions = createResumptions(clock);
  return { enter, leave, find: (peerId) => members.get(peerId), all: () => [...members.values()], deliver };

  function enter(actor: SignedInActor, request: JoinRequest): Member {
    const key = `${request.projectId}\0${request.room}`;
    const { userId } = actor;
    if (request.resumeToken !== null) endFormerSelf(request.resumeToken, { userId, roomKey: key });
    if ((rooms.get(key)?.members.size ?? 0) >= MAX_MEMBERS) {
      throw new AppError("CONFLICT", `Cannot join: the room has ${MAX_MEMBERS} peers already`);
    }
    const former = request.resumeToken && resumptions.take(request.resumeToken, { userId, roomKey: key });
    const room = rooms.getOrInsertComputed(key, () => openRoom(key, request.projectId));
    const { label, kind } = request;
    const peer = { id: former ? former.peerId : newId(), label, kind, userId, joinedAt: clock.now() };
    const resumeToken = crypto.getRandomValues(new Uint8Array(RESUME_TOKEN_BYTES)).toBase64({ alphabet: "base64url" });
    const inbox = createInbox<SignalEvent>(INBOX_LIMITS);
    const member = { peer, actor, room, resumeToken, inbox, lastSequence: 0, sent: Promise.resolve() };
    const others = [...room.serverPeer === null ? [] : [room.serverPeer], ...peersOf(room)];
    const joined = { self: peer, peers: others, iceServers: [], resumeToken, lastSequence: 0, resumed: false };
    inbox.put({ type: "RoomJoined", ...joined }, 0);
    // In the room before the others are told: one of them may be dropped by it, and an empty room would be gone.
    room.members.set(peer.id, member);
    members.set(peer.id, member);
    tell(room, { type: "PeerJoined", peer });
    return member;
  }

  // A socket that broke may not have been noticed yet: who holds the token is the same peer.
  function endFormerSelf(resumeToken: string, { userId, roomKey }: { userId: string; roomKey: string }): void {
    const former = [...members.values()].find((member) => member.resumeToken === resumeToken);
    if (former?.actor.userId !== userId || former.room.key !== roomKey) return;
    leave(former, new AppError("CONFLICT", "This peer joined again elsewhere"));
  }

  function openRoom(key: string, projectId: string): Room {
    const server = serverPeer();
    const peer: Peer | null = server &&
      { id: newId(), label: server.label, kind: "SERVER", userId: null, joinedAt: clock.now() };
    return { key, projectId, members: new Map(), serverPeer: peer, serverSequence: 0 };
  }

  function leave(member: Member, reason: AppError | null): void {
    const { peer: { id }, room } = member;
    if (members.get(id) !== member) return;
    members.delete(id);
    room.members.delete(id);
    if (room.members.size === 0) rooms.delete(room.key);
    member.inbox.end(reason);
    resumptions.add(member.resumeToken, { peerId: id, userId: member.actor.userId, roomKey: room.key });
    onLeft({ projectId: room.projectId, peerId: id });
    tell(room, { type: "PeerLeft", peerId: id });
  }

  function deliver(to: Member, signal: Omit<Signal, "type" | "sequence">): number | null {
    const sequence = to.lastSequence + 1;
    if (!put(to, { type: "Signal", sequence, ...signal })) return null;
    return to.lastSequence = sequence;
  }

  function tell(room: Room, event: SignalEvent): void {
    const about = event.type === "PeerJoined" ? event.peer.id : null;
    for (const member of [...room.members.values()]) if (member.peer.id !== about) put(member, event);
  }

  function put(member: Member, event: SignalEvent): boolean {
    const size = event.type === "Signal" ? event.payload?.length ?? 0 : 0;
    if (member.inbox.put(event, size)) return true;
    leave(member, new AppError("UNAVAILABLE", "Cannot keep this peer in the room: it reads too slowly"));
    return false;
  }
}

function peersOf(room: Room): Peer[] {
  return [...room.members.values()].map((member) => member.peer);
}
