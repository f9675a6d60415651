import { type Actor, requireSignedIn, type SignedInActor } from "../base/actor.ts";
import type { Clock } from "../base/clock.ts";
import { AppError, type Refusal } from "../base/errors.ts";
import { readContent, type SignalContent } from "./_content.ts";
import type { Member, Room } from "./_member.ts";
import type { Rooms } from "./_rooms.ts";
import type { Answer, Negotiation } from "./_sent_signals.ts";
import type {
  OwnPeer,
  Peer,
  RelayedSignal,
  SendRequest,
  SentSignal,
  ServedSignal,
  ServerPeer,
  SignallingDependencies,
} from "./signalling.ts";

/** Passes signals on, each sender's in their order. */
export interface Relay {
  /** As `Signalling.send`. */
  send(actor: Actor, request: SendRequest): Promise<SentSignal>;
  /** As `Signalling.ownPeer`. */
  ownPeer(actor: Actor, peerId: string): Promise<OwnPeer>;
  /** Lets candidates go whose description did not come. */
  sweep(): void;
}

/** What the relay is built on. */
export interface RelayDependencies extends Pick<SignallingDependencies, "projects" | "rateLimits"> {
  rooms: Rooms;
  clock: Clock;
  serverPeer: () => ServerPeer | null;
  /** Told of each signal that was accepted. */
  onRelayed: (fact: RelayedSignal) => void;
}

/** A request that overtook another is ahead of it by a few packets; who sends no description at all waits this long once. */
const HOLD_MS = 1_000;
const MAX_HELD = 64;
const MAX_HELD_CHARACTERS = 131_072;
/** ICE sessions of one negotiation whose candidates may still be on their way. */
const MAX_FRAGMENTS = 16;

