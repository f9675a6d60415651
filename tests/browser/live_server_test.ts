import assert from "node:assert/strict";
import { buildSync } from "esbuild";
import type { Page } from "playwright-core";
import { browserTest } from "../support/browser.ts";
import { createProject } from "../support/captures.ts";
import { openSite } from "../support/fingerpost_page.ts";
import { type Data, type RunningApp, startApp } from "../support/running_app.ts";
import { subscribe } from "../support/subscription.ts";

const ENTRY = new URL("live_server_page.js", import.meta.url).pathname;
const [SCRIPT] = buildSync({ entryPoints: [ENTRY], bundle: true, write: false, format: "iife" }).outputFiles;
const EVENTS = `subscription ($projectId: ID!) {
  elementEvents(projectId: $projectId, after: 0) { kind element { text html computedStyles(properties: ["color"]) staleSince } }
}`;
const COMMAND = `mutation ($input: CommandElementInput!) {
  commandElement(input: $input) { text box { width } screenshot { width height mimeType } }
}`;
const CARD = `<main><p id="card" style="width: 300px; height: 40px; margin: 20px">Card <b>one</b></p></main>`;

browserTest(
  "a subscriber sees an element captured, changed, gone, found again, and found after a reload",
  async (page) => {
    await using app = await startApp();
    await using site = openSite();
    const projectId = await createProject(app, app.token);
    await using events = subscribe(app, { query: EVENTS, variables: { projectId }, token: app.token });
    const next = async () => {
      const { kind, element } = await events.next();
      return [kind, element.text, element.staleSince !== null];
    };
    await showShop(page, { site: site.url, app, projectId });
    const held = await page.evaluate<Data>(`point(card)`);
    assert.deepEqual(await next(), ["CAPTURED", "Card one", false]);
    await page.evaluate(`card.querySelector("b").textContent = "two"`);
    assert.deepEqual(await next(), ["UPDATED", "Card two", false]);
    await page.evaluate(`card.style.color = "rgb(1, 2, 3)"`);
    assert.deepEqual(await next(), ["UPDATED", "Card two", false]);
    await page.evaluate(`globalThis.html = card.outerHTML; card.remove()`);
    assert.deepEqual(await next(), ["STALE", "Card two", true]);
    await page.evaluate(`document.querySelector("main").innerHTML = html`);
    assert.deepEqual(await next(), ["UPDATED", "Card two", false]);

    await page.reload();
    await showShop(page, { site: site.url, app, projectId });
    await page.evaluate(`lookFor(${JSON.stringify(held)})`);
    assert.deepEqual(await next(), ["UPDATED", "Card one", false]);
  },
);

browserTest(
  "an element is shown, looked at and taken a picture of by commands, and is NOT_FOUND once it is gone",
  async (page) => {
    await using app = await startApp();
    await using site = openSite();
    const projectId = await createProject(app, app.token);
    await page.exposeFunction("takeVisible", async () => (await page.screenshot()).toString("base64"));
    await showShop(page, { site: site.url, app, projectId });
    const { elementId } = await page.evaluate<Data>(`point(card)`);
    const command = async (command: string) => {
      const { data, errors } = await app.graphql(COMMAND, { input: { elementId, command } }, app.token);
      return data?.commandElement ?? errors?.[0];
    };
    await command("HIGHLIGHT");
    assert.deepEqual(await page.evaluate(`highlighted`), ["card"]);
    await page.evaluate(`card.firstChild.data = "The card "`);
    assert.deepEqual((await command("INSPECT")).text, "The card one");
    assert.deepEqual((await command("SCREENSHOT")).screenshot, { width: 316, height: 56, mimeType: "image/png" });
    const gone = await page.evaluate(`beSilent(), card.remove()`).then(() => command("INSPECT"));
    assert.equal(gone.extensions.code, "NOT_FOUND");
    assert.match(gone.message, /The element is not in the page now/);
  },
);

async function showShop(
  page: Page,
  { site, app: { url, token }, projectId }: { site: string; app: RunningApp; projectId: string },
): Promise<void> {
  await page.goto(site);
  await page.addScriptTag({ content: SCRIPT?.text ?? "" });
  await page.evaluate(`document.body.innerHTML = ${JSON.stringify(CARD)}`);
  await page.evaluate(`startShop(${JSON.stringify({ url, token, projectId, pageId: "tab" })})`);
}
