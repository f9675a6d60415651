import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { browserTest } from "../support/browser.ts";
import { openPointerPage, type PointerPage, servePages } from "../support/pointer_page.ts";
import type { Data } from "../support/running_app.ts";

const AXE = Deno.readTextFileSync(new URL("../../node_modules/axe-core/axe.min.js", import.meta.url));
const PAGE = `<!doctype html><html lang="en"><title>Shop</title><style>.x { width: 200px; height: 60px }</style>
<main><h1>Shop</h1><button class="x" id="save">Save <b>all</b></button><p class="x" id="text">Text</p></main>`;

async function open(page: Page, hash = ""): Promise<PointerPage & AsyncDisposable> {
  const site = servePages({ "/": PAGE });
  const shown = await openPointerPage(page, `${site.url}/${hash}`);
  return { ...shown, [Symbol.asyncDispose]: () => site[Symbol.asyncDispose]() };
}

const STATES = ["sending", "queued", "sent", "seen", "resolved", "dismissed", "failed"];
/** The contrast of parts' text with what is painted behind it (WCAG 2.2); axe-core can't tell it for what lies over a page. */
const CONTRASTS = `(held, selectors) => {
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = (colour) => {
    const [red, green, blue] = channels(colour).map((value) => value / 255).map((value) =>
      value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = (part) => {
    const { backgroundColor } = getComputedStyle(part);
    return channels(backgroundColor)[3] === 0 ? behind(part.parentElement) : backgroundColor;
  };
  return selectors.map((selector) => {
    const part = held.part(selector);
    const [darker, lighter] = [luminance(getComputedStyle(part).color), luminance(behind(part))].sort((one, other) => one - other);
    return [selector, (lighter + 0.05) / (darker + 0.05)];
  });
}`;

/** What axe-core finds wrong in the whole page; it sees into the overlay, whose root is open here and closed elsewhere. */
async function violations(page: Page): Promise<{ found: string[]; looked: number }> {
  return await page.evaluate<{ found: string[]; looked: number }>(async () => {
    const { axe } = globalThis as Data;
    const { violations, passes } = await axe.run(document, { resultTypes: ["violations", "passes"] });
    const targets = (results: Data[]) =>
      results.flatMap(({ id, nodes }) => nodes.map(({ target }: Data) => `${id} ${JSON.stringify(target)}`));
    return {
      found: targets(violations),
      looked: targets(passes).filter((target) => target.includes("data-fingerpost")).length,
    };
  });
}

browserTest("axe finds nothing in the overlay, its note and its marks", async (page) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await using shown = await open(page, "#open");
  await page.evaluate(AXE);
  await shown.run(`(held) => held.pointer.start()`);
  await page.mouse.move(60, 110);
  await shown.until(`(held) => held.box(".tip")`);
  assert.deepEqual((await violations(page)).found, []);
  await page.mouse.click(60, 110);
  const { found, looked } = await violations(page);
  assert.deepEqual(found, []);
  assert.ok(looked > 20, `it looked into it at ${looked} places`);
  await shown.run(`(held) => held.pointer.stop()`);
  for (const state of STATES) {
    await shown.run(`(held, state) => held.pointer.mark(save, { id: state, number: 1, state })`, state);
  }
  assert.deepEqual((await violations(page)).found, []);
});

browserTest("all text stands out from what is behind it, in both colour schemes", async (page) => {
  await using shown = await open(page);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await shown.run(`(held) => held.pointer.start()`);
    await page.mouse.move(60, 110);
    await shown.until(`(held) => held.box(".tip")`);
    const pointing = await shown.run(CONTRASTS, [".tag", ".size", ".hint span", ".hint b"]);
    await page.mouse.click(60, 110);
    const noting = await shown.run(CONTRASTS, [".what", ".keys", ".number", "textarea", ".cancel", ".send", ".chip"]);
    await shown.run(`(held) => held.pointer.stop()`);
    for (const state of STATES) {
      await shown.run(`(held, state) => held.pointer.mark(save, { id: state, number: 1, state })`, state);
    }
    const marked = await shown.run(CONTRASTS, STATES.map((state) => `.mark[data-state=${state}]`));
    for (const [part, contrast] of [...pointing, ...noting, ...marked]) {
      assert.ok(contrast >= 4.5, `${part} in ${colorScheme}: ${contrast}`);
    }
    await shown.run(`(held) => held.pointer.mark(save, null)`);
  }
});

browserTest("screen readers hear which element is meant, what was taken, and how it goes on", async (page) => {
  await using shown = await open(page);
  const hears = (text: string) => shown.until(`(held, text) => held.part(".live").textContent === text`, text);
  await shown.run(`(held) => held.pointer.start()`);
  await hears("Point at an element. Arrow keys move, Enter takes, Shift adds, Escape leaves.");
  assert.deepEqual(
    await shown.run(`(held) => [held.root().activeElement.role, held.root().activeElement.ariaLabel.slice(0, 5)]`),
    [
      "application",
      "Point",
    ],
  );
  await page.mouse.move(60, 110);
  await hears("button Save all");
  await page.keyboard.press("ArrowRight");
  await hears("p Text");
  await page.keyboard.press("Enter");
  await hears("Took 1, p Text");
  assert.equal(await shown.run(`(held) => held.root().activeElement.ariaLabel`), "Note for 1");
});

browserTest("the page reaches nothing of it, and it keeps to what people prefer", async (page) => {
  await page.emulateMedia({ reducedMotion: "reduce", forcedColors: "active" });
  await using shown = await open(page);
  await shown.run(
    `(held) => { held.pointer.mark(text, { id: "1", number: 1, state: "sending" }); held.pointer.start(); }`,
  );
  await page.mouse.move(60, 110);
  await shown.until(`(held) => held.box(".hover")`);
  const found = await shown.run(`(held) => {
    const turning = getComputedStyle(held.part(".mark svg"));
    return {
      root: document.querySelector("[data-fingerpost]").shadowRoot,
      // A page that defined an element of its name would be handed the root by its internals.
      canBeDefined: document.querySelector("[data-fingerpost]").localName.includes("-"),
      turns: [turning.animationDuration, turning.animationIterationCount],
      edge: getComputedStyle(held.part(".tip")).borderTopStyle,
      outline: getComputedStyle(held.part(".hover")).borderTopColor,
      highlight: getComputedStyle(Object.assign(document.body.appendChild(document.createElement("i")), { style: "color: Highlight" })).color,
    };
  }`);
  assert.deepEqual({ ...found, outline: null, highlight: null }, {
    root: null,
    canBeDefined: false,
    turns: ["0.001s", "1"],
    edge: "solid",
    outline: null,
    highlight: null,
  });
  assert.equal(found.outline, found.highlight);
});

browserTest("in a narrow window all of it is within sight", async (page) => {
  await page.setViewportSize({ width: 300, height: 320 });
  await using shown = await open(page);
  await shown.run(`(held) => held.pointer.start()`);
  await page.mouse.move(60, 110);
  await shown.until(`(held) => held.box(".tip")`);
  const within = `(held, selector) => {
    const { x, y, width, height } = held.box(selector);
    return x >= 0 && y >= 0 && x + width <= innerWidth && y + height <= innerHeight;
  }`;
  for (const selector of [".tip", ".hint"]) assert.ok(await shown.run(within, selector), selector);
  await page.mouse.click(60, 110);
  await page.keyboard.insertText("A long note. ".repeat(60));
  for (const selector of [".note", ".note .send", ".note textarea"]) {
    assert.ok(await shown.run(within, selector), selector);
  }
});
