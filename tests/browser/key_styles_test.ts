import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { keyStylesOf } from "../../src/elements/_key_styles.ts";
import { browserTest } from "../support/browser.ts";

const READER = new URL("read_styles.js", import.meta.url).pathname;

type Collector = "collectStyles" | "collectByScriptNames";

async function open(page: Page, html: string): Promise<void> {
  await page.setContent(html);
  await page.addScriptTag({ path: READER });
}

async function keyStyles(
  page: Page,
  selector: string,
  collector: Collector = "collectStyles",
): Promise<Record<string, unknown>> {
  return keyStylesOf(await page.evaluate(`fingerpost.${collector}(${JSON.stringify(selector)})`));
}

const PLAIN =
  `a abbr address article b blockquote button code dd del details dialog div dl dt em fieldset figure form h1 h2 h3 h4 h5 h6 hr i
  iframe input kbd label main mark nav ol p pre select section small span strong sub sup svg table textarea ul x-own`
    .split(/\s+/);

browserTest(
  "an element that no sheet says anything of has no key styles, by either spelling of names",
  async (page) => {
    const markup = PLAIN.map((tag) => `<${tag}></${tag}>`).join("");
    await open(
      page,
      `<!doctype html>${markup}<input type="checkbox"><a href="#">a</a><table><tr><td>1</table><ul><li>2</ul>`,
    );
    const selectors = ["html", "body", ...PLAIN, "[type=checkbox]", "[href]", "tr", "td", "li"];
    for (const selector of selectors) {
      assert.deepEqual(await keyStyles(page, selector), {}, selector);
      assert.deepEqual(
        await keyStyles(page, selector, "collectByScriptNames"),
        {},
        `${selector} by JavaScript's names`,
      );
    }
  },
);

const TEXT = { color: "rgb(40, 40, 40)", "font-family": "sans-serif", "font-size": "14px", "line-height": "21px" };
const SHEET = `
  body { font: 14px/1.5 sans-serif; color: rgb(40, 40, 40) }
  .bar { display: flex; gap: 4px 8px; width: 400px }
  button { border: 1px solid; padding: 4px 12px; margin: 0 auto 8px; border-radius: 4px; background: rgb(0, 80, 200); color: white }
  p { border-bottom: 2px dashed red; overflow: hidden; margin-inline-start: 3px; font-size: 20px }
  .nothing { border-width: 0; border-style: solid; border-color: red; outline-color: blue }
  hr { border: 0 }
  .moved { position: relative; top: 3px; display: inline-block; transform: scale(2); transform-origin: 0 0; --brand: #fff }`;
/** Each element's key styles in their order. */
const SAID: Record<string, Record<string, string>> = {
  ".bar": { display: "flex", gap: "4px 8px", ...TEXT },
  "button": {
    display: "block",
    margin: "0px 171.25px 8px",
    padding: "4px 12px",
    border: "1px solid rgb(255, 255, 255)",
    "border-radius": "4px",
    "background-color": "rgb(0, 80, 200)",
    color: "rgb(255, 255, 255)",
  },
  "p": {
    overflow: "hidden",
    "margin-left": "3px",
    "border-bottom": "2px dashed rgb(255, 0, 0)",
    ...TEXT,
    "font-size": "20px",
    "line-height": "30px",
  },
  ".nothing": TEXT,
  "hr": {
    "border-width": "0px",
    "border-style": "none",
    "font-family": "sans-serif",
    "font-size": "14px",
    "line-height": "21px",
  },
  ".moved": {
    display: "inline-block",
    position: "relative",
    top: "3px",
    width: "20px",
    height: "21px",
    ...TEXT,
    transform: "matrix(2, 0, 0, 2, 0, 0)",
    "transform-origin": "0px 0px",
    "--brand": "#fff",
  },
};

browserTest(
  "key styles are what a sheet said, most useful first, each as the browser answers when it is asked for it",
  async (page) => {
    await open(
      page,
      `<!doctype html><style>${SHEET}</style><div class="bar"><button style="width: 57.5px">Pay</button></div><p>Text</p>
    <i class="nothing">i</i><hr><b class="moved" style="width: 20px">b</b>`,
    );
    for (const [selector, styles] of Object.entries(SAID)) {
      const found = await keyStyles(page, selector);
      assert.deepEqual(Object.entries(found), Object.entries(styles), selector);
      const answers = await page.evaluate(
        `fingerpost.askFor(${JSON.stringify(selector)}, ${JSON.stringify(Object.keys(found))})`,
      );
      assert.deepEqual(found, answers, selector);
      const { "--brand": _unlisted, ...listed } = found;
      assert.deepEqual(await keyStyles(page, selector, "collectByScriptNames"), listed, selector);
    }
  },
);
