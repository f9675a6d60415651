import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { browserTest } from "../support/browser.ts";
import { openPointerPage, type PointerPage, servePages } from "../support/pointer_page.ts";

const SHOP = `<!doctype html><html lang="en"><title>Shop</title>
<style>body { margin: 0; font: 16px/20px sans-serif } main { padding: 100px } li { height: 40px; width: 200px }</style>
<main id="main"><input id="search" value="apples"><ul id="list">
<li id="one" class="item new fresh" data-component="Item">One</li><script></script><li id="two">Two</li><li id="three">Three</li></ul>
<p id="last">Last</p></main>`;

async function withShop(page: Page, test: (shop: PointerPage) => Promise<void>): Promise<void> {
  await using site = servePages({ "/": SHOP });
  const shop = await openPointerPage(page, `${site.url}/`);
  await page.locator("#search").focus();
  await page.locator("#search").evaluate((field) => field instanceof HTMLInputElement && field.setSelectionRange(1, 3));
  await shop.run(`(held) => held.pointer.start()`);
  await test(shop);
}

async function centre(page: Page, selector: string): Promise<[x: number, y: number]> {
  const box = await page.locator(selector).boundingBox();
  assert.ok(box, selector);
  return [box.x + box.width / 2, box.y + box.height / 2];
}

async function hover(shop: PointerPage, selector: string): Promise<void> {
  await shop.page.mouse.move(...await centre(shop.page, selector));
  await hovers(shop, selector);
}

/** Settles when the outline is around what the selector finds. */
async function hovers(shop: PointerPage, selector: string): Promise<void> {
  await shop.until(
    `(held, selector) => {
      const [outline, box] = [held.box(".hover"), document.querySelector(selector).getBoundingClientRect()];
      return outline && Math.abs(outline.x + 2 - box.x) < 0.6 && Math.abs(outline.y + 2 - box.y) < 0.6 &&
        Math.abs(outline.width - 4 - box.width) < 0.6 && Math.abs(outline.height - 4 - box.height) < 0.6;
    }`,
    selector,
  );
}

