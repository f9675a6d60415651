import assert from "node:assert/strict";
import { browserTest } from "../support/browser.ts";
import { openLivePage } from "../support/live_page.ts";

/** How long a page is watched, in frames, and how many of its elements. */
const FRAMES = Number(Deno.env.get("LIVE_FRAMES") ?? "60");
const ELEMENTS = 20;

const CELLS = Array.from({ length: 1_000 }, (_, index) => `<span id="cell${index}">${index}</span> `).join("");
const ITEMS = Array.from({ length: ELEMENTS }, (_, index) => `<p id="item${index}">Item <b>${index}</b></p>`).join("");
const GRID =
  `<style>span { display: inline-block; width: 40px }</style><main><div id="grid">${CELLS}</div><section>${ITEMS}</section></main>`;

browserTest("live elements cost nothing while nothing changes", async (page) => {
  const run = await openLivePage(page, GRID);
  const { calls, told } = await run(
    `async (it, frames) => {
      for (const item of document.querySelectorAll("p")) it.watch(item);
      const frame = () => new Promise(requestAnimationFrame);
      for (let count = 0; count < 30; count++) await frame();
      const before = it.spent.calls;
      for (let count = 0; count < frames; count++) await frame();
      return { calls: it.spent.calls - before, told: it.summary() };
    }`,
    FRAMES,
  );
  assert.deepEqual([calls, told], [0, []]);
});

for (const { name, watched } of [{ name: "beside them", watched: "p" }, { name: "in them", watched: "p, #grid" }]) {
  browserTest(
    `live elements take less than a tenth of a page that changes 1,000 nodes a frame ${name}`,
    async (page) => {
      const run = await openLivePage(page, GRID);
      const { share, longest, changes, looks, told } = await run(
        `async (it, { frames, watched }) => {
        const cells = [...document.querySelectorAll("#grid span")];
        for (const item of document.querySelectorAll(watched)) it.watch(item);
        // The first looks of all observers.
        for (let count = 0; count < 10; count++) await new Promise(requestAnimationFrame);
        const begun = performance.now();
        Object.assign(it.spent, { ms: 0, longest: 0, changes: 0, looks: 0 });
        for (let count = 0; count < frames; count++) {
          await new Promise(requestAnimationFrame);
          for (const cell of cells) cell.firstChild.data = count;
        }
        const { ms, longest, changes, looks } = it.spent;
        return { share: ms / (performance.now() - begun), longest, changes, looks, told: it.events.length };
      }`,
        { frames: FRAMES, watched },
      );
      const figures = `${(share * 100).toFixed(2)} % of the time, ${longest.toFixed(1)} ms at most, ${told} told`;
      if (Deno.env.has("LIVE_FRAMES")) await Deno.stdout.write(new TextEncoder().encode(`${name}: ${figures}\n`));
      assert.ok(share < 0.1, figures);
      assert.ok(changes <= looks + 1, `${changes} changes were heard of in ${looks} looks`);
      assert.equal(told > 0, watched !== "p", figures);
    },
  );
}
