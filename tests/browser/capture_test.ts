import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import type { Capture } from "../../clients/browser/messages.ts";
import { captureSchema } from "../../src/elements/capture_input.ts";
import { browserTest } from "../support/browser.ts";
import { showPage } from "../support/capture_page.ts";

const JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";

function describe(page: Page, selector: string, options: { allStyles?: boolean } = {}): Promise<Capture> {
  const [what, how] = [selector, options].map((value) => JSON.stringify(value));
  return page.evaluate(`capture.describeElement(document.querySelector(${what}), ${how})`);
}

browserTest("describeElement() tells what the page has of an element, and the server takes it", async (page) => {
  await showPage(
    page,
    `<main style="height: 3000px"><button id="buy" class="btn primary" data-id="7" aria-label="Buy now"><b>Buy</b> it</button></main>`,
  );
  await page.evaluate("scrollTo(0, 20)");
  const told = await describe(page, "#buy");
  const { x, y, width, height } = told.box;
  assert.deepEqual(
    { ...told, computedStyles: null, box: null },
    {
      pageUrl: "about:blank",
      pageTitle: "Shop",
      selector: "#buy",
      tagName: "BUTTON",
      domId: "buy",
      classNames: ["btn", "primary"],
      attributes: { id: "buy", class: "btn primary", "data-id": "7", "aria-label": "Buy now" },
      text: "Buy it",
      html: `<button id="buy" class="btn primary" data-id="7" aria-label="Buy now"><b>Buy</b> it</button>`,
      computedStyles: null,
      box: null,
      viewport: { width: 1_280, height: 800, scrollX: 0, scrollY: 20, devicePixelRatio: 1 },
      accessibility: { role: "button", name: "Buy now", description: null },
    },
  );
  assert.deepEqual([x, y, width > 30, height > 15], [8, -12, true, true]);
  const { success, error } = captureSchema.safeParse({ ...told, clientId: crypto.randomUUID() });
  assert.ok(success, String(error));
});

browserTest(
  "describeElement() lets no secret of the page leave, typed or written, wherever it stands",
  async (page) => {
    await showPage(
      page,
      `<form><input id="typed" type="password" name="password"><input type="password" value="written-9">
    <input autocomplete="cc-number" value="4111 1111 1111 1111"><input type="hidden" name="state" value="plain state">
    <label>Name <input id="name" value="Ann"></label><a href="/in?access_token=abc123def456ghi7">in</a>
    <p data-token="${JWT}">Bearer ${JWT}</p><p title="typed-pass-1">You typed typed-pass-1</p></form>`,
    );
    await page.fill("#typed", "typed-pass-1");
    const told = JSON.stringify(await describe(page, "form", { allStyles: true }));
    for (
      const secret of ["typed-pass-1", "written-9", "4111", "plain state", "abc123def456ghi7", JWT, JWT.slice(0, 60)]
    ) {
      assert.ok(!told.includes(secret), `${secret} in ${told}`);
    }
    assert.match(told, /You typed \[masked:password\]/);
    assert.match(told, /value=\\"Ann\\"/, "an ordinary value stays");
    const { attributes } = await describe(page, "[type=hidden]");
    assert.equal(attributes?.value, "[masked:token]");
  },
);

browserTest("describeElement() cuts no token so that it passes for none", async (page) => {
  const long = `${"word ".repeat(190)}${JWT}`;
  await showPage(page, `<p id="p" title="${long}">${"text ".repeat(990)}${JWT} ${"text ".repeat(500)}</p>`);
  const { html = "" } = await describe(page, "#p");
  assert.ok(!html.includes(JWT.slice(0, 30)), html.slice(-300));
  assert.match(html, /… \(\d+ more characters\)/);
});

