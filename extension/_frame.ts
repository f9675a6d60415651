import { newId } from "../clients/browser/messages.ts";
import { createPointer, type FrameMessage, type Taken } from "../clients/pointer/pointer.ts";
import { describeElement } from "../clients/capture/capture.ts";
import { fingerprintOf } from "../clients/capture/fingerprint.ts";
import { addressOf, titleOf } from "../clients/capture/page_facts.ts";
import { createComponents } from "./_components.ts";
import { createFrameElements } from "./_frame_elements.ts";
import { type HubLink, linkToHub } from "./_hub_link.ts";
import type { FrameFacts, FrameMethods } from "./_messages.ts";
import { watchNeighbours } from "./_neighbours.ts";
import { createFrameStages } from "./_frame_stages.ts";

/** Longer than a component is known in, mostly: the person wrote a note meanwhile. */
const COMPONENT_TIMEOUT_MS = 300;

/** Makes a frame one that can be pointed at. Answers whether it still is: not after the extension was updated or taken away. */
export function startFrame(window: Window): () => boolean {
  const nonce = newId();
  let framePath = "";
  let isClosed = false;
  const components = createComponents();
  const pointer = createPointer(window, {
    send,
    componentOf: components.of,
    ended: () => link.tell("pointing", false),
    tell: (message) => link.tell("tell", message),
  });
  const elements = createFrameElements({ window, pointer, link: () => link, framePath: () => framePath });
  const stages = createFrameStages({
    elementOf: (key) => elements.byKey(key) ?? neighbours.frameWith(key),
    hideWhile: (during) => elements.pauseWhile(() => pointer.hideWhile(during)),
  });
  const neighbours = watchNeighbours(window, nonce, {
    child: (child, selector) => link.tell("child", child, selector),
    loaded: () => link.tell("frameLoaded"),
    moved: () => link.tell("changed", facts()),
  });
  const ended = new AbortController();
  // A page that is put aside and shown again is not pointed at still.
  if (window.parent === window) window.addEventListener("pagehide", () => pointer.stop(), { signal: ended.signal });
  const link: HubLink = linkToHub({ methods: methods(), connected: enter, ended: close });
  return () => !isClosed && link.isAlive();

  function methods(): FrameMethods {
    return {
      point: () => pointer.start(),
      stop: () => pointer.stop(),
      hear: (message: FrameMessage) => pointer.hear(message),
      announce: neighbours.announce,
      mark: elements.mark,
      captured: elements.captured,
      hold: elements.hold,
      forget: elements.forget,
      foreignFrames: neighbours.foreign,
      command: elements.command,
      ...stages,
    };
  }

  function facts(): FrameFacts {
    const { location, document } = window;
    return {
      ...{ url: addressOf(location.href), title: titleOf(document.title) },
      ...{ isTop: window.parent === window, nonce },
    };
  }

  async function enter(): Promise<void> {
    neighbours.announce();
    const { framePath: path, held, isPointing } = await link.call("hello", facts());
    framePath = path;
    elements.hold(held);
    // The hub is another one than before, or the page was put aside by the browser and shown again.
    if (pointer.isPointing && !isPointing) link.tell("pointing", true);
    if (!isPointing || pointer.isPointing) return;
    // What the others told each other while this frame was on its way to the hub did not reach it.
    if (window.parent === window) pointer.start();
    else pointer.hear({ type: "started", frame: "hub" });
  }

  async function send(taken: Taken[]): Promise<void> {
    const captures = taken.flatMap(({ element, note, number }) => {
      const clientId = newId();
      elements.add(clientId, element, number);
      try {
        const capture = { ...describeElement(element, { framePath }), note };
        return [{ clientId, number, capture, fingerprint: fingerprintOf(element), component: components.of(element) }];
      } catch (error) {
        // A page may make of its elements what it likes.
        fail(clientId, number, error);
        return [];
      }
    });
    const found = await Promise.all(captures.map(({ component }) => within(window, component)));
    await Promise.all(captures.map(async ({ component: _, ...each }, index) => {
      const capture = { ...each.capture, component: found[index] ?? null };
      try {
        await link.call("capture", { ...each, capture });
      } catch (error) {
        fail(each.clientId, each.number, error);
      }
    }));
  }

  function fail(clientId: string, number: number, error: unknown): void {
    const label = error instanceof Error ? error.message : String(error);
    elements.mark({ clientId, number, state: "failed", label });
  }

  function close(): void {
    isClosed = true;
    ended.abort();
    neighbours.close();
    elements.close();
    pointer.close();
  }
}

// Whoever closes the tab meanwhile wants it sent all the same.
async function within<Value>(window: Window, promise: Promise<Value>): Promise<Value | null> {
  const { promise: late, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(resolve, COMPONENT_TIMEOUT_MS, null);
  const leave = () => resolve(null);
  window.addEventListener("pagehide", leave, { once: true });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
    window.removeEventListener("pagehide", leave);
  }
}
