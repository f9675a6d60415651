import type { SignedInActor } from "../base/actor.ts";
import type { Clock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { newId } from "../base/ids.ts";
import { createDelivery, type Delivery, sizeOf } from "./_delivery.ts";
import { createFormerPeers } from "./_former_peers.ts";
import { createInbox, type Inbox } from "./_inbox.ts";
import type { Member, Room } from "./_member.ts";
import { createSentSignals } from "./_sent_signals.ts";
import { createSignalLog } from "./_signal_log.ts";
import type { IceServer, JoinRequest, LeftPeer, Peer, ServerPeer, Signal, SignalEvent } from "./signalling.ts";

/** A peer's way into its room, for as long as one subscription lasts. */
export interface Stay {
  member: Member;
  inbox: Inbox<SignalEvent>;
}

/** How somebody enters. */
export interface Entrance {
  request: JoinRequest;
  iceServers: IceServer[];
}

/** All rooms: who is where, and who is told of it. */
export interface Rooms {
  /** Puts a peer into a room, or back into it, and tells the others. Throws `CONFLICT`. */
  enter(actor: SignedInActor, entrance: Entrance): Stay;
  /** The socket of a stay broke: its peer has some time to come back before the others are told. */
  breakOff(stay: Stay): void;
  /** Takes a peer out of its room, with what its reader is told, and tells the others. */
  leave(member: Member, reason: AppError | null): void;
  /** A peer that is in a room, or in its grace period. */
  find(peerId: string): Member | undefined;
  all(): Member[];
  /** Hands a signal to its receiver, or queues it. */
  deliver: Delivery["deliver"];
  /** Tells who did not come back in time as left, and whose signals were not fetched. False where there is nobody any more. */
  sweep(): boolean;
}

/** What becomes of rooms elsewhere. */
export interface RoomsOptions {
  serverPeer: () => ServerPeer | null;
  /** Told of each peer that is gone for good. */
  onLeft: (fact: LeftPeer) => void;
}

/** Everyone tells everyone of itself: more would be a crowd that no mesh of WebRTC connections carries. */
const MAX_MEMBERS = 64;
/** How long a socket that flaps goes unnoticed. */
const GRACE_MS = 10_000;
/** More than is sent again to who comes back; who is this far behind has stopped reading. */
const INBOX_LIMITS = { maxMessages: 512, maxSize: 1_048_576 };
const RESUME_TOKEN_BYTES = 32;

/** Builds the rooms. */
export function createRooms(clock: Clock, { serverPeer, onLeft }: RoomsOptions): Rooms {
  const now = () => clock.now();
  const rooms = new Map<string, Room>();
  const members = new Map<string, Member>();
  const formers = createFormerPeers(now);
  const kept = { count: 0 };
  const keepers = () => [...members.values(), ...formers.sweep()];
  const slow = () => new AppError("UNAVAILABLE", "Cannot keep this peer in the room: it reads too slowly");
  const delivery = createDelivery({ now, kept, keepers, drop: (member) => leave(member, slow()) });
  return {
    enter,
    breakOff,
    leave,
    find: (peerId) => members.get(peerId),
    all: () => [...members.values()],
    deliver: delivery.deliver,
    sweep,
  };

  function enter(actor: SignedInActor, { request, iceServers }: Entrance): Stay {
    const roomKey = `${request.projectId}\0${request.room}`;
    const { resumeToken, label, kind } = request;
    const former = resumeToken === null ? null : formers.find(resumeToken, { userId: actor.userId, roomKey });
    const isSame = former !== null && !hasEnded(former) && former.peer.label === label && former.peer.kind === kind;
    const missed = isSame && request.afterSequence !== null ? former.received.after(request.afterSequence) : null;
    if (former !== null && missed === null) leave(former, comesFromElsewhere());
    const room = rooms.getOrInsertComputed(roomKey, () => openRoom(roomKey, request.projectId));
    if (room.members.size >= MAX_MEMBERS && (former === null || members.get(former.peer.id) !== former)) {
      throw new AppError("CONFLICT", `Cannot join: the room has ${MAX_MEMBERS} peers already`);
    }
    if (former !== null) formers.remove(former);
    const member = former !== null && missed !== null ? former : createMember(actor, { request, room, former });
    return settle(member, { actor, room, iceServers, missed });
  }

  function createMember(
    actor: SignedInActor,
    { request: { label, kind }, room, former }: { request: JoinRequest; room: Room; former: Member | null },
  ): Member {
    const peer = { id: former?.peer.id ?? newId(), label, kind, userId: actor.userId, joinedAt: now() };
    const received = createSignalLog<Member | null>(now, kept);
    const sent = createSentSignals(now);
    const outside = { resumeToken: "", inbox: null, awaySince: null, notices: [], checked: Promise.resolve() };
    return { peer, actor, room, received, sent, ...outside };
  }

  function settle(member: Member, { actor, room, iceServers, missed }: {
    actor: SignedInActor;
    room: Room;
    iceServers: IceServer[];
    missed: Signal[] | null;
  }): Stay {
    const isHere = members.get(member.peer.id) === member;
    // Who holds the token is the same peer: that its former socket broke may not have been noticed yet.
    member.inbox?.end(comesFromElsewhere());
    const peer = isHere ? member.peer : { ...member.peer, joinedAt: now() };
    const resumeToken = crypto.getRandomValues(new Uint8Array(RESUME_TOKEN_BYTES)).toBase64({ alphabet: "base64url" });
    [member.actor, member.room, member.peer] = [actor, room, peer];
    [member.resumeToken, member.awaySince] = [resumeToken, null];
    const others = peersOf(room).filter(({ id }) => id !== peer.id);
    const lastSequence = member.received.lastSequence();
    const joined = { self: peer, peers: others, iceServers, resumeToken, lastSequence, resumed: missed !== null };
    const news: SignalEvent[] = [{ type: "RoomJoined", ...joined }, ...missed ?? [], ...member.notices.splice(0)];
    // None of it may be lost: it was promised.
    const inbox = createInbox(INBOX_LIMITS, news.map((message) => ({ message, size: sizeOf(message) })));
    member.inbox = inbox;
    member.received.release();
    formers.add(member, null);
    if (isHere) return { member, inbox };
    // In the room before the others are told: one of them may be dropped by it, and an empty room would be gone.
    room.members.set(peer.id, member);
    members.set(peer.id, member);
    tellAll(room, { type: "PeerJoined", peer });
    return { member, inbox };
  }

  function openRoom(key: string, projectId: string): Room {
    const server = serverPeer();
    const peer: Peer | null = server &&
      { id: newId(), label: server.label, kind: "SERVER", userId: null, joinedAt: now() };
    return { key, projectId, members: new Map(), serverPeer: peer, serverSequence: 0 };
  }

  function breakOff({ member, inbox }: Stay): void {
    if (member.inbox !== inbox) return;
    inbox.end(null);
    member.inbox = null;
    member.awaySince = now();
  }

  function leave(member: Member, reason: AppError | null): void {
    member.inbox?.end(reason);
    [member.inbox, member.awaySince] = [null, null];
    delivery.tellExpired(member, member.received.clear());
    // Nothing can be sent to it or again to it: it may have its id back, and starts anew.
    formers.add(member, now());
    takeOut(member);
  }

  function takeOut(member: Member): void {
    const { peer: { id }, room } = member;
    if (members.get(id) !== member) return;
    members.delete(id);
    room.members.delete(id);
    if (room.members.size === 0) rooms.delete(room.key);
    onLeft({ projectId: room.projectId, peerId: id });
    tellAll(room, { type: "PeerLeft", peerId: id });
  }

  function sweep(): boolean {
    for (const member of [...members.values()]) {
      if (member.awaySince === null || now() - member.awaySince < GRACE_MS) continue;
      formers.add(member, member.awaySince);
      takeOut(member);
    }
    const all = keepers();
    for (const member of all) {
      delivery.tellExpired(member, member.received.takeExpired());
      member.sent.forgetOld();
    }
    return all.length > 0;
  }

  function tellAll(room: Room, event: SignalEvent): void {
    const about = event.type === "PeerJoined" ? event.peer.id : null;
    for (const member of [...room.members.values()]) if (member.peer.id !== about) delivery.tell(member, event);
  }
}

// It left, or was sent away: others may have forgotten what they had with it.
function hasEnded({ inbox, awaySince }: Member): boolean {
  return inbox === null && awaySince === null;
}

function peersOf({ serverPeer, members }: Room): Peer[] {
  return [...serverPeer === null ? [] : [serverPeer], ...[...members.values()].map(({ peer }) => peer)];
}

function comesFromElsewhere(): AppError {
  return new AppError("CONFLICT", "This peer joined again elsewhere");
}