browserTest("HTML says what was left out of it, and keeps the outer structure of what is too large", async (page) => {
  await showPage(
    page,
    `<ul>${"<li>one</li>".repeat(212)}</ul><div id="deep">${"<div>".repeat(60)}end${"</div>".repeat(60)}</div>
    <svg viewBox="0 0 9 9"><path d="${"M1 1L2 2".repeat(300)}"/></svg><script type="x">${"let a;".repeat(200)}</script>
    <section>${`<article><h2>Title</h2><p>${"words & more ".repeat(40)}</p></article>`.repeat(150)}</section>`,
  );
  assert.match((await describe(page, "ul")).html, /<li>one<\/li><!-- 12 more children --><\/ul>$/);
  assert.match((await describe(page, "#deep")).html, /<div><!-- 1 more child --><\/div>/);
  assert.match(
    (await describe(page, "svg")).html,
    /^<svg viewBox="0 0 9 9"><path d="M1 1L.{900,}… \(1400 more characters\)"><\/path><\/svg>$/,
  );
  assert.match(
    (await describe(page, "script")).html,
    /^<script type="x">let a;.* \/\* 700 more characters \*\/<\/script>$/s,
  );
  const { html } = await describe(page, "section");
  assert.ok(html.length < 80_000, String(html.length));
  assert.equal(html.match(/<article>/g)?.length, 150, "all articles");
  assert.equal(html.match(/<h2>/g)?.length, 150, "all their titles");
  assert.match(html, /<p>words &amp; more /);
  assert.match(html, /<p><!-- more text --><\/p>/);
});

browserTest("HTML and text hold what open shadow trees show, slotted content in its place", async (page) => {
  await showPage(page, `<x-card><b slot="title">Lamp</b>of brass</x-card>`);
  await page.evaluate(
    `document.querySelector("x-card").attachShadow({ mode: "open" }).innerHTML = "<style>p{}</style><p>Now <slot name=title></slot></p><slot></slot>!"`,
  );
  const { html, text } = await describe(page, "x-card");
  assert.equal(text, "Now Lamp of brass!");
  assert.equal(
    html,
    `<x-card><template shadowrootmode="open"><style>p{}</style><p>Now <slot name="title"></slot></p><slot></slot>!</template><b slot="title">Lamp</b>of brass</x-card>`,
  );
});

browserTest("role, name and description are those of assistive technology", async (page) => {
  await showPage(
    page,
    `<style>.new::before { content: "New: " }</style><label>Your name <input id="a"></label><h2 class="new" id="b">Lamp</h2>
    <nav id="c" aria-labelledby="b"></nav><img id="d" alt="A chair" aria-describedby="b"><span id="e">plain</span>`,
  );
  const said = [];
  for (const id of ["a", "b", "c", "d", "e"]) said.push((await describe(page, `#${id}`)).accessibility);
  assert.deepEqual(said, [
    { role: "textbox", name: "Your name", description: null },
    { role: "heading", name: "New: Lamp", description: null },
    { role: "navigation", name: "New: Lamp", description: null },
    { role: "img", name: "A chair", description: "New: Lamp" },
    null,
  ]);
});

browserTest("changedFields() tells the fields that differ, whole, and null where none does", async (page) => {
  await showPage(page, `<p id="p" class="a">One</p>`);
  const before = await describe(page, "#p");
  await page.evaluate(`document.querySelector("#p").textContent = "Two"`);
  const now = await describe(page, "#p");
  const changed = (before: Capture, now: Capture): Promise<Partial<Capture> | null> =>
    page.evaluate(`capture.changedFields(${JSON.stringify(before)}, ${JSON.stringify(now)})`);
  assert.deepEqual(await changed(before, now), { text: "Two", html: `<p id="p" class="a">Two</p>` });
  assert.equal(await changed(now, await describe(page, "#p")), null);
  await page.evaluate(`document.querySelector("#p").style.color = "red"`);
  const red = await changed(now, await describe(page, "#p"));
  assert.deepEqual(Object.keys(red ?? {}).sort(), ["attributes", "computedStyles", "html"]);
});

browserTest("an element of a page with 10,000 elements is described in a few milliseconds", async (page) => {
  await showPage(page, "<div id=app></div>");
  const times: number[] = await page.evaluate(`(() => {
    const row = (at) => \`<div class="row"><span class="name">N\${at}</span><a href="/x/\${at}">go</a><ul><li>a</li><li><b>b</b></li></ul></div>\`;
    document.querySelector("#app").innerHTML = Array.from({ length: 1430 }, (_, at) => row(at)).join("");
    const all = [...document.querySelectorAll("#app *")];
    return Array.from({ length: 101 }, (_, at) => {
      const start = performance.now();
      capture.describeElement(all[(at * 7919) % all.length]);
      return performance.now() - start;
    });
  })()`);
  const median = times.sort((a, b) => a - b)[50] ?? Infinity;
  // 2 ms on an idle core; the suite runs on busy ones.
  assert.ok(median < 25, `${median} ms`);
});