/** Builds the relay. */
export function createRelay({ rooms, projects, rateLimits, clock, serverPeer, onRelayed }: RelayDependencies): Relay {
  const holding = new Set<Negotiation>();
  return { send, ownPeer, sweep };

  async function ownPeer(actor: Actor, peerId: string): Promise<OwnPeer> {
    const member = findOwn(actor, peerId);
    const signedIn = await authorize(actor, member);
    return { peer: member.peer, projectId: member.room.projectId, actor: signedIn };
  }

  async function send(actor: Actor, request: SendRequest): Promise<SentSignal> {
    const sender = findOwn(actor, request.from);
    // One after the other: while one waits for its checks, the next must not overtake it.
    const checked = sender.checked.then(() => check(actor, sender, request));
    sender.checked = checked.catch(() => {});
    return await (await checked).answer;
  }

  function findOwn(actor: Actor, peerId: string): Member {
    const { userId } = requireSignedIn(actor);
    const member = rooms.find(peerId);
    if (member?.actor.userId === userId) return member;
    // Whether it is there is told to the audit log alone.
    throw notOwn(peerId, member === undefined ? null : "hidden");
  }

  async function authorize(actor: Actor, member: Member): Promise<SignedInActor> {
    const { peer: { id }, room: { projectId } } = member;
    const hiddenAs = () => notOwn(id);
    const signedIn = await projects.authorize(actor, { projectId, permission: "JOIN_ROOMS", hiddenAs });
    if (rooms.find(id) !== member) throw notOwn(id);
    return signedIn;
  }

  // In an object: the answer of a signal that is held must not keep those behind it from being checked.
  async function check(actor: Actor, sender: Member, request: SendRequest): Promise<{ answer: Answer }> {
    await rateLimits.take("send_signal", sender.actor.userId);
    const signedIn = await authorize(actor, sender);
    const content = readContent(request.kind, request.payload);
    return { answer: passOnce(sender, { actor: signedIn, request, content }) };
  }

  function passOnce(sender: Member, signal: CheckedSignal): Answer {
    const { request } = signal;
    const negotiation = sender.sent.negotiation(request, findReceiver(sender.room, request.to));
    const known = sender.sent.answerTo(negotiation, request);
    if (known !== undefined) return known;
    const answer = passInOrder(sender, negotiation, signal);
    sender.sent.remember(negotiation, request, answer);
    return answer;
  }

  function passInOrder(sender: Member, negotiation: Negotiation, signal: CheckedSignal): Answer {
    const { content: { role, fragments } } = signal;
    if (role === "candidate" && isEarly(negotiation, fragments)) return hold(sender, negotiation, signal);
    if (role === "other" && negotiation.held.length > 0) letGo(negotiation);
    const sent = pass(sender, signal);
    if (role === "description") describe(negotiation, fragments);
    return sent;
  }

  function isEarly({ fragments, held }: Negotiation, named: string[]): boolean {
    return held.length > 0 || fragments === null || named.some((fragment) => !fragments.includes(fragment));
  }

  function hold(sender: Member, negotiation: Negotiation, signal: CheckedSignal): Promise<SentSignal> {
    const { promise, resolve, reject } = Promise.withResolvers<SentSignal>();
    if (negotiation.held.length === 0) negotiation.heldSince = clock.now();
    negotiation.heldCharacters += signal.request.payload?.length ?? 0;
    const go = () => {
      try {
        if (rooms.find(sender.peer.id) !== sender) throw notOwn(sender.peer.id);
        resolve(pass(sender, signal));
      } catch (error) {
        reject(error);
      }
    };
    negotiation.held.push({ fragments: signal.content.fragments, go });
    holding.add(negotiation);
    const isFull = negotiation.held.length >= MAX_HELD || negotiation.heldCharacters >= MAX_HELD_CHARACTERS;
    if (isFull) letGo(negotiation);
    return promise;
  }

  function describe(negotiation: Negotiation, fragments: string[]): void {
    negotiation.fragments = [...negotiation.fragments ?? [], ...fragments].slice(-MAX_FRAGMENTS);
    const stillEarly = negotiation.held.findIndex((signal) => isEarly({ ...negotiation, held: [] }, signal.fragments));
    const ready = negotiation.held.splice(0, stillEarly === -1 ? Infinity : stillEarly);
    if (negotiation.held.length === 0) {
      negotiation.heldCharacters = 0;
      holding.delete(negotiation);
    }
    for (const { go } of ready) go();
  }

  /** Passes on what is held, and waits for no description of it any more. */
  function letGo(negotiation: Negotiation): void {
    describe(negotiation, negotiation.held.flatMap(({ fragments }) => fragments));
  }

  function sweep(): void {
    for (const negotiation of holding) if (clock.now() - negotiation.heldSince >= HOLD_MS) letGo(negotiation);
  }

  function findReceiver({ serverPeer: own, members }: Room, to: string): Peer | Member {
    const receiver = own !== null && to === own.id ? own : members.get(to);
    if (receiver !== undefined) return receiver;
    throw unreachable(to);
  }

  function pass(sender: Member, { actor, request }: CheckedSignal): SentSignal {
    const { peer: from, room, room: { projectId } } = sender;
    const { to, negotiationId, kind, payload } = request;
    const server = serverPeer();
    if (kind === "BYE") endNegotiation(sender, request);
    if (server !== null && room.serverPeer !== null && to === room.serverPeer.id) {
      onRelayed({ projectId, from, to: room.serverPeer, negotiationId, kind });
      const reply = replyTo(sender, negotiationId);
      server.receive({ projectId, from, actor, negotiationId, kind, payload, reply });
      return { sequence: ++room.serverSequence, delivered: true, expiresAt: null };
    }
    const receiver = room.members.get(to);
    const sent = receiver === undefined
      ? null
      : rooms.deliver(receiver, { from: from.id, negotiationId, kind, payload }, sender);
    if (receiver === undefined || sent === null) throw unreachable(to);
    onRelayed({ projectId, from, to: receiver.peer, negotiationId, kind });
    return sent;
  }

  // What follows under the same id is another connection.
  function endNegotiation(sender: Member, { to, negotiationId }: SendRequest): void {
    sender.sent.end({ to, negotiationId });
    rooms.find(to)?.sent.end({ to: sender.peer.id, negotiationId });
  }

  function replyTo(member: Member, negotiationId: string): ServedSignal["reply"] {
    const { room } = member;
    return (kind, payload) => {
      const from = room.serverPeer;
      if (from === null || rooms.find(member.peer.id) !== member || member.room !== room) return;
      if (kind === "BYE") member.sent.end({ to: from.id, negotiationId });
      if (rooms.deliver(member, { from: from.id, negotiationId, kind, payload }, null) === null) return;
      onRelayed({ projectId: room.projectId, from, to: member.peer, negotiationId, kind });
    };
  }
}

/** A signal that may be sent. */
interface CheckedSignal {
  actor: SignedInActor;
  request: SendRequest;
  content: SignalContent;
}

function notOwn(peerId: string, refusal: Refusal | null = null): AppError {
  const facts = refusal === null ? {} : { refusal };
  return new AppError("NOT_FOUND", `Cannot find peer "${peerId}" of your own`, facts);
}

function unreachable(peerId: string): AppError {
  return new AppError("PEER_UNAVAILABLE", `Cannot reach peer "${peerId}": it is not in the room`);
}
