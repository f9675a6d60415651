import type { ElementChange } from "../browser/messages.ts";
import { changedFields, describeElement, describePlace } from "../capture/capture.ts";
import { findAgain, fingerprintOf } from "../capture/fingerprint.ts";
import type { HeldElement, LiveListener } from "./live.ts";
import { type Stirred, type Watch, watchElement, watchForArrivals } from "./_watch.ts";

/** One captured element in its page: there, gone for a moment, stale. */
export interface Life {
  /** It is in the page; null: not now. */
  element(): Element | null;
  /** Something may be otherwise. */
  stir(what: Stirred): void;
  /** Looks what is otherwise, or for the element, and tells; answers for how many milliseconds to rest. */
  look(): number;
  inspect(): ElementChange | null;
  close(): void;
}

/** What a life needs of its frame. */
export interface LifeOptions {
  view: Window & typeof globalThis;
  told: LiveListener;
  framePath: string;
  /** Has `look` called, after a delay. */
  ask(delayMs?: number): void;
}

/** Ten times a second. */
const MIN_REST_MS = 100;
/** 250 kB a second of one element's HTML: what is larger is told less often. */
const MAX_CHARACTERS_PER_MS = 250;
/** Longer than a framework takes to put another in its place, shorter than a person notices. */
const STALE_AFTER_MS = 400;
/** After a reload a page may load for a while before it shows what it showed. */
const STALE_AFTER_RELOAD_MS = 10_000;
/** Of what stays away, the searches come further and further apart. */
const MAX_SEARCH_REST_MS = 3_000;
/** A fingerprint takes a look at all elements of the same tag: it is renewed so often, and takes a hundredth of the time at most. */
const PRINT_REST_MS = 2_000;
const PRINT_REST_FACTOR = 100;
/** What could not be told is told again. */
const RETRY_MS = 1_000;

/** Begins to watch an element, or to look for it. */
export function createLife(held: HeldElement, { view, told, framePath, ask }: LifeOptions): Life {
  const { elementId } = held;
  const now = () => view.performance.now();
  let { selector, fingerprint } = held;
  let current = held.element;
  let known = held.known ?? (current === null ? {} : describeElement(current, { framePath }));
  let watch: Pick<Watch, "resume" | "close"> | null = null;
  let roots: () => ShadowRoot[] = () => [];
  let stirred: Stirred | null = held.known === undefined ? null : "all";
  let goneAt: number | null = current === null ? now() : null;
  let isStale = false;
  let isReturned = false;
  let searchRestMs = MIN_REST_MS;
  let printAt = now() + PRINT_REST_MS;
  let isPrintOld = false;
  if (current === null) awaitReturn();
  else watchOver(current);
  ask();
  return { element: () => goneAt === null && isHere(current) ? current : null, stir, look, inspect, close };

  function isHere(element: Element | null): element is Element {
    return element !== null && element.isConnected && element.ownerDocument === view.document;
  }

  function watchOver(element: Element): void {
    const whole = watchElement(view, element, stir);
    watch?.close();
    watch = whole;
    roots = whole.roots;
  }

  function awaitReturn(): void {
    watch?.close();
    watch = watchForArrivals(view, roots(), () => ask());
  }

  function stir(what: Stirred): void {
    if (goneAt !== null) return;
    if (stirred !== "all") stirred = what;
    ask();
  }

  function look(): number {
    if (goneAt !== null || !isHere(current)) return search();
    let restMs = MIN_REST_MS;
    if (stirred !== null) {
      const seen = see(current, stirred);
      isPrintOld ||= stirred === "all";
      stirred = null;
      // Before it is told: what happens from now on is another change.
      watch?.resume();
      const change = changedFields(known, seen);
      if (change !== null || isReturned) tell(change ?? {});
      restMs = Math.max(restMs, (change?.html?.length ?? 0) / MAX_CHARACTERS_PER_MS);
    }
    if (isPrintOld) renewPrint(current);
    return restMs;
  }

  function see(element: Element, what: Stirred): ElementChange {
    return what === "all" ? describeElement(element, { framePath }) : describePlace(element);
  }

  function tell(change: ElementChange): void {
    try {
      told.update(elementId, change);
    } catch {
      stirred = "all";
      ask(RETRY_MS);
      return;
    }
    isReturned = false;
    known = { ...known, ...change };
    if (change.selector !== undefined) selector = change.selector;
  }

  function renewPrint(element: Element): void {
    const start = now();
    if (start < printAt) return ask(printAt - start);
    fingerprint = fingerprintOf(element);
    printAt = now() + Math.max(PRINT_REST_MS, (now() - start) * PRINT_REST_FACTOR);
    isPrintOld = false;
  }

  function search(): number {
    if (goneAt === null) {
      goneAt = now();
      told.lost?.(elementId);
      awaitReturn();
    }
    const found = isHere(current) ? current : findAgain(view.document, ownSelector(), fingerprint);
    if (found !== null) return comeBack(found);
    watch?.resume();
    const staleAt = goneAt + (current === null ? STALE_AFTER_RELOAD_MS : STALE_AFTER_MS);
    if (!isStale && now() >= staleAt) beStale();
    if (isStale) return searchRestMs = Math.min(MAX_SEARCH_REST_MS, searchRestMs * 2);
    ask(Math.min(RETRY_MS, staleAt - now()));
    return MIN_REST_MS;
  }

  // In its own frame, without the way to it.
  function ownSelector(): string {
    return selector.startsWith(framePath) ? selector.slice(framePath.length) : selector;
  }

  function beStale(): void {
    try {
      told.stale(elementId);
      isStale = true;
    } catch {
      ask(RETRY_MS);
    }
  }

  function comeBack(found: Element): number {
    isReturned = isStale;
    isStale = false;
    goneAt = null;
    searchRestMs = MIN_REST_MS;
    current = found;
    watchOver(found);
    told.found(elementId, found);
    stirred = "all";
    return look();
  }

  function inspect(): ElementChange | null {
    if (goneAt !== null || !isHere(current)) return null;
    return known = describeElement(current, { framePath });
  }

  function close(): void {
    watch?.close();
  }
}
