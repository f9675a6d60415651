import assert from "node:assert/strict";
import { browserTest } from "../support/browser.ts";
import { openLivePage } from "../support/live_page.ts";

const CARD = `<main><p id="card">Card <b>one</b></p></main>`;

browserTest("commands show an element, look at it anew and take its screenshot", async (page) => {
  const run = await openLivePage(page, CARD);
  await run(`(it) => it.watch(card)`);
  assert.deepEqual(await run(`(it) => it.command("HIGHLIGHT", "card")`), {});
  assert.deepEqual(await run(`(it) => it.highlighted`), ["card"]);
  const inspected = await run(`(it) => {
    card.firstChild.data = "Now ";
    return it.command("INSPECT", "card");
  }`);
  assert.equal(inspected.text, "Now one");
  assert.ok(inspected.box && inspected.computedStyles && inspected.html);
  const picture = { mimeType: "image/png", base64: "AAAA" };
  const taken = await run(
    `(it, picture) => {
    it.screenshot = async () => picture;
    return it.command("SCREENSHOT", "card");
  }`,
    picture,
  );
  assert.deepEqual(taken, { screenshot: picture });
});

browserTest("what INSPECT answered is not told again, but that it went back is", async (page) => {
  const run = await openLivePage(page, CARD);
  const summary = await run(`async (it) => {
    it.watch(card);
    card.dataset.state = "busy";
    await it.command("INSPECT", "card");
    const told = it.next(({ what }) => what === "update");
    card.removeAttribute("data-state");
    await told;
    return it.summary();
  }`);
  assert.deepEqual(summary, ["card update attributes,html"]);
});

browserTest("what a screenshot changes for a moment is not told", async (page) => {
  const run = await openLivePage(page, CARD + `<div style="height: 3000px"></div>`);
  const summary = await run(`async (it) => {
    it.watch(card);
    it.screenshot = async () => {
      scrollTo(0, 200);
      card.setAttribute("style", "opacity: 0");
      for (let frame = 0; frame < 15; frame++) await new Promise(requestAnimationFrame);
      scrollTo(0, 0);
      card.removeAttribute("style");
      return {};
    };
    await it.command("SCREENSHOT", "card");
    const told = it.next(({ what }) => what === "update");
    card.append("!");
    await told;
    return it.summary();
  }`);
  assert.deepEqual(summary, ["card update text,html"]);
});

browserTest("a command fails clearly where the element is gone or has no screenshot", async (page) => {
  const run = await openLivePage(page, CARD);
  await run(`(it) => it.watch(card)`);
  assert.deepEqual(await run(`(it) => it.command("SCREENSHOT", "card")`), {
    code: "UNAVAILABLE",
    message: "Cannot take a screenshot of the element: No screen",
  });
  await run(`() => card.remove()`);
  const gone = { code: "NOT_FOUND", message: "The element is not in the page now" };
  for (const command of ["HIGHLIGHT", "INSPECT", "SCREENSHOT"]) {
    assert.deepEqual(await run(`(it, name) => it.command(name, "card")`, command), gone, command);
    assert.deepEqual(await run(`(it, name) => it.command(name, "unknown")`, command), gone, command);
  }
});
