import assert from "node:assert/strict";
import { combineViews, planScreenshot, type Scroller, type StageView } from "../clients/capture/screenshot_plan.ts";

const VIEW = { x: 0, y: 0, width: 1_000, height: 600 };
const STUCK = { at: 0, min: 0, max: 0 };

function page(y: Partial<Scroller["y"]> = {}, x: Partial<Scroller["x"]> = {}): Scroller {
  return { port: VIEW, x: { ...STUCK, ...x }, y: { ...STUCK, ...y }, unit: 1 };
}

function see(box: StageView["box"], ...scrollers: Scroller[]): StageView {
  return { box, scrollers, size: { width: 1_000, height: 600 }, shown: VIEW, pixelRatio: 1, isCovered: false };
}

/** The lines of the element that the tiles show, each from and to, as the page was scrolled. */
function rowsOf(view: StageView) {
  const plan = planScreenshot(view);
  assert.ok(plan);
  return plan.tiles.map(({ scroll, from, corner }) => [
    scroll.map(({ y }) => y).join("/"),
    from.y - corner.y,
    from.y - corner.y + from.height,
  ]);
}

Deno.test("planScreenshot() takes an element in view as it stands, with 8 px around", () => {
  const plan = planScreenshot(see({ x: 100, y: 50, width: 200, height: 40 }, page({ at: 70, max: 900 })));
  assert.deepEqual(plan, {
    width: 216,
    height: 56,
    tiles: [{
      scroll: [{ x: 0, y: 70 }],
      corner: { x: 100, y: 50 },
      from: { x: 92, y: 42, width: 216, height: 56 },
      to: { x: 0, y: 0 },
    }],
    isStill: true,
    isWhole: true,
  });
});

Deno.test("planScreenshot() takes less around an element at the page's edge, and scrolls nothing that can't be", () => {
  const plan = planScreenshot(see({ x: 3, y: 595, width: 10, height: 5 }, page()));
  assert.deepEqual([plan?.width, plan?.height, plan?.isStill], [21, 13, true]);
});

Deno.test("planScreenshot() scrolls for what lies outside of the view or cuts the 8 px", () => {
  const below = see({ x: 0, y: 590, width: 50, height: 100 }, page({ at: 10, max: 2_000 }));
  assert.deepEqual(rowsOf(below), [["592", -8, 108]]);
  const atTheTop = see({ x: 0, y: 4, width: 50, height: 100 }, page({ at: 300, max: 2_000 }));
  assert.deepEqual(rowsOf(atTheTop), [["296", -8, 108]]);
  const right = planScreenshot(see({ x: 1_500, y: 50, width: 50, height: 100 }, page({}, { max: 800 })));
  assert.deepEqual(right?.tiles[0]?.scroll, [{ x: 800, y: 0 }], "as far as it goes");
});

Deno.test("planScreenshot() puts an element that is larger than the view together, without a gap or a line twice", () => {
  const tall = see({ x: 0, y: -200, width: 500, height: 1_500 }, page({ at: 300, max: 5_000 }));
  assert.deepEqual(rowsOf(tall), [["92", -8, 592], ["684", 592, 1_184], ["1276", 1_184, 1_508]]);
  const large = planScreenshot(see({ x: 0, y: 0, width: 1_400, height: 900 }, page({ max: 400 }, { max: 500 })));
  assert.deepEqual([large?.tiles.length, large?.width, large?.height], [4, 1_408, 908]);
  assert.deepEqual(large?.tiles.map(({ to }) => [to.x, to.y]), [[0, 0], [1_000, 0], [0, 600], [1_000, 600]]);
});

Deno.test("planScreenshot() scrolls by whole pixels of the screen", () => {
  const tall = see({ x: 0, y: -200, width: 500, height: 1_500 }, page({ at: 300, max: 5_000 }));
  assert.deepEqual(rowsOf({ ...tall, pixelRatio: 1.1 }).map(([scroll]) => scroll), ["90", "680", "1270"]);
  assert.deepEqual(rowsOf({ ...tall, pixelRatio: 2 }).map(([scroll]) => scroll), ["92", "684", "1276"]);
});

Deno.test("planScreenshot() takes 8 pictures at most and says that it does not have all", () => {
  const plan = planScreenshot(see({ x: 0, y: 0, width: 900, height: 90_000 }, page({ max: 90_000 })));
  assert.deepEqual([plan?.tiles.length, plan?.isWhole], [8, false]);
});

Deno.test("planScreenshot() scrolls the containers between an element and the view", () => {
  const list = { port: { x: 50, y: 700, width: 300, height: 200 }, x: STUCK, y: { at: 0, min: 0, max: 800 }, unit: 1 };
  const item = see({ x: 50, y: 1_300, width: 280, height: 90 }, list, page({ max: 1_000 }));
  assert.deepEqual(rowsOf(item), [["592/700", -8, 98]]);
  const larger = see({ x: 50, y: 700, width: 280, height: 1_000 }, list, page({ max: 1_000 }));
  assert.deepEqual(rowsOf(larger).map(([, from, to]) => [from, to]), [
    [-8, 200],
    [200, 392],
    [392, 584],
    [584, 776],
    [776, 968],
    [968, 1_008],
  ]);
});

Deno.test("planScreenshot() leaves out what is clipped and can't be scrolled to, and what can't be seen is null", () => {
  const clip = { port: { x: 0, y: 100, width: 400, height: 150 }, x: STUCK, y: STUCK, unit: 1 };
  const plan = planScreenshot(see({ x: 0, y: 0, width: 400, height: 1_000 }, clip, page()));
  assert.deepEqual(plan?.tiles.map(({ from }) => [from.y, from.height]), [[92, 166]]);
  assert.equal(planScreenshot(see({ x: 0, y: 300, width: 400, height: 100 }, clip, page())), null);
  assert.equal(planScreenshot(see({ x: 0, y: 300, width: 0, height: 0 }, page())), null);
});

Deno.test("combineViews() sees an element in a scaled frame of a frame from the top", () => {
  const inner = see({ x: 10, y: 20, width: 100, height: 50 }, page({ max: 400 }));
  const frame = { ...see({ x: 200, y: 100, width: 500, height: 300 }, page({ max: 50 })), isCovered: true };
  const view = combineViews([inner, frame]);
  assert.deepEqual(view.box, { x: 205, y: 110, width: 50, height: 25 });
  assert.deepEqual(view.scrollers[0], {
    ...page({ max: 400 }),
    port: { x: 200, y: 100, width: 500, height: 300 },
    unit: 0.5,
  });
  assert.equal(view.isCovered, true);
  const below = combineViews([see({ x: 0, y: 1_000, width: 100, height: 50 }, page({ max: 2_000 })), frame]);
  assert.deepEqual(rowsOf(below).map(([scroll]) => scroll), ["984/0"]);
});
