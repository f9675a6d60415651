import { buildSync } from "esbuild";
import type { Frame, Page } from "playwright-core";
import type { Data } from "./running_app.ts";

const ENTRY = new URL("../browser/live_page.js", import.meta.url).pathname;
const [SCRIPT] = buildSync({ entryPoints: [ENTRY], bundle: true, write: false, format: "iife" }).outputFiles;

/** Runs a function in a page with `held`, what `live_page.js` offers, and an argument. */
export type Run = <Result = Data>(action: string, argument?: unknown) => Promise<Result>;

/** Shows HTML in a page or a frame, with what watches its elements; `framePath` finds the frame. */
export async function openLivePage(page: Page | Frame, html: string, framePath = ""): Promise<Run> {
  await page.setContent(`<!doctype html>${html}`);
  await page.evaluate(`globalThis.framePath = ${JSON.stringify(framePath)}`);
  await page.addScriptTag({ content: SCRIPT?.text ?? "" });
  return (action, argument = null) => page.evaluate(`(${action})(held, ${JSON.stringify(argument)})`);
}
