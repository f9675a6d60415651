import { type Actor, type GuestActor, requireSignedIn, type SignedInActor } from "../base/actor.ts";
import type { App } from "./app.ts";

/** A request, and as whom it is known so far. */
export interface Incoming {
  request: Request;
  /** Nobody in particular, from where the request came. */
  guest: GuestActor;
  /** The guest until its credential was read. */
  actor: Actor;
  /** The path of its URL; empty where that makes none. */
  pathname: string;
}

/** Reads the credential. Throws `UNAUTHENTICATED` for none and for a dead one. */
export async function identifySignedIn({ edge }: Pick<App, "edge">, incoming: Incoming): Promise<SignedInActor> {
  incoming.actor = await edge.identify(incoming.request, incoming.guest);
  return requireSignedIn(incoming.actor);
}
