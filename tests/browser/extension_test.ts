import assert from "node:assert/strict";
import { createAccessToken, createProject } from "../support/captures.ts";
import { extensionTest } from "../support/extension.ts";
import { elementsOf, openWorld, SHOP } from "../support/extension_world.ts";
import { MCP_CLIENTS } from "../support/mcp_client.ts";
import { askForCode, pointAt, servePages, startPointing, until, untilMarked } from "../support/pointing.ts";
import { ADMIN, type Data, startApp } from "../support/running_app.ts";
import { ELEMENT_EVENTS, subscribe } from "../support/subscription.ts";

extensionTest(
  "a person pairs, points, notes and sends; subscriber, AI tool and mark show it, and what the AI tool does",
  async (browser) => {
    await using app = await startApp();
    await using site = servePages({ "/shop": SHOP });
    const projectId = await createProject(app, app.token, "Web shop");
    const popup = await browser.openPopup();
    const code = await askForCode(popup, app.url);
    const [approval] = await Promise.all([
      browser.context.waitForEvent("page"),
      popup.getByRole("button", { name: "Open the approval page" }).click(),
    ]);
    await approval.getByLabel("E-mail").fill(ADMIN.email);
    await approval.getByLabel("Password").fill(ADMIN.password);
    await approval.getByRole("button", { name: "Sign in" }).click();
    await approval.getByText(code).waitFor();
    await approval.getByRole("button", { name: /^(Let it in|Approve)/ }).click();
    await approval.getByRole("heading", { name: "Paired" }).waitFor();
    await popup.getByText("Web shop").waitFor();
    await popup.getByRole("status").filter({ hasText: "Connected" }).waitFor();

    const variables = { projectId, after: 0 };
    await using subscriber = subscribe(app, { query: ELEMENT_EVENTS, variables, token: app.token });
    const token = await createAccessToken(app, app.token, { scopes: ["ELEMENTS_READ", "ELEMENTS_WRITE"] });
    await using agent = await MCP_CLIENTS["2026-07-28"](app, token);
    const page = await browser.context.newPage();
    await page.goto(`${site.url}/shop`);
    await startPointing(browser, page);
    await pointAt(page, page, "#pay", "Make it green");
    const { kind, element, elementId } = await subscriber.next();
    assert.deepEqual([kind, element.note], ["CAPTURED", "Make it green"]);
    assert.match(await untilMarked(page, "sent"), /1: Sent, button Pay now/);
    const seen = await agent.call("get_pointed_element", { projectId });
    assert.match(JSON.stringify(seen.structuredContent), /Make it green/);
    const [stored] = await elementsOf(app, projectId);
    assert.deepEqual([stored.selector, stored.pageTitle, stored.pageUrl], ["#pay", "Shop", `${site.url}/shop`]);
    assert.ok(stored.screenshot.width > 50 && stored.screenshot.height > 20, "with its screenshot");

    await agent.call("set_element_status", { elementId, status: "ACKNOWLEDGED" });
    await untilMarked(page, "seen");
    await agent.call("set_element_status", { elementId, status: "RESOLVED" });
    await untilMarked(page, "resolved");
  },
);

extensionTest(
  "marks come back after a reload, also from a stopped worker; what was left behind is stale",
  async (browser) => {
    await using world = await openWorld(browser);
    const { app, site } = world;
    const page = await browser.context.newPage();
    await page.goto(`${site}/shop`);
    await startPointing(browser, page);
    await pointAt(page, page, "#pay", "Larger");
    await untilMarked(page, "sent");
    await browser.stopWorker();
    await page.reload();
    await untilMarked(page, "sent");
    const [{ id }] = await world.elements();
    const status = `mutation ($input: UpdateElementInput!) { updateElement(input: $input) { id } }`;
    await app.ask(status, { input: { id, status: "DISMISSED" } }, app.token);
    await untilMarked(page, "dismissed");
    await page.goto(`${site}/cart`);
    await until(async () => (await world.elements())[0].staleSince !== null, "the element is stale");
    await page.goto(`${site}/shop`);
    await untilMarked(page, "dismissed");
    await until(async () => (await world.elements())[0].staleSince === null, "the element is there again");
  },
);

extensionTest("a worker that is stopped while something is sent loses nothing", async (browser) => {
  await using world = await openWorld(browser);
  const { site } = world;
  const page = await browser.context.newPage();
  await page.goto(`${site}/shop`);
  await startPointing(browser, page);
  await browser.stopWorker();
  await pointAt(page, page, "#pay", "Without a worker");
  await browser.stopWorker();
  await untilMarked(page, "sent");
  await startPointing(browser, page);
  await pointAt(page, page, "h1", "With another one");
  await until(async () => (await world.elements()).length === 2, "both are stored");
  const stored = await world.elements();
  assert.deepEqual(stored.map(({ note, screenshot }) => [note, screenshot !== null]), [
    ["Without a worker", true],
    ["With another one", true],
  ]);
});

// Chromium gives an extension's pages the machine's own addresses and not the loopback's.
extensionTest("the hub talks over WebRTC to a server on this machine", async (browser) => {
  await using world = await openWorld(browser);
  const page = await browser.context.newPage();
  await page.goto(`${world.site}/shop`);
  await startPointing(browser, page);
  const popup = await browser.openPopup();
  await popup.getByRole("listitem").filter({ hasText: "Shop" }).filter({ hasText: "WebRTC" }).waitFor();
  await page.bringToFront();
  await pointAt(page, page, "#pay", "Over a data channel");
  await untilMarked(page, "sent");
  assert.deepEqual((await world.elements()).map(({ note }) => note), ["Over a data channel"]);
});

extensionTest(
  "two tabs are two pages with their own handles, and each does what is asked of its elements",
  async (browser) => {
    await using world = await openWorld(browser);
    const { app, site } = world;
    const pages = [];
    for (const [path, selector] of [["shop", "#pay"], ["cart", "#empty"]]) {
      const page = await browser.context.newPage();
      await page.goto(`${site}/${path}`);
      await startPointing(browser, page);
      await pointAt(page, page, selector ?? "", `In ${path}`);
      await untilMarked(page, "sent");
      pages.push(page);
    }
    const livePages = await world.livePages(2);
    assert.deepEqual(livePages.map(({ title }: Data) => title).toSorted(), ["Cart", "Shop"]);
    assert.notEqual(livePages[0].id, livePages[1].id);
    const [shop, cart] = await world.elements();
    await pages[0]?.evaluate(() => document.querySelector("#pay")?.replaceChildren("Pay later"));
    const command =
      `mutation ($input: CommandElementInput!) { commandElement(input: $input) { text screenshot { width } } }`;
    const ask = async (
      elementId: string,
      command_: string,
    ) => (await app.graphql(command, { input: { elementId, command: command_ } }, app.token));
    const inspected = await ask(shop.id, "INSPECT");
    assert.equal(inspected.data?.commandElement.text, "Pay later");
    const taken = await ask(cart.id, "SCREENSHOT");
    assert.ok(taken.data?.commandElement.screenshot.width > 50);
    const behind = await ask(shop.id, "SCREENSHOT");
    assert.match(behind.errors?.[0]?.message ?? "", /not in front/);
    assert.equal((await ask(shop.id, "HIGHLIGHT")).errors, undefined);
    await pages[1]?.evaluate(() => document.querySelector("#empty")?.remove());
    const gone = await ask(cart.id, "INSPECT");
    assert.equal(gone.errors?.[0]?.extensions.code, "NOT_FOUND", "the code comes from the frame");
  },
);
