import { type Actor, requireSignedIn, type SignedInActor } from "../base/actor.ts";
import { AppError } from "../base/errors.ts";
import { requirePermission } from "../base/permissions.ts";
import type { Subscription } from "../events/events.ts";
import type { TailNews } from "../events/tail.ts";
import { ELEMENT_CHANGED, readFeed, rightsOf, startingRevision } from "./_feed.ts";
import type { ElementEvent, Elements, ElementsDependencies } from "./elements.ts";

/** Which changes are wanted, and how long to wait for some. */
export interface ChangesRequest {
  /** null: the actor's own first project. */
  projectId: string | null;
  /** A revision; null: from now on. */
  after: number | null;
  /** How many at most. */
  first: number;
  /** 0: not at all; at most `MAX_WAIT_SECONDS`. */
  waitMs: number;
  /** Ends the wait; asked for only where there is one. */
  signal: () => AbortSignal;
}

/** Changes of a project in order, each once where each request goes on after the revision that the one before it told. */
export interface Changes {
  /** Of the last change here, or the project's where nothing is left to tell. */
  revision: number;
  hasMore: boolean;
  changes: ElementEvent[];
}

type News = TailNews<ElementEvent>;

/** So that the answer comes before the operation's deadline of 10 s, also from a busy server. */
export const MAX_WAIT_SECONDS = 8;
/** Of one user, with all credentials: more than anybody's tools are. Each holds a connection open, and nothing of the database. */
const MAX_WAITS_PER_USER = 64;

/** Builds what tells changes to those who ask again and again; see `Elements.changes`. */
export function createChanges({ database, events, projects, sessions }: ElementsDependencies): Elements["changes"] {
  /** By user. */
  const waits = new Map<string, number>();
  return changes;

  async function changes(actor: Actor, request: ChangesRequest): Promise<Changes> {
    const signedIn = request.projectId === null ? requirePermission(actor, "READ_ELEMENTS") : requireSignedIn(actor);
    const projectId = request.projectId ?? await projects.firstOwn(actor);
    const authorize = () => projects.authorize(actor, { projectId, permission: "READ_ELEMENTS" });
    const rights = rightsOf(await authorize());
    const read = (after: number) => readFeed(database.read, projectId, { after, limit: request.first + 1 });
    // Where there is something to tell, the project has got beyond `after`, and its own revision need not be read.
    const early = request.after === null || request.after < 0 ? [] : await read(request.after);
    if (early.length > 0) return toChanges(early, request.first);
    using wait = request.waitMs > 0 ? beginWait(signedIn, projectId, request) : null;
    // Only now, so that what is stored from here on wakes the wait; and the changes behind it, so that none up to it is untold.
    const { after, current } = await startingRevision(projects, { projectId, after: request.after });
    const told = after < current ? await read(after) : [];
    if (told.length > 0) return toChanges(told, request.first);
    for (let news = await wait?.next(); news; news = await wait?.next()) {
      await news.authorize(rights, authorize);
      const rows = await news.readAfter(current, (place) => readFeed(database.read, projectId, { after: place }));
      if (rows.length > 0) return toChanges(rows, request.first);
    }
    return { revision: current, hasMore: false, changes: [] };
  }

  function beginWait(actor: SignedInActor, projectId: string, { waitMs, signal }: ChangesRequest): Wait {
    const { userId } = actor;
    const waiting = waits.get(userId) ?? 0;
    if (waiting >= MAX_WAITS_PER_USER) {
      throw new AppError("RATE_LIMITED", `Cannot wait for changes more than ${MAX_WAITS_PER_USER} times at once`, {
        // By then those who wait now have been answered.
        retryAfterSeconds: MAX_WAIT_SECONDS,
      });
    }
    waits.set(userId, waiting + 1);
    const changed = events.subscribe(ELEMENT_CHANGED, projectId, { capacity: 1, whenFull: "keep_newest" });
    const wait = waitOn(changed, { waitMs, signal: signal(), follow: (onEnded) => sessions.follow(actor, onEnded) });
    return {
      next: wait.next,
      [Symbol.dispose]: () => {
        wait[Symbol.dispose]();
        const left = (waits.get(userId) ?? 1) - 1;
        if (left > 0) waits.set(userId, left);
        else waits.delete(userId);
      },
    };
  }
}

function toChanges(rows: ElementEvent[], first: number): Changes {
  const changes = rows.slice(0, first);
  return { revision: changes.at(-1)?.revision ?? 0, hasMore: rows.length > first, changes };
}

/** Somebody who waits for news until a time is over. */
interface Wait extends Disposable {
  /** null: the time is over, or the server stops. Throws `UNAUTHENTICATED` where the credential ended, and the signal's reason. */
  next(): Promise<News | null>;
}

/** What ends a wait. */
interface WaitEnds {
  waitMs: number;
  signal: AbortSignal;
  follow: (onEnded: () => void) => Disposable;
}

function waitOn(changed: Subscription<News>, { waitMs, signal, follow }: WaitEnds): Wait {
  let hasCredential = true;
  const end = () => changed.end();
  const timer = setTimeout(end, waitMs);
  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  const following = follow(() => {
    hasCredential = false;
    end();
  });
  return {
    async next() {
      const { done, value } = await changed.next();
      if (!hasCredential) throw new AppError("UNAUTHENTICATED", "Cannot wait any longer: the credential ended");
      signal.throwIfAborted();
      return done === true ? null : value;
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      following[Symbol.dispose]();
      signal.removeEventListener("abort", end);
      changed.end();
    },
  };
}
