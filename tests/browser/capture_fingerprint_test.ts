import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { browserTest } from "../support/browser.ts";
import { showPage } from "../support/capture_page.ts";

/** What is found again of the element that has `data-here`, after the page shows other HTML: its text, or null. */
async function findAgain(page: Page, before: string, after: string, told = "textContent"): Promise<string | null> {
  await showPage(page, before);
  const held: { selector: string; fingerprint: unknown } = await page.evaluate(`(() => {
    const element = document.querySelector("[data-here]");
    element.removeAttribute("data-here");
    const held = { selector: capture.selectorFor(element), fingerprint: capture.fingerprintOf(element) };
    if (capture.findAgain(document, held.selector, held.fingerprint) !== element) throw new Error("not found at once");
    return held;
  })()`);
  await showPage(page, after);
  return await page.evaluate(
    `capture.findAgain(document, ${JSON.stringify(held.selector)}, ${
      JSON.stringify(held.fingerprint)
    })?.${told} ?? null`,
  );
}

const rows = (names: string[], here = "") =>
  `<table>${
    names.map((name) =>
      `<tr><td>${name}</td><td ${name === here ? "data-here" : ""}>open</td><td><svg><path d="M1 1"/></svg></td></tr>`
    ).join("")
  }</table>`;

browserTest("a cell that says what others say is found again in its row, wherever that is sorted to", async (page) => {
  const after = `<div class="banner">Sorted</div>${rows(["Dora", "Cem", "Ben", "Ann"])}`;
  assert.equal(
    await findAgain(page, rows(["Ann", "Ben", "Cem", "Dora"], "Ben"), after, "parentElement.textContent"),
    "Benopen",
  );
});

browserTest("what went away is not found in what took its place", async (page) => {
  assert.equal(await findAgain(page, rows(["Ann", "Ben", "Cem"], "Ben"), rows(["Ann", "Cem"])), null);
  assert.equal(await findAgain(page, rows(["Ann", "Ben", "Cem"], "Ben"), rows(["Ann", "Bob", "Cem"])), null);
  const one = (name: string, here = "") => `<main><div class="card"><h2 ${here}>${name}</h2></div></main>`;
  assert.equal(await findAgain(page, one("Lamp", "data-here"), one("Chair")), null);
  const stars = (count: number) => `<p>${"<i>★</i>".repeat(count - 1)}<i data-here>★</i></p>`;
  assert.equal(await findAgain(page, stars(5), stars(4)), null, "any of the five may be gone");
});

browserTest(
  "of elements that are the same the one in the same turn is found, unless a build's names tell them apart",
  async (page) => {
    const stars = (here = "") => `<p>${"<i>★</i>".repeat(2)}<i ${here}>★</i>${"<i>★</i>".repeat(2)}</p>`;
    assert.equal(await findAgain(page, stars("data-here"), `<b>New</b>${stars()}`), "★");
    const tables = (names: string[], here = "") =>
      names.map((name) => `<p class="css-${name}"><i ${here}>★</i></p>`).join("");
    assert.equal(await findAgain(page, tables(["1x2y3z", "4a5b6c"], "data-here"), tables(["9k8j7h", "6g5f4d"])), null);
  },
);

browserTest("what has a name of its own is found although it says something else now", async (page) => {
  const cart = (count: string, here = "") =>
    `<nav><a href="/cart" data-testid="cart" ${here}>Cart (${count})</a></nav>`;
  assert.equal(await findAgain(page, cart("2", "data-here"), `<p>Added</p>${cart("3")}`), "Cart (3)");
});

browserTest("an element is found again although its classes, its place and some of its text changed", async (page) => {
  const card = (name: string, { here = "", salt = "a", stock = "7" } = {}) =>
    `<article class="css-1x2y3${salt}" ${here}><h2>${name}</h2><p>Of brass and wood</p><p>By hand</p><p>In ${name} we trust</p><small>${stock} left</small></article>`;
  const before = ["Lamp", "Chair", "Table"].map((name) => card(name, { here: name === "Chair" ? "data-here" : "" }))
    .join("");
  const after = ["Table", "Bed", "Lamp", "Chair"].map((name) =>
    card(name, { salt: "b", stock: name === "Chair" ? "6" : "7" })
  ).join("");
  assert.match((await findAgain(page, before, after)) ?? "", /^Chair/);
});

browserTest("a fingerprint stays small, survives JSON, and one that is broken finds nothing", async (page) => {
  const long = "äöü漢字 ".repeat(400);
  await showPage(
    page,
    `${`<section class="${"name".repeat(30)}" aria-label="${long}">`.repeat(30)}<a id="a" href="/${
      "x".repeat(3_000)
    }" title="${long}" class="${
      Array.from({ length: 60 }, (_, at) => `wort-${"ü".repeat(40)}-${"abc"[at % 3]}`).join(" ")
    }">${long}</a>`,
  );
  const print: string = await page.evaluate(`JSON.stringify(capture.fingerprintOf(document.querySelector("#a")))`);
  const size = new TextEncoder().encode(print).length;
  assert.ok(size < 4_000, String(size));
  for (
    const broken of [{}, { own: null }, { own: { tag: "a" } }, null, 1, { ...JSON.parse(print), own: 1 }, {
      ...JSON.parse(print),
      hosts: null,
    }]
  ) {
    assert.equal(await page.evaluate(`capture.findAgain(document, "#a", ${JSON.stringify(broken)})`), null);
  }
});
