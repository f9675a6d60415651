import { buildSync } from "esbuild";
import type { Page } from "playwright-core";
import type { Data } from "./running_app.ts";

const ENTRY = new URL("../browser/live_page.js", import.meta.url).pathname;
const [SCRIPT] = buildSync({ entryPoints: [ENTRY], bundle: true, write: false, format: "iife" }).outputFiles;

/** Runs a function in a page with `held`, what `live_page.js` offers, and an argument. */
export type Run = <Result = Data>(action: string, argument?: unknown) => Promise<Result>;

/** Shows HTML in a page, with what watches its elements. */
export async function openLivePage(page: Page, html: string): Promise<Run> {
  await page.setContent(`<!doctype html>${html}`);
  await page.addScriptTag({ content: SCRIPT?.text ?? "" });
  return (action, argument = null) => page.evaluate(`(${action})(held, ${JSON.stringify(argument)})`);
}
