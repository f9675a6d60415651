import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { browserTest } from "../support/browser.ts";
import { openPointerPage, type PointerPage, servePages } from "../support/pointer_page.ts";

const STYLE =
  `<style>body { margin: 0; font: 16px/20px sans-serif } .x { width: 120px; height: 40px; background: #ddd }</style>`;

async function show(page: Page, body: string, { start = true } = {}): Promise<PointerPage & AsyncDisposable> {
  const site = servePages({ "/": `<!doctype html><html lang="en"><title>Places</title>${STYLE}${body}` });
  const shown = await openPointerPage(page, `${site.url}/`);
  if (start) await shown.run(`(held) => held.pointer.start()`);
  return { ...shown, [Symbol.asyncDispose]: () => site[Symbol.asyncDispose]() };
}

/** Clicks the middle of what a script finds, compares the outline, and tells what was sent. */
async function take(shown: PointerPage, find: string): Promise<string> {
  const box = await shown.run(`() => {
    const { x, y, width, height } = (${find}).getBoundingClientRect();
    return { x, y, width, height };
  }`);
  await shown.page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await shown.until(
    `(held, box) => {
      const outline = held.box(".hover");
      return outline && Math.abs(outline.x + 2 - box.x) < 0.6 && Math.abs(outline.y + 2 - box.y) < 0.6 &&
        Math.abs(outline.width - 4 - box.width) < 0.6 && Math.abs(outline.height - 4 - box.height) < 0.6;
    }`,
    box,
  );
  await shown.page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  await shown.until(`(held) => held.box(".note") && held.isWriting()`);
  await shown.page.keyboard.type("!");
  await shown.page.keyboard.press("Enter");
  const { what, note } = await shown.run(`(held) => held.sent.at(-1)`);
  assert.equal(note, "!", "the note could be written");
  await shown.run(`(held) => held.sent.length = 0`);
  await shown.run(`(held) => held.pointer.start()`);
  return what;
}

browserTest("what is zoomed, scaled or turned is outlined where it is", async (page) => {
  const body = `<div style="zoom:1.5"><div class="x" id="zoomed" style="margin:20px">Z</div></div>
    <div class="x" id="scaled" style="transform:scale(1.5);margin:40px 80px">S</div>
    <div class="x" id="turned" style="rotate:30deg;margin:80px">T</div>`;
  await using shown = await show(page, body);
  for (const id of ["zoomed", "scaled", "turned"]) assert.equal(await take(shown, id), id);
  await shown.run(
    `(held) => { held.pointer.stop(); document.documentElement.style.zoom = "1.25"; held.pointer.start(); }`,
  );
  for (const id of ["zoomed", "turned"]) assert.equal(await take(shown, id), id, "with the whole page zoomed");
  const session = await page.context().newCDPSession(page);
  await session.send("Emulation.setPageScaleFactor", { pageScaleFactor: 1.5 });
  assert.equal(await take(shown, "zoomed"), "zoomed", "pinched");
});

browserTest("in containers that scroll, the wheel scrolls what is under it and the outline follows", async (page) => {
  const items = Array.from({ length: 40 }, (_, index) => `<div class="x" id="i${index}">${index}</div>`).join("");
  const body =
    `<div id="outer" style="height:300px;overflow:auto"><div id="inner" style="height:900px;overflow:auto">${items}</div></div>
    <div style="height:3000px"></div>`;
  await using shown = await show(page, body);
  assert.equal(await take(shown, "i3"), "i3");
  await page.mouse.move(50, 100);
  await page.mouse.wheel(0, 700);
  await shown.until(`() => inner.scrollTop === 700 && outer.scrollTop === 0 && scrollY === 0`);
  assert.equal(await take(shown, "i19"), "i19");
  await page.mouse.move(50, 100);
  await page.mouse.wheel(0, 2000);
  await shown.until(`() => inner.scrollTop === 700`);
  await page.mouse.move(600, 600);
  await page.mouse.wheel(0, 500);
  await shown.until(`() => scrollY === 500`);
});

