import assert from "node:assert/strict";
import type { Frame, Page } from "playwright-core";
import { browserTest } from "../support/browser.ts";
import { openPointerPage, type PointerPage, servePages } from "../support/pointer_page.ts";

const STYLE =
  `<style>body { margin: 0 } .x { width: 120px; height: 40px; background: #ddd } iframe { display: block; border: 0; height: 300px }</style>`;
const HEAD = `<!doctype html><html lang="en"><title>Frames</title>${STYLE}`;

const MAX_MOVES = 100;

interface Frames extends PointerPage {
  top: Frame;
  outer: Frame;
  inner: Frame;
}

/** A page with a frame of another site in it, and in that one of its own. */
async function withFrames(page: Page, test: (frames: Frames) => Promise<void>): Promise<void> {
  const pages: Record<string, string> = {
    "/outer": `${HEAD}<p class="x" id="a">A</p><iframe src="/inner"></iframe>`,
    "/inner": `${HEAD}<p class="x" id="b">B</p><script>b.onclick = () => globalThis.clicked = true</script>`,
  };
  await using site = servePages(pages);
  pages["/"] = `${HEAD}<p class="x" id="t">T</p><iframe id="frame" src="${site.otherUrl}/outer" height="600"></iframe>
    <iframe id="deaf" sandbox srcdoc="&lt;p>Deaf" height="100"></iframe>`;
  const shown = await openPointerPage(page, `${site.url}/`);
  await page.frameLocator("#frame").frameLocator("iframe").locator("#b").waitFor();
  const find = (path: string): Frame => {
    const frame = page.frames().find((each) => new URL(each.url()).pathname === path);
    assert.ok(frame);
    return frame;
  };
  await test({ ...shown, top: page.mainFrame(), outer: find("/outer"), inner: find("/inner") });
}

async function hover(frames: Frames, frame: Frame, id: string): Promise<void> {
  const box = await frame.locator(`#${id}`).boundingBox();
  assert.ok(box);
  // A hand moves on until it sees the outline: each frame hands the mouse over to the one in it, in processes of their own.
  for (let step = 0; step < MAX_MOVES; step++) {
    await frames.page.mouse.move(box.x + 20 + step % 5, box.y + 20);
    if (await frames.run(`(held) => held.box(".hover") !== null`, null, frame)) return;
    await frames.run(`() => new Promise((resolve) => requestAnimationFrame(resolve))`, null, frame);
  }
  assert.fail(`nothing was outlined at "${id}"`);
}

async function click(frames: Frames, frame: Frame, id: string): Promise<void> {
  await hover(frames, frame, id);
  const box = await frame.locator(`#${id}`).boundingBox();
  await frames.page.mouse.click((box?.x ?? 0) + 24, (box?.y ?? 0) + 22);
  await frames.until(`(held) => held.box(".note") && held.isWriting()`, null, frame);
}

browserTest(
  "frames of any origin point as one: the mouse goes from one to another, and one outline is shown",
  async (page) => {
    await withFrames(page, async (frames) => {
      const { top, outer, inner, run } = frames;
      await run(`(held) => held.pointer.start()`);
      await frames.until(`(held) => held.pointer.isPointing`, null, inner);
      const order: [Frame, string][] = [[inner, "b"], [outer, "a"], [top, "t"], [inner, "b"]];
      for (const [frame, id] of order) {
        await hover(frames, frame, id);
        for (const other of [top, outer, inner].filter((each) => each !== frame)) {
          await frames.until(`(held) => !held.box(".hover")`, null, other);
        }
      }
      await frames.page.keyboard.press("ArrowUp");
      await frames.until(`(held) => /^body/.test(held.text(".tip") ?? "")`, null, inner);
      await frames.page.keyboard.press("Escape");
      for (const frame of [top, outer, inner]) {
        await frames.until(`(held) => !held.pointer.isPointing && held.ended() === 1`, null, frame);
      }
      assert.equal(await run(`() => globalThis.clicked`, null, inner), undefined);
    });
  },
);

browserTest(
  "numbers count through the frames, one note is open, and Enter sends what was taken in all",
  async (page) => {
    await withFrames(page, async (frames) => {
      const { top, outer, inner, run } = frames;
      await run(`(held) => held.pointer.start()`, null, inner);
      await frames.until(`(held) => held.pointer.isPointing`, null, top);
      await click(frames, inner, "b");
      await page.keyboard.type("Bee");
      await page.keyboard.down("Shift");
      await click(frames, top, "t");
      await page.keyboard.up("Shift");
      await page.keyboard.type("Tea");
      await frames.until(`(held) => !held.box(".note")`, null, inner);
      assert.equal(await run(`(held) => held.text(".note .send")`), "Send 2");
      await page.keyboard.down("Shift");
      await click(frames, outer, "a");
      await page.keyboard.up("Shift");
      await page.keyboard.press("Enter");
      const expected: [Frame, string, string | null, number][] = [
        [inner, "b", "Bee", 1],
        [top, "t", "Tea", 2],
        [outer, "a", null, 3],
      ];
      for (const [frame, what, note, number] of expected) {
        await frames.until(`(held) => held.ended() === 1`, null, frame);
        assert.deepEqual(await run(`(held) => held.sent`, null, frame), [{ what, note, number }]);
      }
    });
  },
);

browserTest(
  "a note that another frame's takes the place of leaves the focus to that one, wherever it still is",
  async (page) => {
    await withFrames(page, async (frames) => {
      const { top, outer, inner, run } = frames;
      await run(`(held) => held.pointer.start()`);
      for (const frame of [outer, inner]) await frames.until(`(held) => held.pointer.isPointing`, null, frame);
      await click(frames, top, "t");
      // As the other frame's process says it where it is faster than the one that moves the focus.
      await run(`() => parent.postMessage({ fingerpost: { type: "noting", frame: "outer" } }, "*")`, null, outer);
      await frames.until(`(held) => !held.box(".note")`);
      assert.equal(await run(`(held) => held.root().activeElement`), null);
    });
  },
);

browserTest("a frame in which no pointer runs is taken as one element", async (page) => {
  await withFrames(page, async (frames) => {
    await frames.run(`(held) => { held.pointer.start(); }`);
    await click(frames, frames.top, "deaf");
    await page.keyboard.press("Enter");
    await frames.until(`(held) => held.sent.length === 1`);
    assert.deepEqual(await frames.run(`(held) => held.sent`), [{ what: "deaf", note: null, number: 1 }]);
  });
});
