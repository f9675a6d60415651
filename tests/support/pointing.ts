import type { CDPSession, Frame, Page } from "playwright-core";
import type { ExtensionBrowser } from "./extension.ts";
import type { Data, RunningApp } from "./running_app.ts";

/** A part of the pointer's overlay, which a page can't see into: its class, its state, and what it says. */
export interface OverlayPart {
  class: string;
  state: string | null;
  label: string;
}

const APPROVE = `mutation ($input: ApprovePairingInput!) { approvePairing(input: $input) }`;
const PATIENCE_MS = 9_000;
const LOOK_EVERY_MS = 20;

/** Pairs the browser with a project as a person does: asks for a code in the extension's window, and approves it. */
export async function pairBrowser(browser: ExtensionBrowser, app: RunningApp, projectId: string): Promise<void> {
  const popup = await browser.openPopup();
  const userCode = await askForCode(popup, app.url);
  await app.ask(APPROVE, { input: { userCode, projectId, approve: true } }, app.token);
  await popup.getByRole("status").filter({ hasText: "Connected" }).waitFor();
  await popup.close();
}

/** Asks for a code in the extension's window and reads it. */
export async function askForCode(popup: Page, server: string): Promise<string> {
  await popup.getByLabel("Your Fingerpost server").fill(server);
  await popup.getByRole("button", { name: "Pair this browser" }).click();
  const code = popup.locator("#code");
  await code.waitFor();
  return await code.innerText();
}

/** Clicks the extension's button and waits until the page can be pointed at. */
export async function startPointing(browser: ExtensionBrowser, page: Page): Promise<void> {
  await browser.clickButton(page);
  await until(async () => (await overlayOf(page)).some((part) => part.class === "hint"), "pointing begins");
}

/** Points at an element: moves over it, clicks it, writes a note, sends both by Enter. */
export async function pointAt(page: Page, frame: Page | Frame, selector: string, note: string): Promise<void> {
  await hoverOver(page, frame, selector);
  await page.mouse.down();
  await page.mouse.up();
  await until(() => hasPart(frame, "note"), "the note field opens");
  await page.keyboard.type(note);
  await page.keyboard.press("Enter");
}

// As a hand does it: it comes to rest, and frames hand the mouse over with the move after the first.
async function hoverOver(page: Page, frame: Page | Frame, selector: string): Promise<void> {
  let moves = 0;
  await until(
    async () => {
      const box = await frame.locator(selector).boundingBox();
      if (box === null) return false;
      await page.mouse.move(box.x + box.width / 2 + moves++ % 2, box.y + box.height / 2);
      return await hasPart(frame, "hover");
    },
    `the pointer is over ${selector}`,
    async () => JSON.stringify(await overlayOf(frame)),
  );
}

async function hasPart(frame: Page | Frame, name: string): Promise<boolean> {
  return (await overlayOf(frame)).some((part) => part.class.split(" ").includes(name));
}

/** The mark of a page or frame, once there is one in this state, with what it says. */
export async function untilMarked(frame: Page | Frame, state: string): Promise<string> {
  let label = "";
  await until(
    async () => {
      const mark = (await overlayOf(frame)).find((part) => part.class === "mark" && part.state === state);
      label = mark?.label ?? "";
      return mark !== undefined;
    },
    `a mark is ${state}`,
    async () => JSON.stringify(await overlayOf(frame)),
  );
  return label;
}

/** Settles when something holds; throws with what was waited for. */
export async function until(
  holds: () => Promise<boolean>,
  what: string,
  found: () => Promise<string> = () => Promise.resolve(""),
): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!await holds()) {
    if (performance.now() > deadline) throw new Error(`Waited in vain until ${what}: ${await found()}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** The overlay's parts that are in the document of a page or a frame, by the debugger, for which no shadow root is closed. */
export async function overlayOf(frame: Page | Frame): Promise<OverlayPart[]> {
  const { session, isOwn } = await sessionOf(frame);
  const { root } = await session.send("DOM.getDocument", { depth: -1, pierce: true });
  const parts: OverlayPart[] = [];
  const found = isOwn ? root : documentAt(root, frame.url());
  if (found !== null) collect(found, false, parts);
  return parts;
}

interface FrameSession {
  session: CDPSession;
  /** False: the frame is inside of the session's document, being of its site. */
  isOwn: boolean;
}

const sessions = new WeakMap<Page | Frame, Promise<FrameSession>>();

function sessionOf(frame: Page | Frame): Promise<FrameSession> {
  const session = sessions.get(frame) ?? openSession(frame);
  sessions.set(frame, session);
  return session;
}

async function openSession(frame: Page | Frame): Promise<FrameSession> {
  if ("context" in frame) return { session: await frame.context().newCDPSession(frame), isOwn: true };
  try {
    return { session: await frame.page().context().newCDPSession(frame), isOwn: true };
  } catch {
    const { session } = await sessionOf(frame.parentFrame() ?? frame.page());
    return { session, isOwn: false };
  }
}

function documentAt(node: Data, url: string): Data {
  if (node.contentDocument?.documentURL === url) return node.contentDocument;
  const inner = [
    ...node.children ?? [],
    ...node.shadowRoots ?? [],
    ...node.contentDocument ? [node.contentDocument] : [],
  ];
  return inner.map((each) => documentAt(each, url)).find((found) => found !== null) ?? null;
}

function collect(node: Data, isInside: boolean, parts: OverlayPart[]): void {
  const attributes = Object.fromEntries(inPairs(node.attributes ?? []));
  if (isInside && attributes.class !== undefined) {
    parts.push({
      class: attributes.class,
      state: attributes["data-state"] ?? null,
      label: attributes["aria-label"] ?? "",
    });
  }
  for (const root of node.shadowRoots ?? []) collect(root, isInside || root.shadowRootType === "closed", parts);
  for (const child of node.children ?? []) collect(child, isInside, parts);
}

function inPairs(list: string[]): [string, string][] {
  return Array.from({ length: list.length / 2 }, (_, index) => [list[index * 2] ?? "", list[index * 2 + 1] ?? ""]);
}

/** Serves pages by their path on loopback: at `http://127.0.0.1`, and, as another site, at `http://localhost`. */
export function servePages(
  pages: Record<string, string>,
): AsyncDisposable & { port: number; url: string; other: string } {
  const headers = { "content-type": "text/html; charset=utf-8" };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { pathname, port } = new URL(request.url);
    const page = pages[pathname]?.replaceAll("PORT", port);
    return new Response(page ?? "Not found", { status: page === undefined ? 404 : 200, headers });
  });
  const { port } = server.addr;
  const [url, other] = [`http://127.0.0.1:${port}`, `http://localhost:${port}`];
  return { port, url, other, [Symbol.asyncDispose]: () => server.shutdown() };
}
