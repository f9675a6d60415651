import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { browserTest } from "../support/browser.ts";
import { openPointerPage, type PointerPage, servePages } from "../support/pointer_page.ts";

const STATES = ["sending", "queued", "sent", "seen", "resolved", "dismissed", "failed"];
const PAGE = `<!doctype html><html lang="en"><title>Marks</title>
<style>body { margin: 0; height: 3000px } .x { position: relative; width: 200px; height: 60px; margin: 40px; background: #ddd }
#box { height: 200px; overflow: auto; margin: 40px } #cover { position: fixed; inset: 0; background: #fff }</style>
<div class="x" id="one">One</div><div id="box"><div class="x" id="two">Two</div><div style="height:900px"></div></div>
<div class="x" id="far" style="margin-top:1500px">Far</div>`;

async function withMarks(page: Page, test: (marked: PointerPage) => Promise<void>): Promise<void> {
  await using site = servePages({ "/": PAGE });
  const marked = await openPointerPage(page, `${site.url}/`);
  await marked.run(`(held) => {
    held.pointer.mark(one, { id: "m1", number: 1, state: "sent" });
    held.pointer.mark(two, { id: "m2", number: 2, state: "sent" });
  }`);
  await settle(marked);
  await test(marked);
}

/** The mark with the number is shown at the corner of the element. */
async function isAt(marked: PointerPage, number: number, id: string): Promise<void> {
  await marked.until(
    `(held, { number, id }) => {
      const part = [...held.root().querySelectorAll(".mark")].find((mark) => mark.querySelector(".number").innerText === String(number));
      const [mark, box] = [part.getBoundingClientRect(), document.getElementById(id).getBoundingClientRect()];
      return getComputedStyle(part).opacity === "1" && Math.abs(mark.x - box.x + 12) <= 1 && Math.abs(mark.y - box.y + 12) <= 1;
    }`,
    { number, id },
  );
}

async function isHidden(marked: PointerPage, number: number): Promise<void> {
  await marked.until(
    `(held, number) => [...held.root().querySelectorAll(".mark")].some((mark) =>
      mark.querySelector(".number").textContent === String(number) && getComputedStyle(mark).opacity === "0")`,
    number,
  );
}

async function settle(marked: PointerPage): Promise<void> {
  await marked.run(`(held) => held.pass(30)`);
}

browserTest("marks follow their elements however these move, and cost no frame while nothing moves", async (page) => {
  await withMarks(page, async (marked) => {
    await isAt(marked, 1, "one");
    await isAt(marked, 2, "two");
    const before = await marked.run<number>(`(held) => held.frames()`);
    await marked.run(`(held) => held.pass(30)`);
    assert.equal(await marked.run(`(held) => held.frames()`), before, "at rest");
    const moves = [
      `() => { one.style.left = "50px" }`,
      `() => { one.style.top = "5px" }`,
      `() => { document.body.prepend(Object.assign(document.createElement("p"), { innerText: "News" })) }`,
      `() => { one.style.transition = "translate 0.2s"; one.style.translate = "300px 10px" }`,
      `() => { box.scrollTop = 20 }`,
      `() => { scrollTo(0, 30) }`,
      `() => { document.documentElement.style.zoom = "1.5" }`,
    ];
    for (const move of moves) {
      await marked.run(move);
      await isAt(marked, 1, "one");
      await isAt(marked, 2, "two");
      await settle(marked);
    }
  });
});

