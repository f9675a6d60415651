import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { extensionTest } from "../support/extension.ts";
import { openWorld } from "../support/extension_world.ts";
import { askForCode, pairBrowser, servePages, startPointing } from "../support/pointing.ts";
import { createProject } from "../support/captures.ts";
import { type Data, startApp } from "../support/running_app.ts";

const AXE = await Deno.readTextFile(new URL("../../node_modules/axe-core/axe.min.js", import.meta.url));

/** What axe-core finds wrong in a page, in both colour schemes. */
async function findFaults(page: Page): Promise<string[]> {
  const faults: string[] = [];
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    // By the debugger: the page's content security policy lets no other script in.
    const { violations }: Data = await page.evaluate(`${AXE}; axe.run()`);
    for (const { id, nodes } of violations) faults.push(`${colorScheme}: ${id} ${nodes.map(({ html }: Data) => html)}`);
  }
  return faults;
}

extensionTest("the window can be used by all, in both colour schemes, whatever it shows", async (browser) => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  const popup = await browser.openPopup();
  await popup.getByLabel("Your Fingerpost server").waitFor();
  assert.deepEqual(await findFaults(popup), []);
  await popup.getByLabel("Your Fingerpost server").fill("no address");
  await popup.keyboard.press("Enter");
  await popup.getByRole("alert").filter({ hasText: `"no address" is no server's address` }).waitFor();
  assert.deepEqual(await findFaults(popup), []);
  await askForCode(popup, app.url);
  assert.deepEqual(await findFaults(popup), []);
  await popup.getByRole("button", { name: "Cancel" }).click();
  await popup.getByLabel("Your Fingerpost server").waitFor();
  await pairBrowser(browser, app, projectId);
  await popup.getByRole("button", { name: "Point at an element" }).waitFor();
  assert.deepEqual(await findFaults(popup), []);
});

extensionTest("the window says how the server can't be reached, and that a code was refused", async (browser) => {
  await using nobody = servePages({});
  const popup = await browser.openPopup();
  await popup.getByLabel("Your Fingerpost server").fill(nobody.url);
  await popup.keyboard.press("Enter");
  await popup.getByRole("alert").filter({ hasText: "Cannot reach the server" }).waitFor();
  await using app = await startApp();
  const userCode = await askForCode(popup, app.url);
  const refuse = `mutation ($input: ApprovePairingInput!) { approvePairing(input: $input) }`;
  await app.ask(refuse, { input: { userCode, approve: false } }, app.token);
  await popup.getByRole("alert").filter({ hasText: "did not approve" }).waitFor();
});

extensionTest("unpairing forgets the token and takes the marks away", async (browser) => {
  await using world = await openWorld(browser);
  const popup = await browser.openPopup();
  await popup.getByRole("button", { name: "Unpair this browser" }).click();
  await popup.getByRole("button", { name: "Pair this browser" }).waitFor();
  const stored = await popup.evaluate(`new Promise((resolve) => {
    const opening = indexedDB.open("fingerpost");
    opening.onsuccess = () => {
      const getting = opening.result.transaction("pairing").objectStore("pairing").getAll();
      getting.onsuccess = () => resolve(JSON.stringify(getting.result));
    };
  })`);
  assert.match(String(stored), /"unpaired"/);
  assert.doesNotMatch(String(stored), /fp_/);
  assert.ok(world.app.url.startsWith("http://127.0.0.1"));
});

extensionTest(
  "the window says what it means to pair without encryption, and offers what a page's frames need",
  async (browser) => {
    const framed = `<title>Framed</title><iframe src="http://elsewhere.invalid/"></iframe>`;
    await using world = await openWorld(browser, { pages: { "/framed": framed } });
    const page = await browser.context.newPage();
    await page.goto(`${world.site}/framed`);
    await startPointing(browser, page);
    const popup = await browser.context.newPage();
    // As it is when it hangs at the button: the page is the tab in front.
    await popup.addInitScript(`if (location.pathname === "/popup.html") {
    const query = chrome.tabs.query.bind(chrome.tabs);
    chrome.tabs.query = () => query({ url: "${world.site.replace(/:\d+$/, "")}/*" });
  }`);
    await popup.goto(`${browser.origin}/popup.html`);
    await popup.getByRole("button", { name: "Point into frames of elsewhere.invalid" }).waitFor();
    await popup.getByRole("button", { name: "Unpair this browser" }).click();
    await popup.getByLabel("Your Fingerpost server").fill("http://fingerpost.invalid");
    await popup.keyboard.press("Enter");
    await popup.getByRole("alert").filter({ hasText: "http://fingerpost.invalid is not encrypted" }).waitFor();
  },
);
