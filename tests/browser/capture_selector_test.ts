import fc from "fast-check";
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { browserTest } from "../support/browser.ts";
import { showPage } from "../support/capture_page.ts";

/** The selector of the element with `data-here`, which itself is in none, after it was found by it. */
async function selectorIn(page: Page, html: string): Promise<string> {
  await showPage(page, html);
  return await page.evaluate(`(() => {
    const element = document.querySelector("[data-here]");
    const selector = capture.selectorFor(element);
    if (capture.findElement(document, selector) !== element) throw new Error(selector + " finds another");
    return selector;
  })()`);
}

const find = (page: Page, selector: string): Promise<string | null> =>
  page.evaluate(`capture.findElement(document, ${JSON.stringify(selector)})?.outerHTML ?? null`);

browserTest(
  "a selector takes what lasts: test ids, ids, names, labels, landmarks, meaningful classes",
  async (page) => {
    const two = (html: string) => `<div><p><button>x</button></p></div>${html}`;
    const cases: [html: string, selector: string][] = [
      [two(`<button data-here data-testid="buy" id="b">Buy</button>`), `[data-testid="buy"]`],
      [two(`<button data-here id="buy" class="btn">Buy</button>`), "#buy"],
      [two(`<input data-here name="email" class="field"><input>`), `input[name="email"]`],
      [two(`<button data-here aria-label="Buy now" class="btn">x</button>`), `button[aria-label="Buy now"]`],
      [two(`<a data-here href="/cart" class="link">Cart</a><a href="/">Home</a>`), `a[href="/cart"]`],
      [two(`<main data-here class="p-4 flex"><p></p></main>`), "main"],
      [two(`<div data-here class="flex p-4 price md:w-1/2"></div>`), ".price"],
      [two(`<nav><a class="link" data-here>x</a></nav><main><a class="link">y</a></main>`), "nav .link"],
      [
        two(`<ul id="list"><li>a</li><li data-here>b</li></ul><ul><li></li><li></li></ul>`),
        "#list > li:nth-of-type(2)",
      ],
      [two(`<p class="note warning" data-here></p><p class="note"></p><i class="warning"></i>`), ".note.warning"],
      [two(`<div class="Card_root__aB3xZ" data-here></div>`), `div[class*="Card_root__"]`],
    ];
    for (const [html, selector] of cases) assert.equal(await selectorIn(page, html), selector);
  },
);

browserTest("a selector avoids what a build, a render or a framework made up", async (page) => {
  const ids =
    ":r1: «r2» _r_3_ radix-:R1: headlessui-menu-button-3 mui-12345 ember123 550e8400-e29b-41d4-a716-446655440000 cdk-overlay-3 react-select-2-input a1b2c3d4";
  for (const id of ids.split(" ")) {
    assert.equal(await selectorIn(page, `<main><b id="${id}" data-here>x</b></main><b></b>`), "main b", id);
  }
  const classes =
    "css-1x2y3z sc-bczRLJ jss12 svelte-1abc23 astro-XYZ123 jsx-123456 _button_1x2y3_5 x1n2onr6 is-active open md:p-6 -mt-2 w-[26px] bg-blue-500";
  for (const name of classes.split(" ")) {
    assert.equal(await selectorIn(page, `<main><b class="${name}" data-here>x</b></main><b></b>`), "main b", name);
  }
  assert.equal(await selectorIn(page, `<main><b class="sc-bczRLJ hEnFJn" data-here>x</b></main><b></b>`), "main b");
  for (const name of ["data-v-7ba5bd90", "_ngcontent-abc-c12", "data-reactid", "data-state"]) {
    assert.equal(await selectorIn(page, `<main><b ${name}="1" data-here>x</b></main><b></b>`), "main b", name);
  }
  const token = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
  assert.equal(await selectorIn(page, `<main><a href="/?t=${token}" data-here>x</a></main><a></a>`), "main a");
});