browserTest(
  "a mark goes where its element is covered, scrolled away or removed, and comes back with it",
  async (page) => {
    await withMarks(page, async (marked) => {
      await marked.run(`() => { box.scrollTop = 500 }`);
      await isHidden(marked, 2);
      await isAt(marked, 1, "one");
      await marked.run(`() => { box.scrollTop = 0 }`);
      await isAt(marked, 2, "two");
      await marked.run(`() => {
      const dialog = document.body.appendChild(Object.assign(document.createElement("dialog"), { id: "cover" }));
      dialog.style.cssText = "width:100vw;height:100vh;max-width:none;max-height:none;margin:0;border:0";
      dialog.showModal();
    }`);
      await isHidden(marked, 1);
      await marked.run(`() => cover.close()`);
      await isAt(marked, 1, "one");
      await marked.run(`() => one.remove()`);
      await isHidden(marked, 1);
      await marked.run(`(held) => {
      const again = Object.assign(document.createElement("div"), { className: "x", id: "again", innerText: "One" });
      document.body.prepend(again);
      held.pointer.mark(again, { id: "m1", number: 1, state: "seen" });
    }`);
      await isAt(marked, 1, "again");
      assert.equal(await marked.run(`(held) => held.root().querySelectorAll(".mark").length`), 2);
      await marked.run(`(held) => { held.pointer.mark(again, null); held.pointer.mark(two, null); }`);
      assert.equal(await page.locator("[data-fingerpost]").count(), 0, "nothing of it stays in the page");
    });
  },
);

browserTest("each state has its own icon and words, and screen readers are told", async (page) => {
  await withMarks(page, async (marked) => {
    const icons = new Set<string>();
    for (const state of STATES) {
      await marked.run(`(held, state) => held.pointer.mark(one, { id: "m1", number: 1, state, label: "Ann" })`, state);
      const [icon, name] = await marked.run<[string, string]>(
        `(held) => { const mark = held.root().querySelector(".mark"); return [mark.querySelector("path").getAttribute("d"), mark.ariaLabel]; }`,
      );
      icons.add(icon);
      await marked.until(`(held, name) => held.part(".live").textContent === name`, name);
    }
    assert.equal(icons.size, STATES.length);
  });
});

browserTest("what could not be sent is marked so", async (page) => {
  await withMarks(page, async (marked) => {
    await marked.run(
      `(held) => { held.answerWith(() => Promise.reject(new Error("offline"))); held.pointer.start(); }`,
    );
    await page.mouse.click(100, 80);
    await page.keyboard.press("Enter");
    await marked.until(`(held) => held.part("[data-state=failed]")?.ariaLabel === "3: Not sent, div One"`);
  });
});

browserTest(
  "highlighting scrolls to an element and flashes; hiding leaves nothing of it in a picture",
  async (page) => {
    await withMarks(page, async (marked) => {
      await page.emulateMedia({ reducedMotion: "reduce" });
      await marked.run(`(held) => held.pointer.highlight(far)`);
      await marked.until(`(held) => {
      const [flash, box] = [held.box(".flash"), far.getBoundingClientRect()];
      return flash && Math.abs(flash.y + 2 - box.y) < 1 && box.y > 0 && box.bottom < innerHeight;
    }`);
      await marked.until(`(held) => held.box(".flash") === null`);
      await marked.run(`(held) => { scrollTo(0, 0); held.pointer.start(); }`);
      await page.mouse.move(100, 80);
      await marked.until(`(held) => held.box(".hover")`);
      await page.exposeFunction(
        "takePicture",
        async () => (await page.screenshot({ caret: "initial" })).toString("base64"),
      );
      const during = await marked.run<string>(`(held) => held.pointer.hideWhile(() => takePicture())`);
      await marked.until(`(held) => held.box(".hover")`);
      const pointing = (await page.screenshot({ caret: "initial" })).toString("base64");
      await marked.run(`(held) => held.pointer.close()`);
      assert.equal(await page.locator("[data-fingerpost]").count(), 0);
      const without = (await page.screenshot({ caret: "initial" })).toString("base64");
      assert.ok(during === without, "the picture is the page's");
      assert.ok(pointing !== without);
    });
  },
);

browserTest("nothing of it is printed", async (page) => {
  await withMarks(page, async (marked) => {
    await marked.run(`(held) => held.pointer.mark(one, { id: "printed", number: 1, state: "sent" })`);
    await marked.until(`(held) => held.box(".mark")`);
    await page.emulateMedia({ media: "print" });
    await marked.until(`(held) => held.box(".mark") === null || held.box(".mark").width === 0`);
  });
});
