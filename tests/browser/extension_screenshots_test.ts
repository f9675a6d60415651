import assert from "node:assert/strict";
import { extensionTest } from "../support/extension.ts";
import { openWorld } from "../support/extension_world.ts";
import { pointAt, startPointing, until } from "../support/pointing.ts";
import { bearer } from "../support/running_app.ts";
import { differenceAround, pixelsOf } from "../support/screenshot_page.ts";

const SCREENSHOT = `query ($id: ID!) { element(id: $id) { screenshot { url width height } } }`;
const MARGIN = 8;
const PAGE = `<!doctype html><title>Long</title><style>
  body { margin: 0; font: 15px/1.4 sans-serif; background: #fdf6e3 } header { position: sticky; top: 0; padding: 20px; background: #073642 }
  div { margin: 40px; width: 300px; border: 1px solid #268bd2; border-radius: 9px }
  #tall { height: 900px; background: repeating-linear-gradient(137deg, #268bd2 0 11px, #eee8d5 11px 23px, #dc322f 23px 37px) }
  </style><header></header><div id="small">In view</div><div id="tall"></div>`;

extensionTest(
  "a screenshot is the element with 8 px around as it looks without the overlay, also where it is larger than the view",
  async (browser) => {
    await using world = await openWorld(browser, { pages: { "/long": PAGE } });
    const page = await browser.context.newPage();
    await page.goto(`${world.site}/long`);
    // Where the header is not in the way.
    await page.addStyleTag({ content: "header { visibility: hidden }" });
    const whole = await pixelsOf(await page.screenshot({ fullPage: true }));
    await page.addStyleTag({ content: "header { visibility: visible }" });
    for (const [number, selector] of ["#small", "#tall"].entries()) {
      const box = await page.locator(selector).boundingBox();
      assert.ok(box !== null);
      await startPointing(browser, page);
      await pointAt(page, page, selector, selector);
      await until(async () => (await world.elements()).length > number, "it is stored");
      const { id } = (await world.elements())[number];
      const { element } = await world.app.ask(SCREENSHOT, { id }, world.app.token);
      const { url, width, height } = element.screenshot;
      assert.deepEqual([width, height], [Math.ceil(box.width + 2 * MARGIN), Math.ceil(box.height + 2 * MARGIN)]);
      const response = await fetch(new URL(url, world.app.url), { headers: bearer(world.app.token) });
      const picture = await pixelsOf(new Uint8Array(await response.arrayBuffer()));
      const at = { left: Math.floor(box.x - MARGIN), top: Math.floor(box.y - MARGIN) };
      const difference = differenceAround(whole, picture, at, 1);
      assert.ok(difference < 0.01, `${selector}: ${difference}`);
    }
  },
);
