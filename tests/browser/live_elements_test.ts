import assert from "node:assert/strict";
import { browserTest } from "../support/browser.ts";
import { openLivePage } from "../support/live_page.ts";

const CARD = `<style>body { margin: 0 } .dark #card { color: red } #card { width: 200px }</style>
  <main><div id="list"></div><p id="card" class="card">Card <b>one</b></p></main>
  <div id="rest" style="height: 3000px"></div>`;

/** Does one thing after the other, each once what came of the one before was told; what was told in all. */
const EACH = `async (it, actions) => {
  it.watch(card);
  for (const action of actions) {
    const told = it.next(({ what }) => what === "update");
    new Function(action)();
    await told;
  }
  return it.summary();
}`;

browserTest(
  "each change of an element is told once: the fields that changed, and nothing of what is around it",
  async (page) => {
    const run = await openLivePage(page, CARD);
    assert.deepEqual(
      await run(EACH, [
        `rest.append("more of the page"); rest.className = "rest"; card.querySelector("b").firstChild.data = "two"`,
        `card.dataset.state = "busy"`,
        `document.body.className = "dark"`,
        `document.head.append(Object.assign(document.createElement("style"), { textContent: "#card { opacity: 0.5 }" }))`,
        `list.style.height = "30px"`,
        `scrollTo(0, 40)`,
        `card.style.width = "210px"`,
        `card.append(document.createElement("i"))`,
      ]),
      [
        "card update text,html",
        "card update attributes,html",
        "card update computedStyles",
        "card update computedStyles",
        "card update box",
        "card update box,viewport",
        "card update attributes,html,box",
        "card update html",
      ],
    );
  },
);

browserTest("what changes all the time is told ten times a second, and how it ended", async (page) => {
  const run = await openLivePage(page, CARD);
  const told = await run(`async (it) => {
    it.watch(card);
    const start = performance.now();
    for (let count = 0; it.events.length < 8 && performance.now() - start < 5_000; count++) {
      card.textContent = "Count " + count;
      await new Promise((resolve) => setTimeout(resolve));
    }
    card.textContent = "The end";
    await it.next(({ change }) => change?.text === "The end");
    return it.events.map(({ at }) => at);
  }`);
  assert.ok(told.length >= 8, `${told.length} were told`);
  const [first, last] = [told[0], told.at(-1)];
  assert.ok((told.length - 1) / (last - first) <= 10.5 / 1_000, `${told.length} in ${last - first} ms`);
});

browserTest(
  "an element is found again where another took its place, and is stale only while none did",
  async (page) => {
    const run = await openLivePage(page, CARD);
    const summary = await run(`async (it) => {
    it.watch(card);
    list.style.paddingTop = "9px";
    list.append(card);
    await it.next(({ what }) => what === "update");
    list.after(card);
    const again = it.next(({ what }) => what === "found");
    const main = document.querySelector("main");
    main.innerHTML = main.innerHTML.replace("one", "three");
    const { element } = await again;
    if (element !== card || it.live.find("card") !== card) throw new Error("It is not the new one");
    await it.after(0, ({ change }) => change?.text === "Card three");
    const stale = it.next(({ what }) => what === "stale");
    const old = card;
    card.remove();
    await stale;
    if (it.live.find("card") !== null) throw new Error("It is gone");
    const back = it.next(({ what }) => what === "update");
    list.append(old);
    await back;
    return it.summary();
  }`);
    assert.deepEqual(summary, [
      "card update box",
      "card lost",
      "card found",
      "card update text,html",
      "card lost",
      "card stale",
      "card found",
      "card update ",
    ]);
  },
);