browserTest("whatever ids, classes and attributes are called, a selector finds its element", async (page) => {
  await showPage(page, "<main></main>");
  const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 });
  const odd = fc.constantFrom(
    "1a",
    "a:b",
    "a.b",
    "a'b",
    'a"b',
    "a\\b",
    " >>> ",
    " >>iframe>> ",
    "-",
    "--",
    "0",
    "a\nb",
    "a]b",
    "é",
    "😀",
    "-9",
    "a b",
  );
  const name = fc.oneof(text, odd);
  const element = fc.record({ tag: fc.constantFrom("p", "a", "input"), id: name, class: name, name, label: name });
  await fc.assert(
    fc.asyncProperty(fc.array(element, { minLength: 1, maxLength: 12 }), async (elements) => {
      const missed = await page.evaluate((elements) =>
        new Function(
          "elements",
          `
          const main = document.querySelector("main");
          main.replaceChildren(...elements.map(({ tag, id, class: names, name, label }) => {
            const element = document.createElement(tag);
            for (const [key, value] of Object.entries({ id, class: names, name, "aria-label": label, href: name })) element.setAttribute(key, value);
            return element;
          }));
          return [...main.children].map((element) => [element, capture.selectorFor(element)])
            .filter(([element, selector]) => capture.findElement(document, selector) !== element)
            .map(([element, selector]) => selector + " " + element.outerHTML);
        `,
        )(elements), elements);
      assert.deepEqual(missed, []);
    }),
    { numRuns: 60 },
  );
});

browserTest("selectors cross open shadow trees and frames", async (page) => {
  await showPage(
    page,
    `<x-card></x-card><x-card id="second"></x-card><iframe title="Help" srcdoc="<p>a</p><section><x-deep></x-deep></section>"></iframe>`,
  );
  await page.frameLocator("iframe").locator("x-deep").waitFor({ state: "attached" });
  const selectors: string[] = await page.evaluate(`(() => {
    const attach = (host, html) => { const root = host.attachShadow({ mode: "open" }); root.innerHTML = html; return root; };
    const card = attach(document.querySelector("#second"), "<p>a</p><div><p class=note>b</p><x-inner></x-inner></div><p>c</p>");
    const inner = attach(card.querySelector("x-inner"), "<i>x</i><div>y<div>z</div></div>");
    const framed = document.querySelector("iframe").contentDocument;
    const deep = attach(framed.querySelector("x-deep"), "<em>d</em>");
    return [card.querySelector(".note"), inner.querySelector("div"), framed.querySelector("p"), deep.querySelector("em")].map((element) => {
      const selector = capture.framePathOf(element.ownerDocument) + capture.selectorFor(element);
      if (capture.findElement(document, selector) !== element) throw new Error(selector);
      return selector;
    });
  })()`);
  assert.deepEqual(selectors, [
    "#second >>> .note",
    "#second >>> x-inner >>> div:not(* > *)",
    `iframe[title="Help"] >>iframe>> p`,
    `iframe[title="Help"] >>iframe>> x-deep >>> em`,
  ]);
});

browserTest(
  "findElement() is null for none, for more than one, and for what is no selector; it never throws",
  async (page) => {
    await showPage(page, `<p>a</p><p>b</p><b>c</b><iframe sandbox srcdoc="<i>x</i>"></iframe>`);
    assert.equal(await find(page, "b"), "<b>c</b>");
    for (
      const selector of [
        "p",
        "u",
        "b >>> i",
        "b >>iframe>> i",
        "iframe >>iframe>> i",
        "p[",
        "",
        " >>> ",
        "b >>> ",
        "::before",
        "x".repeat(1e5),
      ]
    ) {
      assert.equal(await find(page, selector), null, selector.slice(0, 20));
    }
  },
);

browserTest("the selector of an element in no document is its path", async (page) => {
  await showPage(page, "");
  const selector = await page.evaluate(`(() => {
    const list = document.createElement("ul");
    list.innerHTML = "<li>a</li><li>b</li>";
    return capture.selectorFor(list.lastChild);
  })()`);
  assert.equal(selector, "ul > li:nth-of-type(2)");
});
