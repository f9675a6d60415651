import assert from "node:assert/strict";
import type { Frame, Page } from "playwright-core";
import { extensionTest } from "../support/extension.ts";
import { openWorld } from "../support/extension_world.ts";
import { pointAt, startPointing, until, untilMarked } from "../support/pointing.ts";

const FORM = `<!doctype html><title>Form</title><h2>Card</h2><button id="confirm">Confirm</button>`;
const PAGES = {
  "/frames": `<!doctype html><title>Frames</title><h1>Checkout</h1>
    <iframe title="Own" src="/form" width="300" height="120"></iframe>
    <iframe title="Other" src="http://localhost:PORT/outer" width="400" height="260"></iframe>`,
  "/outer": `<!doctype html><title>Outer</title><p>Outer</p>
    <iframe title="Deep" src="http://127.0.0.1:PORT/form" width="300" height="120"></iframe>`,
  "/form": FORM,
};

function frameAt(page: Page, path: RegExp, title: string): Promise<Frame> {
  const found = Promise.withResolvers<Frame>();
  return until(async () => {
    for (const frame of page.frames()) {
      if (frame.parentFrame() === null || !path.test(frame.url())) continue;
      const element = await frame.frameElement();
      if (await element.getAttribute("title") === title) found.resolve(frame);
      else continue;
      return true;
    }
    return false;
  }, `the frame ${title} is there`).then(() => found.promise);
}

extensionTest(
  "elements in frames of the same and of another site are captured with their way, picture and mark",
  async (browser) => {
    await using world = await openWorld(browser, { pages: PAGES });
    const page = await browser.context.newPage();
    await page.goto(`${world.site}/frames`);
    const own = await frameAt(page, /form/, "Own");
    const deep = await frameAt(page, /form/, "Deep");
    await startPointing(browser, page);
    await pointAt(page, own, "#confirm", "In a frame");
    assert.match(await untilMarked(own, "sent"), /^1: Sent/);
    await startPointing(browser, page);
    await pointAt(page, deep, "#confirm", "Two frames down, past another site");
    assert.match(await untilMarked(deep, "sent"), /^2: Sent/);
    const stored = await world.elements();
    assert.deepEqual(stored.map(({ selector }) => selector), [
      `iframe[title="Own"] >>iframe>> #confirm`,
      `iframe[title="Other"] >>iframe>> iframe[title="Deep"] >>iframe>> #confirm`,
    ]);
    for (const { pageUrl, pageTitle, screenshot } of stored) {
      assert.deepEqual([pageUrl, pageTitle], [`${world.site}/frames`, "Frames"]);
      assert.ok(screenshot !== null && screenshot.width > 60 && screenshot.width < 120, JSON.stringify(screenshot));
    }
    await world.livePages(1);
    const inspect = `mutation ($input: CommandElementInput!) { commandElement(input: $input) { selector text } }`;
    for (const { id, selector } of stored) {
      const { commandElement } = await world.app.ask(
        inspect,
        { input: { elementId: id, command: "INSPECT" } },
        world.app.token,
      );
      assert.deepEqual(commandElement, { selector, text: "Confirm" });
    }
    await page.reload();
    await untilMarked(await frameAt(page, /form/, "Deep"), "sent");
  },
);

extensionTest("a frame that comes while one points can be pointed into", async (browser) => {
  await using world = await openWorld(browser, { pages: PAGES });
  const page = await browser.context.newPage();
  await page.goto(`${world.site}/shop`);
  await startPointing(browser, page);
  await page.evaluate(() => {
    const frame = document.createElement("iframe");
    frame.title = "Late";
    frame.src = "/form";
    document.body.append(frame);
  });
  const late = await frameAt(page, /form/, "Late");
  await pointAt(page, late, "#confirm", "Late");
  await untilMarked(late, "sent");
  assert.deepEqual((await world.elements()).map(({ selector }) => selector), [
    `iframe[title="Late"] >>iframe>> #confirm`,
  ]);
});
