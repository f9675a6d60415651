import { createProject } from "./captures.ts";
import type { ExtensionBrowser } from "./extension.ts";
import { pairBrowser, servePages, until } from "./pointing.ts";
import { type Data, type RunningApp, startApp } from "./running_app.ts";

/** A server with a project, pages to point at, and a browser that is paired with both. */
export interface ExtensionWorld extends AsyncDisposable {
  app: RunningApp;
  projectId: string;
  /** The pages' origin, and the same pages as another site. */
  site: string;
  other: string;
  /** What was captured, the oldest first. */
  elements(): Promise<Data[]>;
  /** The pages that can be asked, once there are that many. */
  livePages(count: number): Promise<Data[]>;
}

const LIVE_PAGES = `query ($projectId: ID!) { livePages(projectId: $projectId) { id title url } }`;
const ELEMENTS = `query ($projectId: ID!) { elements(projectId: $projectId, first: 100) { edges { node {
  id selector note pageUrl pageTitle staleSince status box { x y width height } screenshot { width height } } } } }`;

/** A page with something to pay. */
export const SHOP = `<!doctype html><title>Shop</title>
  <main><h1>Basket</h1><p class="total">12 €</p><button id="pay">Pay now</button></main>`;
/** A page with something to empty. */
export const CART = `<!doctype html><title>Cart</title><main><button id="empty">Empty the cart</button></main>`;

/** Opens it. */
export async function openWorld(
  browser: ExtensionBrowser,
  { pages = {}, environment = {} }: { pages?: Record<string, string>; environment?: Record<string, string> } = {},
): Promise<ExtensionWorld> {
  await using stack = new AsyncDisposableStack();
  const app = stack.use(await startApp({ environment }));
  const site = stack.use(servePages({ "/shop": SHOP, "/cart": CART, ...pages }));
  const projectId = await createProject(app, app.token);
  await pairBrowser(browser, app, projectId);
  const opened = stack.move();
  return {
    ...{ app, projectId, site: site.url, other: site.other },
    elements: () => elementsOf(app, projectId),
    livePages: (count) => livePagesOf(app, projectId, count),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

async function livePagesOf(app: RunningApp, projectId: string, count: number): Promise<Data[]> {
  let found: Data[] = [];
  await until(async () => {
    found = (await app.ask(LIVE_PAGES, { projectId }, app.token)).livePages;
    return found.length === count;
  }, `${count} pages can be asked`);
  return found;
}

/** What was captured in a project, the oldest first. */
export async function elementsOf(app: RunningApp, projectId: string): Promise<Data[]> {
  const { elements } = await app.ask(ELEMENTS, { projectId }, app.token);
  return elements.edges.map(({ node }: Data) => node).toReversed();
}
