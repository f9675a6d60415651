import assert from "node:assert/strict";
import { browserTest } from "../support/browser.ts";
import { SCREENSHOT_CASES, type ScreenshotCase } from "../support/screenshot_cases.ts";
import { differenceAround, openScreenshotPage, pixelsOf, type ScreenshotPage } from "../support/screenshot_page.ts";

/** Each case at each density, with a table: `DENSITIES=0.9,1,1.1,1.25,1.5,2,3`. Without it, each case at one. */
const ALL_DENSITIES = Deno.env.get("DENSITIES")?.split(",").map(Number);
/** Device pixels of a CSS pixel: of screens, and of a page that is zoomed to 125 %. */
const DENSITIES = ALL_DENSITIES ?? [1, 1.25, 1.5, 2];
const MAX_BYTES = 1_000_000;

for (const [at, density] of DENSITIES.entries()) {
  browserTest(
    `screenshots at ${density} device pixels are what the page shows, and leave it as it was`,
    async (page) => {
      await using shop = await openScreenshotPage(page, { density });
      for (const [index, shown] of SCREENSHOT_CASES.entries()) {
        if (ALL_DENSITIES === undefined && index % DENSITIES.length !== at) continue;
        const result = await compare(shop, shown, density);
        const row = `| ${[shown.name, density, ...Object.values(result)].join(" | ")} |\n`;
        if (ALL_DENSITIES !== undefined) await Deno.stdout.write(new TextEncoder().encode(row));
        assert.ok(result.difference < 0.01 && result.bytes < MAX_BYTES, row);
        if (density === 1) assert.equal(result.pictures, shown.pictures, row);
      }
    },
  );
}

async function compare(shop: ScreenshotPage, shown: ScreenshotCase, density: number) {
  const { html, selector, frames = [], over } = shown;
  await shop.show(html);
  const before = await shop.state();
  const takenBefore = shop.taken();
  const startedAt = performance.now();
  const [shot] = await shop.shoot(selector);
  const ms = Math.round(performance.now() - startedAt);
  const pictures = shop.taken() - takenBefore;
  assert.ok(shot);
  assert.deepEqual(await shop.state(), before, shown.name);

  if (over !== undefined) await shop.page.addStyleTag({ content: `${over} { visibility: hidden }` });
  // Text is painted otherwise at other places between two pixels of the screen.
  if (pictures === 1) await shop.scrollBack();
  let place: Pick<typeof shop.page, "locator" | "frameLocator"> = shop.page;
  for (const frame of frames) place = place.frameLocator(frame);
  const theirs = await pixelsOf(await place.locator(selector.split(" ").at(-1) ?? "").screenshot());
  const whole = await pixelsOf(shot.bytes);
  const margin = Math.round(8 * density);
  const left = shown.isAtLeft ? 0 : margin;
  const top = shown.isAtTop ? 0 : margin;
  return {
    difference: differenceAround(whole, theirs, { left, top }, Number.isInteger(density) ? 0 : 2),
    size: `${whole.width} × ${whole.height}`,
    type: shot.mimeType,
    bytes: shot.bytes.length,
    pictures,
    ms,
  };
}

browserTest("elements that are in view at once share one picture, without the overlay", async (page) => {
  const cards = ["a", "b", "c"].map((id) => `<div class="card" id="${id}">Card ${id}</div>`).join("");
  const overlay = `<div id="overlay" style="position: fixed; inset: 0; background: #f0f"></div>`;
  await using shop = await openScreenshotPage(page, { html: cards + overlay });
  const shots = await shop.shoot("#a", "#b", "#c");
  assert.equal(shop.taken(), 1);
  for (const { bytes } of shots) {
    const { data } = await pixelsOf(bytes);
    assert.deepEqual([...data.subarray(0, 3)], [0xfd, 0xf6, 0xe3], "the page's colour");
  }
  assert.equal(await shop.page.locator("#overlay").isVisible(), true, "it is back");
});

browserTest("a screenshot has under 1 MB whatever it shows, in fewer pixels where it must", async (page) => {
  await using shop = await openScreenshotPage(page);
  const bytes = await shop.encodeNoise(1_500, 1_450);
  assert.ok(bytes.length < MAX_BYTES && bytes.length > MAX_BYTES / 4, `${bytes.length}`);
  const { width, height } = await pixelsOf(bytes);
  assert.ok(width < 1_500 && width > 700, `${width} × ${height}`);
  assert.ok(Math.abs(height / width - 1_450 / 1_500) < 0.01, `${width} × ${height}`);
});

browserTest("what can't be seen has no screenshot, and the page is as it was", async (page) => {
  const html = `<div class="card" id="none" style="display: none"></div>
    <div style="height: 10px; overflow: clip"><p id="clipped" style="position: relative; top: 90px">Clipped</p></div>`;
  await using shop = await openScreenshotPage(page, { html });
  const before = await shop.state();
  for (const selector of ["#none", "#clipped"]) {
    await assert.rejects(shop.shoot(selector), /Nothing of the element can be seen/);
  }
  assert.deepEqual(await shop.state(), before);
});