browserTest("hovering outlines the element and tells its tag, component and size", async (page) => {
  await withShop(page, async (shop) => {
    await hover(shop, "#one");
    await shop.until(`(held) => held.text(".component") === "Item"`);
    assert.match(await shop.run(`(held) => held.text(".tip")`), /^li#one\s+Item\s+200 × 40$/);
    await hover(shop, "#last");
    assert.equal(await shop.run(`(held) => held.text(".tip .component")`), "");
  });
});

browserTest("a click takes an element, another moves it with its note, and Enter sends both", async (page) => {
  await withShop(page, async (shop) => {
    await page.mouse.click(...await centre(page, "#two"));
    await page.keyboard.type("Wider");
    await page.keyboard.press("Shift+Enter");
    await page.keyboard.type("and é💾");
    await page.keyboard.press("Enter");
    assert.deepEqual(await shop.run(`(held) => held.sent`), [{ what: "two", note: "Wider\nand é💾", number: 1 }]);
    assert.deepEqual(await shop.run(`(held) => [held.ended(), held.pointer.isPointing]`), [1, false]);
    assert.equal(await page.locator("#search").inputValue(), "apples", "nothing was typed into the page");

    await shop.run(`(held) => held.pointer.start()`);
    await page.mouse.click(...await centre(page, "#last"));
    await page.keyboard.type("Mine");
    await page.mouse.click(...await centre(page, "#one"));
    await page.keyboard.press("Alt+ArrowRight");
    await page.keyboard.press("Enter");
    assert.deepEqual(await shop.run(`(held) => held.sent[1]`), { what: "two", note: "Mine", number: 1 });
  });
});

browserTest("a page that takes the focus while a note is written gets nothing of it", async (page) => {
  await withShop(page, async (shop) => {
    await page.mouse.click(...await centre(page, "#two"));
    await page.keyboard.type("Wi");
    await page.locator("#search").evaluate((field) => field.focus());
    await page.keyboard.type("der");
    await page.keyboard.press("Enter");
    assert.deepEqual(await shop.run(`(held) => held.sent`), [{ what: "two", note: "Wider", number: 1 }]);
    assert.equal(await page.locator("#search").inputValue(), "apples");
  });
});

browserTest("Enter that ends what an input method composes does not send", async (page) => {
  await withShop(page, async (shop) => {
    await page.mouse.click(...await centre(page, "#two"));
    const session = await page.context().newCDPSession(page);
    await session.send("Input.imeSetComposition", { text: "にほ", selectionStart: 2, selectionEnd: 2 });
    const enter = { key: "Enter", code: "Enter" };
    await session.send("Input.dispatchKeyEvent", { type: "rawKeyDown", ...enter, windowsVirtualKeyCode: 229 });
    await session.send("Input.insertText", { text: "日本" });
    // As Safari says it: the composition is over by then.
    await session.send("Input.dispatchKeyEvent", { type: "rawKeyDown", ...enter, windowsVirtualKeyCode: 229 });
    assert.deepEqual(await shop.run(`(held) => held.sent`), []);
    await page.keyboard.press("Enter");
    assert.deepEqual(await shop.run(`(held) => held.sent`), [{ what: "two", note: "日本", number: 1 }]);
  });
});

browserTest("Shift-clicks add elements in order, each with its note, and a second one drops it", async (page) => {
  await withShop(page, async (shop) => {
    await page.keyboard.down("Shift");
    for (const selector of ["#search", "#last", "#main > ul"]) {
      await page.mouse.click(...await centre(page, selector));
    }
    await page.keyboard.up("Shift");
    assert.equal(await shop.run(`(held) => held.text(".note .send")`), "Send 3");
    await page.keyboard.type("third");
    await page.keyboard.down("Shift");
    await page.mouse.click(...await centre(page, "#last"));
    await page.keyboard.up("Shift");
    assert.deepEqual(
      await shop.run(`(held) => [...held.root().querySelectorAll(".chip")].map((chip) => chip.innerText)`),
      ["1", "2"],
    );
    await page.keyboard.press("Enter");
    const sent = await shop.run(`(held) => held.sent`);
    assert.deepEqual(sent.map(({ number, note }: { number: number; note: string | null }) => [number, note]), [
      [1, null],
      [2, "third"],
    ]);
    assert.equal(sent[0].what, "search");
  });
});

browserTest(
  "with Shift an element under the note is taken, also where the browser itself makes a move that knows nothing of the key",
  async (page) => {
    await withShop(page, async (shop) => {
      await page.mouse.click(...await centre(page, "#one"));
      await shop.until(`(held) => held.isWriting()`);
      const [x, y] = await centre(page, "#three");
      const box = await shop.run(`(held) => held.box(".note")`);
      assert.ok(box.x < x && x < box.x + box.width && box.y < y && y < box.y + box.height, "the note lies over it");
      await page.keyboard.down("Shift");
      await page.mouse.move(x, y);
      await hovers(shop, "#three");
      const session = await page.context().newCDPSession(page);
      await session.send("Input.dispatchMouseEvent", { type: "mouseMoved", x, y, modifiers: 0 });
      await shop.run(`(held) => held.pass(2)`);
      assert.ok(
        await shop.run(`(held) => held.part(".note").hasAttribute("data-aside")`),
        "the note lets the mouse through",
      );
      await page.mouse.down();
      await page.mouse.up();
      await page.keyboard.up("Shift");
      await shop.until(`(held) => held.text(".note .send") === "Send 2"`);
    });
  },
);

browserTest(
  "arrow keys go to parent, child and siblings that are shown, and Enter or a click takes what they chose",
  async (page) => {
    await withShop(page, async (shop) => {
      await hover(shop, "#one");
      const steps = [["ArrowRight", "#two"], ["ArrowLeft", "#one"], ["ArrowUp", "#list"], ["ArrowRight", "#last"]];
      for (const [key = "", selector = ""] of steps) {
        await page.keyboard.press(key);
        await hovers(shop, selector);
      }
      await page.keyboard.press("ArrowUp");
      await page.keyboard.press("ArrowDown");
      await hovers(shop, "#search");
      await page.keyboard.press("ArrowDown");
      await hovers(shop, "#search");
      await page.keyboard.press("Enter");
      await page.keyboard.press("Enter");
      assert.equal(await shop.run(`(held) => held.sent[0].what`), "search");

      await shop.run(`(held) => held.pointer.start()`);
      await hover(shop, "#one");
      const [x, y] = await centre(page, "#one");
      await page.keyboard.press("ArrowUp");
      await page.mouse.click(x + 1, y);
      await page.keyboard.press("Enter");
      assert.equal(await shop.run(`(held) => held.sent[1].what`), "list", "the mouse did not move on");
    });
  },
);

browserTest("Escape leaves, gives focus and selection back, and asks first when a note would be lost", async (page) => {
  await withShop(page, async (shop) => {
    await page.mouse.click(...await centre(page, "#one"));
    await page.keyboard.press("Escape");
    assert.deepEqual(await shop.run(`(held) => [held.ended(), held.pointer.isPointing, held.sent.length]`), [
      1,
      false,
      0,
    ]);
    const focused =
      `() => [document.activeElement.id, document.activeElement.selectionStart, document.activeElement.selectionEnd]`;
    assert.deepEqual(await shop.run(focused), ["search", 1, 3]);
    assert.equal(await page.locator("[data-fingerpost]").count(), 0, "nothing of it stays in the page");

    await shop.run(`(held) => held.pointer.start()`);
    await page.mouse.click(...await centre(page, "#one"));
    await page.keyboard.type("Long thought");
    await page.keyboard.press("Escape");
    assert.equal(await shop.run(`(held) => held.text(".note .keys")`), "Escape again drops the note");
    await page.keyboard.press("Escape");
    assert.deepEqual(await shop.run(`(held) => [held.ended(), held.sent.length]`), [2, 0]);
  });
});

browserTest("the note's buttons work by mouse and by keyboard, and Tab stays among them", async (page) => {
  await withShop(page, async (shop) => {
    await page.mouse.click(...await centre(page, "#one"));
    const send = await shop.run(`(held) => held.box(".note .send")`);
    await page.mouse.click(send.x + 5, send.y + 5);
    assert.equal(await shop.run(`(held) => held.sent.length`), 1);

    await shop.run(`(held) => held.pointer.start()`);
    await page.mouse.click(...await centre(page, "#two"));
    const steps = [["Tab", "cancel"], ["Tab", "send"], ["Tab", ""], ["Shift+Tab", "send"]];
    for (const [key = "", part] of steps) {
      await page.keyboard.press(key);
      assert.equal(await shop.run(`(held) => held.root().activeElement.className`), part);
    }
    await page.keyboard.press("Space");
    assert.equal(await shop.run(`(held) => held.sent.length`), 2);

    await shop.run(`(held) => held.pointer.start()`);
    await page.mouse.click(...await centre(page, "#two"));
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    assert.deepEqual(await shop.run(`(held) => [held.sent.length, held.pointer.isPointing]`), [2, false]);
  });
});