browserTest(
  "an element is found after a reload, as soon as the page shows it, and is told as it is now",
  async (page) => {
    const before = await openLivePage(page, CARD);
    const held = await before(`(it) => it.remember(card)`);
    await page.reload();
    const run = await openLivePage(page, `<main>Loading</main>`);
    const { text, fields } = await run(
      `async (it, held) => {
      it.live.add(held);
      const told = it.next(({ what }) => what === "update");
      for (let frame = 0; frame < 20; frame++) await new Promise(requestAnimationFrame);
      document.querySelector("main").innerHTML = '<div id="list"></div><p id="card" class="card">Card <b>one</b></p>';
      const { change: { text, ...rest } } = await told;
      return { text, fields: Object.keys(rest).length };
    }`,
      held,
    );
    assert.equal(text, "Card one");
    assert.ok(fields >= 6, `${fields} fields`);
    assert.deepEqual(await run(`(it) => it.summary().map((line) => line.split(" ")[1])`), ["found", "update"]);
  },
);

browserTest(
  "what a page no longer shows after a reload is stale after ten seconds",
  async (page) => {
    const before = await openLivePage(page, CARD);
    const held = await before(`(it) => it.remember(card)`);
    await page.clock.install();
    await page.goto("about:blank");
    const run = await openLivePage(page, `<main>Another page</main>`);
    await run(`(it, held) => it.live.add(held)`, held);
    await page.clock.runFor(9_500);
    assert.deepEqual(await run(`(it) => it.summary()`), []);
    await page.clock.runFor(1_000);
    assert.deepEqual(await run(`(it) => it.summary()`), ["card stale"]);
  },
);

browserTest("an element in a shadow root is kept fresh, and found again in another", async (page) => {
  const shop = `<template shadowrootmode="open"><button id="buy">Buy <i>now</i></button></template>`;
  const run = await openLivePage(page, `<main></main>`);
  const summary = await run(
    `async (it, shop) => {
      const show = (html) => document.querySelector("main").setHTMLUnsafe(html);
      const button = () => document.querySelector("#shop").shadowRoot.querySelector("button");
      show('<div id="shop">' + shop + "</div>");
      it.watch(button());
      for (const change of [
        () => button().querySelector("i").textContent = "later",
        () => button().getRootNode().append(Object.assign(document.createElement("style"), { textContent: "#buy { color: red }" })),
        () => show('<div id="shop">' + shop + "</div>"),
      ]) {
        const told = it.next(({ what }) => what === "update");
        change();
        await told;
      }
      if (it.live.find("buy") !== button()) throw new Error("It is not the new one");
      return it.summary();
    }`,
    shop,
  );
  assert.deepEqual(summary, [
    "buy update text,html,box",
    "buy update computedStyles",
    "buy lost",
    "buy found",
    "buy update text,html,computedStyles,box",
  ]);
});

browserTest("an element in a frame is told under its frame's selector, and found again in it", async (page) => {
  await page.setContent(`<!doctype html><iframe id="shop"></iframe>`);
  const [, frame] = page.frames();
  assert.ok(frame);
  const run = await openLivePage(frame, CARD, "#shop >>iframe>> ");
  const selector = await run(`async (it) => {
    it.watch(card);
    const told = it.next(({ change }) => change?.selector !== undefined);
    const main = document.querySelector("main");
    main.innerHTML = main.innerHTML.replace('id="card"', 'id="price"');
    return (await told).change.selector;
  }`);
  assert.equal(selector, "#shop >>iframe>> #price");
  assert.equal(await run(`(it) => it.live.find("card").id`), "price");
});

browserTest("what could not be told is told later, and what is removed or closed is told no more", async (page) => {
  const run = await openLivePage(page, CARD);
  const told = await run(`async (it) => {
    it.watch(card);
    it.watch(list);
    it.refuses = true;
    card.dataset.state = "busy";
    await new Promise((resolve) => it.onRefused = resolve);
    it.refuses = false;
    const { change } = await it.next(({ what }) => what === "update");
    it.live.remove("card");
    card.dataset.state = "idle";
    const list_ = it.next(({ elementId }) => elementId === "list");
    list.dataset.state = "idle";
    await list_;
    it.live.close();
    list.remove();
    for (let frame = 0; frame < 30; frame++) await new Promise(requestAnimationFrame);
    return [change.attributes["data-state"], ...it.summary()];
  }`);
  assert.deepEqual(told, ["busy", "card update attributes,html", "list update attributes,html"]);
});
