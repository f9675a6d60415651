import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { browserTest } from "../support/browser.ts";
import { addCapture, showPage } from "../support/capture_page.ts";

function stylesOf(page: Page, selector: string, { allStyles = false } = {}): Promise<Record<string, string>> {
  return page.evaluate(
    `capture.describeElement(document.querySelector("${selector}"), { allStyles: ${allStyles} }).computedStyles`,
  );
}

/** Those that are told of each element. */
const ALWAYS = [
  "background-color",
  "color",
  "display",
  "font-family",
  "font-size",
  "font-weight",
  "line-height",
  "position",
];

browserTest("styles are those that the page made different from the tag's defaults, and a few always", async (page) => {
  await showPage(
    page,
    `<style>body { font: 20px/1.5 serif; color: rgb(1, 2, 3) } #b { padding: 4px; border-color: red } #l { margin-left: 3em }</style>
    <p id="p">plain</p><h2 id="h">plain</h2><button id="b">padded</button><ul id="l"><li id="i">x</li></ul>
    <a id="a" href="#">link</a><input id="c" type="checkbox"><table><tr><td id="t">x</td></tr></table><svg id="s"><g fill="red" id="g"><path id="path"/></g></svg>`,
  );
  const distinct = async (id: string) => {
    const styles = await stylesOf(page, `#${id}`);
    return Object.fromEntries(Object.entries(styles).filter(([name]) => !ALWAYS.includes(name)));
  };
  assert.deepEqual(Object.keys(await stylesOf(page, "#p")).sort(), ALWAYS);
  for (const id of ["p", "h", "i", "a", "c", "t", "s"]) assert.deepEqual(await distinct(id), {}, id);
  assert.deepEqual(await distinct("l"), { "margin-left": "60px" });
  const button = await distinct("b");
  const border = { color: "rgb(255, 0, 0)", style: "outset", width: "2px" };
  for (const side of ["top", "right", "bottom", "left"]) {
    for (const [part, value] of Object.entries(border)) assert.equal(button[`border-${side}-${part}`], value);
    assert.equal(button[`padding-${side}`], "4px");
  }
  assert.equal(Object.keys(button).length, 16);
  assert.deepEqual(await distinct("g"), { fill: "rgb(255, 0, 0)" });
});

browserTest("a reset of the page counts as the page's, and quirks mode as the browser's", async (page) => {
  await page.setContent(`<style>* { box-sizing: border-box }</style><table><tr><td id="t">x</td></tr></table>`);
  await addCapture(page);
  assert.equal(await page.evaluate("document.compatMode"), "BackCompat");
  const styles = await stylesOf(page, "table");
  assert.equal(styles["box-sizing"], undefined, "what a table has in any case");
  assert.equal((await stylesOf(page, "#t"))["box-sizing"], "border-box");
});

browserTest("allStyles tells every property that the browser computes", async (page) => {
  await showPage(page, `<p id="p">plain</p>`);
  const styles = await stylesOf(page, "#p", { allStyles: true });
  const computed: Record<string, string> = await page.evaluate(`(() => {
    const styles = getComputedStyle(document.querySelector("#p"));
    return Object.fromEntries([...styles].map((name) => [name, styles.getPropertyValue(name)]));
  })()`);
  assert.deepEqual(styles, computed);
  assert.ok(Object.keys(styles).length > 300);
});

browserTest("pseudo-elements are told by their declarations, where they are shown", async (page) => {
  await showPage(
    page,
    `<style>p { color: red } #p::before { content: "→"; color: blue; margin-right: 4px } #q::after { content: none }</style><p id="p">x</p><p id="q">x</p>`,
  );
  const styles = await stylesOf(page, "#p");
  assert.equal(styles["::before"], `content: "→"; color: rgb(0, 0, 255); margin-right: 4px`);
  assert.equal(styles["::after"], undefined);
  assert.equal((await stylesOf(page, "#q"))["::after"], undefined);
});

browserTest(
  "custom properties are those that the element's own rules use or declare, with their values there",
  async (page) => {
    await showPage(
      page,
      `<style>:root { --brand: #06c; --unused: 1px } * { --tw-ring: 0 } .card { --gap: 8px; gap: var(--gap); color: var(--brand, red) }
    @media (min-width: 1px) { main > .card:hover, .card:not(.x, .y) { outline-color: var(--ring, red); --ring: blue } } .other { color: var(--not-mine) }
    .card { &.big { padding: calc(var(--pad) * 2) } .in & { margin: var(--never) } } .big::before { content: ""; width: var(--bar) }</style>
    <main style="--pad: 3px; --bar: 5px; --not-mine: 1px; --never: 2px"><div class="card big" style="top: var(--inline-one); --inline-one: 4px">x</div></main>`,
    );
    const styles = await stylesOf(page, ".card");
    const custom = Object.fromEntries(Object.entries(styles).filter(([name]) => name.startsWith("--")));
    assert.deepEqual(custom, {
      "--inline-one": "4px",
      "--gap": "8px",
      "--brand": "#06c",
      "--ring": "blue",
      "--pad": "3px",
      "--bar": "5px",
    });
  },
);

browserTest("to know a tag's defaults runs no code of the page and leaves nothing in it", async (page) => {
  await page.setContent(
    `<!doctype html><meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'">
    <x-made></x-made><iframe id="f"></iframe><script>let made = 0; customElements.define("x-made", class extends HTMLElement { constructor() { super(); made++ } })</script>`,
  );
  await addCapture(page);
  const before = await page.evaluate("document.documentElement.outerHTML + made + frames.length");
  const complaints: string[] = [];
  page.on("console", (message) => complaints.push(message.text()));
  for (const selector of ["x-made", "#f", "script", "body", "html", "meta"]) await stylesOf(page, selector);
  assert.equal(await page.evaluate("document.documentElement.outerHTML + made + frames.length"), before);
  assert.deepEqual(complaints, []);
});
