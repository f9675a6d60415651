import assert from "node:assert/strict";
import { extensionTest } from "../support/extension.ts";
import { openWorld } from "../support/extension_world.ts";
import { pointAt, startPointing, untilMarked } from "../support/pointing.ts";

/** Fields that a form gives out in the place of what it has itself; the second form is made to break who looks at it. */
const FORMS = `<title>Forms</title><style>form { padding: 40px }</style>
  <form id="trip" class="wide"><input type="hidden" name="id" value="7"><input type="hidden" name="children"><input type="hidden" name="attributes"><input type="hidden" name="classList"></form>
  <form id="trap"><input type="hidden" name="textContent"><input type="hidden" name="parentNode"><input type="hidden" name="childNodes"></form>`;

extensionTest(
  "a form is captured whatever its fields are called, and what can't be captured is marked so",
  async (browser) => {
    await using world = await openWorld(browser, { pages: { "/forms": FORMS } });
    const page = await browser.context.newPage();
    await page.goto(`${world.site}/forms`);
    await startPointing(browser, page);
    await pointAt(page, page, "#trip", "Fewer fields");
    await untilMarked(page, "sent");
    const [{ selector, note }] = await world.elements();
    assert.deepEqual([selector, note], ["#trip", "Fewer fields"]);
    await startPointing(browser, page);
    await pointAt(page, page, "#trap", "Try this");
    await untilMarked(page, "failed");
  },
);
