import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { browserTest } from "../support/browser.ts";
import { openPointerPage, servePages } from "../support/pointer_page.ts";

/** A page that notes all that it is told, by listeners everywhere, those of the window's capture phase included. */
const NOSY = `<!doctype html><html lang="en"><title>Nosy</title>
<style>body { margin: 0 } button, a, input, select, #dragged, dialog { display: block; width: 200px; height: 40px; margin: 10px; border: 1px solid }
#button:hover, #link:hover { color: rgb(1, 2, 3) }</style>
<button id="button">Save</button><a id="link" href="#gone">Away</a><input id="field"><select id="select"><option>A<option>B</select>
<div id="dragged" draggable="true">Drag me</div><label><input id="check" type="checkbox">Check</label>
<script>
  globalThis.heard = [];
  const types = ["pointerdown","pointerup","pointermove","pointerover","pointerout","pointerenter","pointerleave","pointerrawupdate","mousedown",
    "mouseup","mousemove","mouseover","mouseout","mouseenter","mouseleave","click","dblclick","auxclick","contextmenu","keydown","keypress","keyup",
    "focus","blur","focusin","focusout","beforeinput","input","change","copy","cut","paste","compositionstart","selectstart","dragstart","drag",
    "dragover","drop","dragend","touchstart","touchmove","touchend","touchcancel","beforetoggle","toggle","message","submit"];
  for (const target of [window, document, document.body, ...document.querySelectorAll("button, a, input, select, div")]) {
    for (const type of types) for (const capture of [true, false]) {
      // Of raw moves the pointer hears while pointing alone, since they cost; the window's capture phase is before it then.
      if (type === "pointerrawupdate" && target === window) continue;
      target.addEventListener(type, (event) => globalThis.heard.push(type + " " + (event.target.id ?? "window")), capture);
    }
  }
</script>`;
const ALL = ["#button", "#link", "#field", "#select", "#dragged", "#check"];

async function heard(page: Page): Promise<string[]> {
  return await page.evaluate(() => Reflect.get(globalThis, "heard"));
}

async function point(page: Page): Promise<void> {
  for (const selector of ALL) {
    const { x = 0, y = 0 } = await page.locator(selector).boundingBox() ?? {};
    await page.mouse.move(x + 20, y + 10, { steps: 3 });
    await page.mouse.click(x + 20, y + 10, { clickCount: 2 });
    await page.mouse.click(x + 20, y + 10, { button: "right" });
    await page.mouse.click(x + 20, y + 10, { button: "middle" });
    await page.mouse.down();
    await page.mouse.move(x + 60, y + 30, { steps: 3 });
    await page.mouse.up();
    await page.mouse.wheel(0, 10);
  }
  await page.keyboard.type("Text ");
  for (const key of ["Tab", "Shift+Tab", "Control+A", "Control+C", "Control+V", "ArrowDown", "Delete"]) {
    await page.keyboard.press(key);
  }
}

browserTest(
  "nothing of the page hears of what is done while pointing, from the start to the last key",
  async (page) => {
    await using site = servePages({ "/": NOSY });
    const nosy = await openPointerPage(page, `${site.url}/`);
    await page.locator("#field").focus();
    await page.mouse.move(30, 20);
    await page.waitForFunction(() => Reflect.get(globalThis, "heard").includes("mousemove button"));
    await nosy.run(`(held) => { heard.length = 0; held.pointer.start(); }`);
    await point(page);
    await page.keyboard.press("Escape");
    assert.equal(await nosy.run(`(held) => held.pointer.isPointing`), true, "the note was written in");
    assert.deepEqual(await heard(page), []);

    await page.keyboard.press("Escape");
    assert.equal(await nosy.run(`(held) => held.pointer.isPointing`), false);
    await page.waitForFunction(() => Reflect.get(globalThis, "heard").includes("mouseover check"));
    const [outs, others] = [/^(mouse|pointer)(out|leave) (button)?$/, /^(mouse|pointer)(over|enter) (check)?$/];
    const after = await heard(page);
    assert.deepEqual(after.filter((each) => !outs.test(each) && !others.test(each)), [], "but where the mouse is now");
    assert.ok(after.includes("mouseout button") && after.includes("pointerleave button"), "and what it left meanwhile");
    assert.deepEqual(
      await page.evaluate(() => [location.hash, document.activeElement?.id, document.querySelector("input:checked")]),
      ["", "field", null],
    );
    await page.keyboard.type("x");
    assert.ok((await heard(page)).includes("keydown field"), "afterwards it hears again");
  },
);

browserTest("what is under the pointer does not show that it is hovered, and touches do not reach it", async (page) => {
  await using site = servePages({ "/": NOSY });
  const nosy = await openPointerPage(page, `${site.url}/`);
  const colour = () => page.locator("#button").evaluate((button) => getComputedStyle(button).color);
  await page.mouse.move(30, 20);
  assert.equal(await colour(), "rgb(1, 2, 3)", "without the pointer it does");
  await nosy.run(`(held) => { held.pointer.start(); }`);
  await page.mouse.move(32, 22);
  await nosy.until(`(held) => held.box(".hover")`);
  assert.notEqual(await colour(), "rgb(1, 2, 3)");
  await nosy.run(`() => { heard.length = 0; }`);
  const session = await page.context().newCDPSession(page);
  await session.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [{ x: 30, y: 20 }] });
  await session.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  assert.deepEqual(await heard(page), []);
});

browserTest("what the page's own scripts do goes on", async (page) => {
  await using site = servePages({ "/": NOSY });
  const nosy = await openPointerPage(page, `${site.url}/`);
  await nosy.run(`(held) => { held.pointer.start(); heard.length = 0; document.querySelector("#button").click(); }`);
  assert.ok((await heard(page)).includes("click button"));
});

browserTest(
  "it looks and works the same where the page allows no inline style, script or HTML from text",
  async (page) => {
    const policy =
      "default-src 'none'; script-src 'nonce-page'; require-trusted-types-for 'script'; trusted-types 'none'";
    const html = `<!doctype html><html lang="en"><title>Strict</title><h1 id="title">Strict</h1>`;
    await using site = servePages({ "/strict": html, "/free": html }, { "content-security-policy": policy });
    const violations: string[] = [];
    page.on("console", (message) => violations.push(message.text()));
    page.on("pageerror", (error) => violations.push(error.message));
    const strict = await openPointerPage(page, `${site.url}/strict`);
    await page.mouse.move(30, 30);
    await strict.run(`(held) => held.pointer.start()`);
    await page.mouse.click(40, 40);
    await page.keyboard.type("Larger");
    const look = await strict.run(`(held) => {
    const { backgroundColor, position, borderRadius } = getComputedStyle(held.part(".note"));
    return [backgroundColor, position, borderRadius, getComputedStyle(held.part(".outline.taken")).borderStyle];
  }`);
    assert.deepEqual(look, ["rgb(255, 255, 255)", "fixed", "12px", "dashed"]);
    await page.keyboard.press("Enter");
    assert.deepEqual(await strict.run(`(held) => held.sent`), [{ what: "title", note: "Larger", number: 1 }]);
    assert.deepEqual(violations.filter((text) => !text.includes("favicon") && !text.includes("404")), []);
  },
);
