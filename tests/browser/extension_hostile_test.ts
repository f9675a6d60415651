import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { createProject } from "../support/captures.ts";
import { type ExtensionBrowser, extensionTest } from "../support/extension.ts";
import { openWorld } from "../support/extension_world.ts";
import { addPerson, setMember } from "../support/people.ts";
import { overlayOf, pairBrowser, pointAt, servePages, startPointing, until, untilMarked } from "../support/pointing.ts";
import { type Data, startApp } from "../support/running_app.ts";

/** Fields that a form gives out in the place of what it has itself; the second form is made to break who looks at it. */
const FORMS = `<title>Forms</title><style>form { padding: 40px }</style>
  <form id="trip" class="wide"><input type="hidden" name="id" value="7"><input type="hidden" name="children">
    <input type="hidden" name="attributes"><input type="hidden" name="classList"></form>
  <form id="trap"><input type="hidden" name="textContent"><input type="hidden" name="parentNode"><input type="hidden" name="childNodes"></form>`;
const FRAMED = `<title>Framed</title><button id="pay">Pay</button><iframe src="http://localhost:PORT/cart"></iframe>`;
/** Keeps to itself what its components are, and calls itself so that no server takes it. */
const LONG = `<title>Long</title><button id="pay">Pay</button>
  <script>document.title = "T".repeat(100_000); addEventListener("fingerpost:source-question", (event) => event.stopImmediatePropagation(), true)</script>`;

/** Listens before everybody else, as far as a page can. */
const EAGER = `<title>Eager</title><script>
  globalThis.heard = [];
  for (const type of ["keydown", "keypress", "beforeinput", "input", "pointerdown", "mousedown", "click", "focusin"])
    addEventListener(type, (event) => heard.push(event.type + (event.key ?? event.data ?? "")), true);
  </script><button id="pay">Pay</button>`;

/** Says something as a content script that was broken into, by a port of its own, and answers what came back. */
const SAY = `(method, ...args) => new Promise((resolve) => {
  const port = chrome.runtime.connect({ name: "frame" });
  port.onMessage.addListener(({ id, result }) => id === 2 && resolve(result ?? null));
  port.postMessage({ id: 1, method: "hello", args: [{ url: location.href, title: "", isTop: false, nonce: "n" }] });
  port.postMessage({ id: 2, method, args });
})`;

/** Runs code in the extension's own world of a page's frame. */
async function runAsContentScript(
  browser: ExtensionBrowser,
  page: Page,
  frameUrl: string,
  code: string,
): Promise<Data> {
  const frame = page.frames().find((each) => each.url().startsWith(frameUrl)) ?? page.mainFrame();
  const session = await browser.context.newCDPSession(frame === page.mainFrame() ? page : frame);
  const found = Promise.withResolvers<number>();
  session.on("Runtime.executionContextCreated", ({ context: { id, origin } }: Data) => {
    if (origin === browser.origin) found.resolve(id);
  });
  await session.send("Runtime.enable");
  const options = { expression: code, contextId: await found.promise, awaitPromise: true, returnByValue: true };
  const { result, exceptionDetails } = await session.send("Runtime.evaluate", options);
  assert.equal(exceptionDetails, undefined);
  return result.value;
}

extensionTest(
  "a form is captured whatever its fields are called, and what can't be captured is marked so",
  async (browser) => {
    await using world = await openWorld(browser, { pages: { "/forms": FORMS } });
    const page = await browser.context.newPage();
    await page.goto(`${world.site}/forms`);
    await startPointing(browser, page);
    await pointAt(page, page, "#trip", "Fewer fields");
    await untilMarked(page, "sent");
    const [{ selector, note }] = await world.elements();
    assert.deepEqual([selector, note], ["#trip", "Fewer fields"]);
    await startPointing(browser, page);
    await pointAt(page, page, "#trap", "Try this");
    await untilMarked(page, "failed");
  },
);

extensionTest("a frame that was broken into speaks for itself alone", async (browser) => {
  await using world = await openWorld(browser, { pages: { "/framed": FRAMED } });
  const page = await browser.context.newPage();
  const url = `${world.site}/framed`;
  await page.goto(url);
  await startPointing(browser, page);
  await pointAt(page, page, "#pay", "Mine");
  await untilMarked(page, "sent");
  const run = (code: string) => runAsContentScript(browser, page, world.other, code);
  for (const [to, method] of [["worker", "takeVisible"], ["hub", "browserStarted"], ["worker", "show"]]) {
    const asked =
      `chrome.runtime.sendMessage({ to: "${to}", method: "${method}", args: [1] }).then(String, () => "refused")`;
    assert.match(await run(asked), /undefined|refused/);
  }
  const facts = { url, title: "Stolen", isTop: true, nonce: "n" };
  const { held } = await run(`(${SAY})("hello", ${JSON.stringify(facts)})`);
  assert.deepEqual(held, [], "what was captured in the page is not told to a frame that says it is the page");
  const [before] = await world.elements();
  await run(`(${SAY})("stale", "${before.id}")`);
  await run(`(${SAY})("changed", ${JSON.stringify({ ...facts, isTop: true })})`);
  const [after] = await world.elements();
  assert.equal(after.staleSince, null);
  assert.deepEqual((await world.livePages(1)).map(({ title }) => title), ["Framed"]);
});

