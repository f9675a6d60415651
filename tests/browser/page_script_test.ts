import assert from "node:assert/strict";
import type { BrowserContext, Page } from "playwright-core";
import { findBarriers } from "../support/axe.ts";
import { browserTest } from "../support/browser.ts";
import { createProject } from "../support/captures.ts";
import { ADMIN, type Data, type RunningApp, startApp } from "../support/running_app.ts";
import { subscribe, type Subscription } from "../support/subscription.ts";

const EVENTS = `subscription ($projectId: ID!) { elementEvents(projectId: $projectId, after: 0) {
  kind element { id selector note text pageUrl tagName } } }`;
const RESOLVE = `mutation ($id: ID!) { updateElement(input: { id: $id, status: RESOLVED }) { id } }`;
const REVOKE = `mutation ($id: ID!) { revokeAccessToken(id: $id) }`;
const TOKENS = `{ viewer { accessTokens { id name } } }`;

/** A page in development that loads the script, as strict as one can be that still does. */
function serveSite(app: RunningApp): AsyncDisposable & { url: string } {
  const socket = app.url.replace("http", "ws");
  const policy =
    `default-src 'none'; script-src ${app.url}; connect-src 'self' ${app.url} ${socket}; frame-src 'self'; ` +
    "require-trusted-types-for 'script'";
  const shop = `<!doctype html><html lang="en"><title>Shop</title><script src="${app.url}/pointer.js"></script>
    <main><h1>Shop</h1><button id="buy">Buy now</button><iframe src="/cart" title="Cart"></iframe></main>`;
  const cart = `<!doctype html><html lang="en"><title>Cart</title><main><button id="pay">Pay</button></main>`;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, ({ url }) => {
    const body = new URL(url).pathname === "/cart" ? cart : shop;
    return new Response(body, { headers: { "content-type": "text/html", "content-security-policy": policy } });
  });
  return { url: `http://127.0.0.1:${server.addr.port}/`, [Symbol.asyncDispose]: () => server.shutdown() };
}

/** Opens the script's shadow roots, which are closed to the page, for the test. */
async function openRoots(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const { attachShadow } = (globalThis as Data).Element.prototype;
    (globalThis as Data).Element.prototype.attachShadow = function (options: Data) {
      return attachShadow.call(this, { ...options, mode: "open" });
    };
  });
}

async function approve(page: Page): Promise<void> {
  const [approval] = await Promise.all([
    page.context().waitForEvent("page"),
    page.getByRole("link", { name: "Approve in Fingerpost" }).click(),
  ]);
  await approval.getByLabel("E-mail").fill(ADMIN.email);
  await approval.getByLabel("Password").fill(ADMIN.password);
  await approval.getByRole("button", { name: "Sign in" }).click();
  await approval.getByRole("button", { name: "Approve" }).click();
  await approval.getByRole("heading", { name: "Paired" }).waitFor();
  await approval.close();
}

/** The element of the next event that fits. */
async function next(events: Subscription, fits: (event: Data) => boolean): Promise<Data> {
  for (let event = await events.next();; event = await events.next()) if (fits(event)) return event.element;
}

browserTest(
  "a page with the script is paired, points, captures, shows what became of it, survives a reload and says when it is revoked",
  async (page) => {
    await using app = await startApp();
    await using site = serveSite(app);
    const faults: string[] = [];
    page.on("pageerror", (error) => faults.push(String(error)));
    page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
    await openRoots(page.context());
    const projectId = await createProject(app, app.token, "Shop");
    await using events = subscribe(app, { query: EVENTS, variables: { projectId }, token: app.token });
    await page.goto(site.url);
    await page.getByRole("button", { name: "Fingerpost" }).click();
    assert.deepEqual(await findBarriers(page), []);
    await page.getByRole("button", { name: "Pair with Fingerpost" }).click();
    await page.getByText(/^[B-Z]{4}-[B-Z]{4}$/).waitFor();
    assert.deepEqual(await findBarriers(page), []);
    await approve(page);
    await page.getByText("Connected · Shop").waitFor();
    assert.deepEqual(await findBarriers(page), []);

    await page.getByRole("button", { name: "Point at an element" }).click();
    await page.locator("#buy").hover({ force: true });
    await page.locator("#buy").click({ force: true });
    await page.keyboard.type("Make it green");
    await page.keyboard.press("Enter");
    const bought = await next(events, ({ kind }) => kind === "CAPTURED");
    assert.deepEqual([bought.selector, bought.note, bought.pageUrl, bought.tagName], [
      "#buy",
      "Make it green",
      site.url,
      "BUTTON",
    ]);
    await page.getByText("Sent", { exact: true }).waitFor();

    await page.keyboard.press("Alt+Shift+F");
    const pay = page.frameLocator("iframe").locator("#pay");
    await pay.hover({ force: true });
    await pay.click({ force: true });
    await page.keyboard.type("And this");
    await page.keyboard.press("Enter");
    const paid = await next(events, ({ kind }) => kind === "CAPTURED");
    assert.deepEqual([paid.selector, paid.note], [`iframe[title="Cart"] >>iframe>> #pay`, "And this"]);

    await app.ask(RESOLVE, { id: bought.id }, app.token);
    await page.getByText("Resolved", { exact: true }).waitFor();
    await page.reload();
    await page.getByText("Resolved", { exact: true }).waitFor();
    await page.evaluate(() => (globalThis as Data).document.getElementById("buy").textContent = "Buy two");
    await next(events, ({ element }) => element.text === "Buy two");
    await page.evaluate(() => (globalThis as Data).document.getElementById("buy").remove());
    await next(events, ({ kind }) => kind === "STALE");

    const { viewer: { accessTokens: [token] } } = await app.ask(TOKENS, {}, app.token);
    assert.match(token.name, /^Fingerpost on 127\.0\.0\.1:\d+ in Chrome \d+$/);
    const startedAt = performance.now();
    await app.ask(REVOKE, { id: token.id }, app.token);
    await page.getByText("This page's access was revoked or has ended").waitFor();
    const took = performance.now() - startedAt;
    assert.ok(took < 1_000, `${took} ms`);
    assert.deepEqual(faults, []);
  },
);
