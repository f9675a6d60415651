import type { ServerEvent } from "@modelcontextprotocol/server";
import type { FindDocument } from "./_documents.ts";
import { createElementWatch, type ElementWatch } from "./_element_watch.ts";
import { createEventWriter, EVENT_STREAM_HEADERS, type EventWriter } from "./_event_stream.ts";
import { MAX_WATCHED_URIS } from "./_listen_streams.ts";
import { invalidParams } from "./_protocol_errors.ts";
import type { StreamSlots } from "./_stream_slots.ts";
import { createWishes, type ResourceSubscriptions, type Wishes } from "./_wishes.ts";
import type { Caller } from "./caller.ts";
import type { StreamOwner } from "./stream_owner.ts";

/**
 * Streams that clients of protocol 2025 open with GET, for what no request asked for. Requests stand for themselves there, so what belongs
 * together is what is signed with one credential. MCP 2025-11-25, Listening for Messages from the Server
 */
export interface StandingStreams extends Disposable {
  /** Opens a stream; null: too many are open. */
  open(caller: Caller, owner: StreamOwner): Promise<Response | null>;
  subscriptionsOf(caller: Caller, owner: StreamOwner): ResourceSubscriptions;
}

/** What the streams are built on. */
export interface StandingStreamsOptions {
  documents: FindDocument;
  slots: StreamSlots;
}

/** What is known of one credential: its wishes, and who hears of them. */
interface Standing {
  watch: ElementWatch;
  wishes: Wishes;
  streams: Set<EventWriter>;
  /** What happened while there was no stream, for the next one. */
  missed: Map<string, unknown>;
  following: Disposable;
  forgetting: ReturnType<typeof setTimeout> | undefined;
}

/** Without a stream for so long, a client is not coming back. */
const FORGET_AFTER_MS = 120_000;
/** Credentials that are remembered. */
const MAX_STANDING = 1_000;

/** Builds the streams. */
export function createStandingStreams({ documents, slots }: StandingStreamsOptions): StandingStreams {
  const standings = new Map<string, Standing>();
  return {
    open,
    subscriptionsOf: (caller, owner) => ({
      subscribe: (uri) => subscribe(uri, caller, owner),
      unsubscribe: (uri) => standings.get(owner.credential)?.wishes.unsubscribe(uri),
    }),
    [Symbol.dispose]() {
      for (const credential of standings.keys()) forget(credential);
    },
  };

  async function open(caller: Caller, owner: StreamOwner): Promise<Response | null> {
    const slot = slots.take(owner.userId);
    const standing = slot && standingOf(caller, owner);
    if (!standing) {
      slot?.[Symbol.dispose]();
      return null;
    }
    const writer = createEventWriter(() => {
      slot[Symbol.dispose]();
      standing.streams.delete(writer);
      forgetLater(owner.credential, standing);
    });
    standing.streams.add(writer);
    clearTimeout(standing.forgetting);
    for (const message of standing.missed.values()) writer.send(message);
    standing.missed.clear();
    await standing.wishes.add("list", { uris: [], list: true });
    return new Response(writer.body, { headers: EVENT_STREAM_HEADERS });
  }

  async function subscribe(uri: string, caller: Caller, owner: StreamOwner): Promise<void> {
    const standing = standingOf(caller, owner);
    if (standing === null) throw invalidParams("Cannot remember more subscriptions: try again in a minute");
    if (standing.streams.size === 0) forgetLater(owner.credential, standing);
    await standing.wishes.subscribe(uri);
  }

  function standingOf(caller: Caller, owner: StreamOwner): Standing | null {
    const known = standings.get(owner.credential);
    if (known !== undefined) return known;
    if (standings.size >= MAX_STANDING && !forgetOldest()) return null;
    const watch = createElementWatch(caller, { documents, onChange: (event) => tell(standing, event) });
    const standing: Standing = {
      watch,
      wishes: createWishes(watch, MAX_WATCHED_URIS),
      streams: new Set(),
      missed: new Map(),
      following: owner.follow(() => forget(owner.credential)),
      forgetting: undefined,
    };
    standings.set(owner.credential, standing);
    return standing;
  }

  function forgetLater(credential: string, standing: Standing): void {
    if (standing.streams.size > 0 || standings.get(credential) !== standing) return;
    clearTimeout(standing.forgetting);
    standing.forgetting = setTimeout(() => forget(credential), FORGET_AFTER_MS);
  }

  function forgetOldest(): boolean {
    for (const [credential, { streams }] of standings) {
      if (streams.size > 0) continue;
      forget(credential);
      return true;
    }
    return false;
  }

  function forget(credential: string): void {
    const standing = standings.get(credential);
    if (standing === undefined) return;
    standings.delete(credential);
    standing.watch[Symbol.dispose]();
    standing.following[Symbol.dispose]();
    clearTimeout(standing.forgetting);
    for (const stream of [...standing.streams]) stream.end();
  }
}

function tell({ streams, missed }: Standing, event: ServerEvent): void {
  const uri = event.kind === "resource_updated" ? event.uri : null;
  const message = uri === null
    ? { jsonrpc: "2.0", method: "notifications/resources/list_changed" }
    : { jsonrpc: "2.0", method: "notifications/resources/updated", params: { uri } };
  if (streams.size === 0) missed.set(uri ?? "", message);
  for (const stream of [...streams]) stream.send(message);
}
