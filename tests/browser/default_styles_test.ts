import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { browserTest } from "../support/browser.ts";

const READER = new URL("read_styles.js", import.meta.url).pathname;
const FILE = new URL("../../src/elements/_default_styles.json", import.meta.url);
/** Tags of every kind, and of them what every browser agrees about since long ago: other fonts and newer properties come with another Chromium. */
const TAGS = [
  "a:href",
  "blockquote",
  "button",
  "div",
  "fieldset",
  "h1",
  "h3",
  "input",
  "input:checkbox",
  "li",
  "p",
  "pre",
  "table",
  "td",
  "ul",
];
const PROPERTIES =
  /^(display|position|(margin|padding)-(top|right|bottom|left)|border-.*-(width|style)|box-sizing|color|font-(weight|style)|text-align|list-style-type|white-space-collapse)$/;

/** What each tag has by default, by the names of its properties. */
interface DefaultStyles {
  base: Record<string, string>;
  shorthands: Record<string, string>;
  tags: Record<string, Record<string, string>>;
}

async function readDefaultStyles(page: Page): Promise<DefaultStyles> {
  await page.setContent("<!doctype html><title>Defaults</title>");
  await page.addScriptTag({ path: READER });
  return await page.evaluate("fingerpost.readDefaultStyles()");
}

browserTest("the defaults of tags are those of Chromium", async (page) => {
  const read = await readDefaultStyles(page);
  if (Deno.env.get("WRITE_SNAPSHOTS") === "1") await Deno.writeTextFile(FILE, `${JSON.stringify(read, null, 2)}\n`);
  const kept: DefaultStyles = JSON.parse(await Deno.readTextFile(FILE));
  const core = ({ base, tags }: DefaultStyles, tag: string) =>
    Object.entries({ ...base, ...tags[tag] }).filter(([name]) => PROPERTIES.test(name)).sort();
  for (const tag of TAGS) {
    assert.deepEqual(core(kept, tag), core(read, tag), `${tag}; WRITE_SNAPSHOTS=1 writes the file anew`);
  }
  assert.ok(core(kept, "button").length > 25, String(core(kept, "button").length));
  assert.deepEqual(Object.keys(kept.tags), Object.keys(read.tags));
});
