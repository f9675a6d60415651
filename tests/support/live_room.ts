import { captureInput, createProject } from "./captures.ts";
import { joinRoom, type RoomPeer } from "./rooms.ts";
import { type AppSettings, type Data, type RunningApp, startApp } from "./running_app.ts";
import { connectPage, type WeriftPage } from "./werift_page.ts";

/** A page that speaks to the server, whichever way. */
export interface SpeakingPage {
  ask(message: Record<string, unknown>): Promise<Data>;
  say(message: Record<string, unknown>): void | Promise<void>;
  heard(): Promise<Data>;
}

/** An app with one page on a data channel, and an element that it captured. */
export interface LiveRoom extends AsyncDisposable {
  app: RunningApp;
  projectId: string;
  peer: RoomPeer;
  page: WeriftPage;
  elementId: string;
  /** The element as its project's owner is shown it. */
  element(): Promise<Data>;
}

const ELEMENT = `query ($id: ID!) { element(id: $id) {
  revision live staleSince selector tagName domId classNames attributes text html htmlByteSize computedStyles note pageUrl pageTitle
  box { x y width height } viewport { width scrollY } accessibility { role name } component { name } screenshot { width height }
} }`;

/** Opens a room with a page of its owner's that is `tab-1` and has captured an element. */
export async function openLiveRoom(settings: AppSettings = {}): Promise<LiveRoom> {
  await using stack = new AsyncDisposableStack();
  const app = stack.use(await startApp(settings));
  const projectId = await createProject(app, app.token);
  const peer = stack.use(await joinRoom(app, app.token, { projectId }));
  const page = stack.use(await connectPage(peer));
  await sayPage(page, "tab-1");
  const elementId = await captureOn(page, { projectId, pageId: "tab-1" });
  const element = async () => (await app.ask(ELEMENT, { id: elementId }, app.token)).element;
  const opened = stack.move();
  const close = async () => await opened.disposeAsync();
  return { app, projectId, peer, page, elementId, element, [Symbol.asyncDispose]: close };
}

/** Has a page say which tab it is. */
export async function sayPage(page: SpeakingPage, pageId: string): Promise<void> {
  await page.say({ type: "page", id: "page", pageId, url: "https://shop.example/", title: "Shop" });
  const { type } = await page.ask({ type: "ping", id: "after page" });
  if (type !== "pong") throw new Error(`Not a page: ${type}`);
}

/** Has a page capture an element and returns its global id. */
export async function captureOn({ ask }: SpeakingPage, fields: Record<string, unknown>): Promise<string> {
  const captured = await ask({ type: "capture", id: "capture", ...captureInput(fields) });
  if (captured.type !== "captured") throw new Error(JSON.stringify(captured));
  return captured.elementId;
}
