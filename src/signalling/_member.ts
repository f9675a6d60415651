import type { SignedInActor } from "../base/actor.ts";
import type { Inbox } from "./_inbox.ts";
import type { SentSignals } from "./_sent_signals.ts";
import type { SignalLog } from "./_signal_log.ts";
import type { Peer, SignalEvent } from "./signalling.ts";

/** A peer of a client, in its room or lately there. */
export interface Member {
  /** Another one when it comes back after it was told as left: it joined later then. */
  peer: Peer;
  /** Who joined, as the right to it was last asked for. */
  actor: SignedInActor;
  room: Room;
  resumeToken: string;
  /** null: its socket broke, or it left. */
  inbox: Inbox<SignalEvent> | null;
  /** When its socket broke; null: it did not, or the peer left of itself. */
  awaySince: number | null;
  /** What was sent to it. */
  received: SignalLog<Member | null>;
  /** What it is told when it comes back, beside what was sent to it. */
  notices: SignalEvent[];
  /** What it sent. */
  sent: SentSignals;
  /** Settles when what it sent last has passed its checks, or was refused. */
  checked: Promise<unknown>;
}

/** Those who can reach each other. It exists as long as it has members. */
export interface Room {
  key: string;
  projectId: string;
  /** Those in their grace period too, in the order in which they joined. */
  members: Map<string, Member>;
  /** null where the server takes no part. */
  serverPeer: Peer | null;
  /** Of the last signal to the server's peer. */
  serverSequence: number;
}
