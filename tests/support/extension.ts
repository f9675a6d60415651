import { type BrowserContext, type CDPSession, chromium, type Page } from "playwright-core";
import { buildExtension, writeExtension } from "../../extension/build.ts";
import { ARGUMENTS, chromiumPath, STEP_TIMEOUT_MS, testWithChromium } from "./browser.ts";
import type { Data } from "./running_app.ts";

/** Chromium with the extension in it, as a person has it. */
export interface ExtensionBrowser {
  context: BrowserContext;
  /** The origin of the extension's own pages, such as `chrome-extension://…`. */
  origin: string;
  /** What the toolbar's button says. */
  button(): Promise<{ badge: string; title: string }>;
  /** Ends the document that holds connections and queue, as a crash does. */
  closeHub(): Promise<void>;
  /** Clicks the toolbar's button while a page is in front: points, or opens the extension's window where it is not paired. */
  clickButton(page: Page): Promise<void>;
  /** Stops the service worker, as Chromium does after 30 s in which nothing was asked of it. */
  stopWorker(): Promise<void>;
  /** The extension's window, in a tab. */
  openPopup(): Promise<Page>;
}

/** Built once for all tests of a file, outside of them: esbuild keeps a process. */
const files = await buildExtension("chromium");

/** Registers a test in a new Chromium with the extension in it. Skipped or failing as `browserTest` where there is none. */
export function extensionTest(name: string, test: (browser: ExtensionBrowser) => Promise<void>): void {
  testWithChromium(name, async (executablePath) => {
    await using browser = await openExtensionBrowser({ executablePath });
    await test(browser);
  });
}

/** Opens a new Chromium with the extension in it. */
export async function openExtensionBrowser(
  { executablePath = chromiumPath(), deviceScaleFactor = 1 }: { executablePath?: string; deviceScaleFactor?: number } =
    {},
): Promise<ExtensionBrowser & AsyncDisposable> {
  const folder = await Deno.makeTempDir({ prefix: "fingerpost_extension_" });
  await writeExtension(files, `${folder}/extension`);
  // `--load-extension` is taken no more by all builds since 137; the DevTools protocol loads one everywhere.
  const context = await chromium.launchPersistentContext(`${folder}/profile`, {
    executablePath,
    args: [...ARGUMENTS, "--enable-unsafe-extension-debugging"],
    ignoreDefaultArgs: ["--disable-extensions"],
    viewport: { width: 1_280, height: 800 },
    deviceScaleFactor,
  });
  context.setDefaultTimeout(STEP_TIMEOUT_MS);
  const close = async () => {
    await context.close();
    await Deno.remove(folder, { recursive: true });
  };
  try {
    return { ...await openBrowser(context, `${folder}/extension`), [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openBrowser(context: BrowserContext, folder: string): Promise<ExtensionBrowser> {
  const session = await context.browser()?.newBrowserCDPSession();
  if (session === undefined) throw new Error("Chromium gave no session");
  const started = context.waitForEvent("serviceworker");
  const { id } = await ask(session, "Extensions.loadUnpacked", { path: folder });
  await started;
  const page = context.pages()[0] ?? await context.newPage();
  await page.goto(`chrome-extension://${id}/manifest.json`);
  const origin = `chrome-extension://${id}`;
  return { context, origin, button, closeHub, clickButton, stopWorker, openPopup };

  // In a page of the extension: the worker may not be running.
  async function button(): Promise<{ badge: string; title: string }> {
    const [badge, title]: [string, string] = await page.evaluate(
      `Promise.all([chrome.action.getBadgeText({}), chrome.action.getTitle({})])`,
    );
    return { badge, title };
  }

  async function closeHub(): Promise<void> {
    await page.evaluate(`chrome.offscreen.closeDocument()`);
  }

  // Only a tab's target has the button: not the page's that Playwright knows.
  async function clickButton(page: Page): Promise<void> {
    await page.bringToFront();
    const targetId = await targetOf(page);
    await ask(session, "Extensions.triggerAction", { id, targetId });
  }

  async function targetOf(page: Page): Promise<string> {
    const own = await context.newCDPSession(page);
    const { targetInfo } = await own.send("Target.getTargetInfo");
    const { targetInfos } = await ask(session, "Target.getTargets", { filter: [{ type: "tab" }, { type: "page" }] });
    await own.detach();
    const at = targetInfos.filter(({ url }: Data) => url === targetInfo.url);
    const pages = at.filter(({ type }: Data) => type === "page");
    const tabs = at.filter(({ type }: Data) => type === "tab");
    // Both lists have the order in which they were opened.
    const found = tabs[pages.findIndex(({ targetId }: Data) => targetId === targetInfo.targetId)];
    if (found === undefined) throw new Error(`No tab shows ${page.url()}`);
    return found.targetId;
  }

  // To stop it by its own target is answered, and not done.
  async function stopWorker(): Promise<void> {
    const stopped = Promise.withResolvers<void>();
    const own = await context.newCDPSession(page);
    listen(own, "ServiceWorker.workerVersionUpdated", ({ versions: [version] }) => {
      if (version?.runningStatus === "stopped") stopped.resolve();
    });
    await ask(own, "ServiceWorker.enable", {});
    await ask(own, "ServiceWorker.stopAllWorkers", {});
    await stopped.promise;
    await own.detach();
  }

  async function openPopup(): Promise<Page> {
    const page = await context.newPage();
    await page.goto(`${origin}/popup.html`);
    return page;
  }
}

// Playwright's types know the protocol of an older Chromium.
async function ask(session: CDPSession | undefined, method: string, parameters: unknown): Promise<Data> {
  const send: Data = session?.send.bind(session);
  return await send(method, parameters);
}

function listen(session: CDPSession, event: string, listener: (parameters: Data) => void): void {
  const on: Data = session.on.bind(session);
  on(event, listener);
}
