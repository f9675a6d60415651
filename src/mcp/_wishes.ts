import type { ElementWatch, Wish } from "./_element_watch.ts";
import { invalidParams } from "./_protocol_errors.ts";

/** What a client of protocol 2025 asked to hear of, resource by resource. */
export interface ResourceSubscriptions {
  /** Hears of a resource from now on. Throws a `ProtocolError` where there are too many. */
  subscribe(uri: string): Promise<void>;
  unsubscribe(uri: string): void;
}

/** What one client wants to hear of, by names that it chose. */
export interface Wishes extends ResourceSubscriptions {
  /** Adds one; a name that is taken keeps what it has. Resolves when nothing that happens from then on is missed. */
  add(name: string, wish: Wish): Promise<void>;
  has(name: string): boolean;
  remove(name: string): void;
}

/** Builds the wishes of one client of a watch; it may subscribe to so many resources. */
export function createWishes(watch: ElementWatch, maxSubscriptions: number): Wishes {
  const wishes = new Map<string, DisposableStack>();
  const subscribed = new Set<string>();
  return { add, has: (name) => wishes.has(name), remove, subscribe, unsubscribe };

  async function add(name: string, wish: Wish): Promise<void> {
    if (wishes.has(name)) return;
    const removal = new DisposableStack();
    // At once: it may be taken back while it is looked up.
    wishes.set(name, removal);
    const added = await watch.add(wish);
    if (removal.disposed) added[Symbol.dispose]();
    else removal.use(added);
  }

  function remove(name: string): void {
    wishes.get(name)?.dispose();
    wishes.delete(name);
  }

  async function subscribe(uri: string): Promise<void> {
    if (subscribed.size >= maxSubscriptions && !subscribed.has(uri)) {
      throw invalidParams(`Cannot watch more than ${maxSubscriptions} resources: unsubscribe from some`);
    }
    subscribed.add(uri);
    await add(`resource ${uri}`, { uris: [uri], list: false });
  }

  function unsubscribe(uri: string): void {
    subscribed.delete(uri);
    remove(`resource ${uri}`);
  }
}