extensionTest(
  "what a page calls itself is cut and masked, and a capture outlives a tab that is closed at once",
  async (browser) => {
    await using world = await openWorld(browser, { pages: { "/long": LONG } });
    const secret = "hunter2hunter2";
    const page = await browser.context.newPage();
    await page.goto(`${world.site}/long#password=${secret}`);
    await startPointing(browser, page);
    await pointAt(page, page, "#pay", "Shorter");
    await untilMarked(page, "sent");
    const popup = await browser.openPopup();
    const shown = popup.locator("#pages span").first();
    await shown.waitFor();
    assert.match(await shown.getAttribute("title") ?? "", /#password=\[masked:password\]$/);
    await popup.close();
    await page.goto(`${world.site}/long?${"x".repeat(40_000)}`);
    await startPointing(browser, page);
    await pointAt(page, page, "#pay", "Too long an address");
    await page.close();
    await until(async () => (await world.elements()).length === 2, "both are stored");
    const stored = await world.elements();
    assert.deepEqual(stored.map(({ pageTitle }) => pageTitle.length), [10_000, 10_000]);
    assert.equal(stored[1].pageUrl, `${world.site}/long`);
  },
);

extensionTest("one click ends pointing, also after the page changed its address or loaded a frame", async (browser) => {
  await using world = await openWorld(browser, { pages: { "/framed": FRAMED } });
  const page = await browser.context.newPage();
  await page.goto(`${world.site}/framed`);
  await startPointing(browser, page);
  await page.evaluate(`history.pushState(null, "", "?page=2")`);
  const loaded = page.waitForEvent("framenavigated");
  await page.evaluate(`document.querySelector("iframe").src += "?again"`);
  await (await loaded).waitForLoadState();
  const hasPart = (frame: Data, name: string) =>
    overlayOf(frame).then((parts) => parts.some((part) => part.class === name));
  await until(() => hasPart(page.frames()[1], "glass"), "the frame takes part");
  await browser.clickButton(page);
  await until(async () => !await hasPart(page, "glass"), "pointing ends");
});

extensionTest(
  "where a role allows no captures any more, mark, button and window say so, and nothing is lost",
  async (browser) => {
    await using app = await startApp();
    await using site = servePages({ "/shop": `<title>Shop</title><button id="pay">Pay</button><p id="total">12</p>` });
    const projectId = await createProject(app, app.token);
    const { id: personId, token } = await addPerson(app);
    setMember(app, { projectId, personId, role: "EDITOR" });
    await pairBrowser(browser, { ...app, token }, projectId);
    setMember(app, { projectId, personId, role: "VIEWER" });
    const page = await browser.context.newPage();
    await page.goto(`${site.url}/shop`);
    await startPointing(browser, page);
    await pointAt(page, page, "#pay", "First");
    assert.match(await untilMarked(page, "queued"), /Waiting to be sent: Cannot/);
    assert.equal((await browser.button()).badge, "!");
    setMember(app, { projectId, personId, role: "EDITOR" });
    await startPointing(browser, page);
    await pointAt(page, page, "#total", "Second");
    await until(
      async () => (await overlayOf(page)).filter(({ state }) => state === "sent").length === 2,
      "both are sent",
    );
    await until(async () => (await browser.button()).badge === "", "the button is as ever");
  },
);

extensionTest("where the browser keeps extensions out, the button says so", async (browser) => {
  await using world = await openWorld(browser);
  const [own] = browser.context.pages();
  for (const url of ["chrome://version", `view-source:${world.site}/cart`]) {
    const page = await browser.context.newPage();
    await page.goto(url);
    await browser.clickButton(page);
    const title = `chrome.tabs.query({ active: true }).then(([{ id }]) => chrome.action.getTitle({ tabId: id }))`;
    await until(async () => /keeps extensions out/.test(String(await own?.evaluate(title))), `it is said of ${url}`);
    await page.close();
  }
});

extensionTest("what an extension that was taken away left in a page falls silent", async (browser) => {
  await using world = await openWorld(browser);
  const page = await browser.context.newPage();
  await page.goto(`${world.site}/shop`);
  await startPointing(browser, page);
  await pointAt(page, page, "#pay", "Larger");
  await untilMarked(page, "sent");
  await startPointing(browser, page);
  const [own] = browser.context.pages();
  await own?.evaluate(`void setTimeout(() => chrome.runtime.reload())`);
  await until(async () => (await overlayOf(page)).length === 0, "overlay and marks are gone");
});

extensionTest(
  "on this machine's pages a page that listened first hears nothing of what is pointed at and typed",
  async (browser) => {
    await using world = await openWorld(browser, { pages: { "/eager": EAGER } });
    const page = await browser.context.newPage();
    await page.goto(`${world.site}/eager`);
    await startPointing(browser, page);
    await pointAt(page, page, "#pay", "Secret plans");
    await untilMarked(page, "sent");
    assert.deepEqual(await page.evaluate("heard"), []);
    await page.click("#pay");
    assert.deepEqual(
      await page.evaluate("heard"),
      ["pointerdown", "mousedown", "focusin", "click"],
      "it hears what is its own",
    );
  },
);