browserTest("open shadow roots, SVG, canvas, disabled and inert elements are taken themselves", async (page) => {
  const body = `<div id="host"></div><div id="closed"></div>
    <svg id="svg" width="200" height="100"><g id="g"><rect id="rect" x="20" y="10" width="60" height="40" /></g></svg>
    <canvas id="canvas" width="100" height="60"></canvas><button class="x" id="disabled" disabled style="pointer-events:none">No</button>
    <div inert id="inert"><p class="x" id="within">Inert</p></div><button class="x" disabled id="off">Off</button>
    <script>host.attachShadow({ mode: "open" }).innerHTML = '<div><slot></slot><section></section></div>';
      host.shadowRoot.querySelector("section").attachShadow({ mode: "open" }).innerHTML = '<b id="deep" style="display:block;width:99px;height:30px">D</b>';
    </script>`;
  await using shown = await show(page, body);
  const deep = `host.shadowRoot.querySelector("section").shadowRoot.querySelector("b")`;
  assert.equal(await take(shown, deep), "deep");
  for (const id of ["rect", "canvas", "disabled", "off", "within"]) assert.equal(await take(shown, id), id);
  await page.mouse.click(50, 15);
  await page.keyboard.press("Alt+ArrowUp");
  await page.keyboard.press("Alt+ArrowUp");
  await page.keyboard.press("Enter");
  assert.equal(await shown.run(`(held) => held.sent.at(-1).what`), "div", "out of a shadow root by the arrow keys");
});

browserTest("modal dialogs, popovers and full-screen elements are pointed into, whenever they open", async (page) => {
  const body = `<button class="x" id="behind">Behind</button><dialog id="first"><p class="x" id="one">One</p></dialog>
    <dialog id="second" style="width:600px;height:500px;padding:0"><p class="x" id="two">Two</p></dialog>
    <div popover id="menu"><p class="x" id="entry">Entry</p></div><div id="stage"><p class="x" id="player">Player</p></div><video id="film" width="100" height="80"></video>`;
  await using shown = await show(page, body, { start: false });
  await shown.run(`(held) => { first.showModal(); held.pointer.start(); }`);
  assert.equal(await take(shown, "one"), "one");
  await shown.run(`() => second.showModal()`);
  assert.equal(await take(shown, "two"), "two", "one that opened over another meanwhile");
  await page.keyboard.press("Escape");
  assert.equal(await shown.run(`() => second.open`), true, "Escape is not the dialog's");
  await shown.run(`(held) => { second.close(); first.close(); menu.showPopover(); held.pointer.start(); }`);
  assert.equal(await take(shown, "entry"), "entry");
  assert.equal(await shown.run(`() => menu.matches(":popover-open")`), true, "clicks outside do not close it");
  await shown.run(`(held) => { held.pointer.stop(); menu.hidePopover(); }`);
  await page.mouse.click(500, 500);
  await shown.run(`(held) => stage.requestFullscreen().then(() => held.pointer.start())`);
  assert.equal(await take(shown, "player"), "player");
  await shown.run(`(held) => { held.pointer.stop(); return document.exitFullscreen(); }`);
  await page.mouse.click(500, 500);
  await shown.run(`(held) => film.requestFullscreen().then(() => held.pointer.start())`);
  assert.equal(await take(shown, "film"), "film", "full-screen ends where there is no room for a note");
  await shown.run(`(held) => held.pointer.stop()`);
  assert.equal(await shown.run(`() => document.querySelectorAll("[data-fingerpost]").length`), 0);
});

browserTest("a page that takes the overlay away, or has rules for everything, changes nothing", async (page) => {
  const body = `<style>* { display: none !important } html, body, #only { display: block !important }
    [data-fingerpost], [popover] { opacity: 0 !important; width: 10px !important; transform: scale(0.1) !important; pointer-events: none !important }
    </style><div class="x" id="only">X</div>`;
  await using shown = await show(page, body);
  assert.equal(await take(shown, "only"), "only");
  await shown.run(`() => document.querySelector("[data-fingerpost]").remove()`);
  assert.equal(await take(shown, "only"), "only");
});
