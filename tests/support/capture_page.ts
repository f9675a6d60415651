import { buildSync } from "esbuild";
import type { Page } from "playwright-core";

const ENTRY = new URL("../browser/capture_page.js", import.meta.url).pathname;

/** Bundled in memory and outside of any test: esbuild keeps a thread for the next time. */
const SCRIPT = bundleCapture();

/** Puts the capture library into the page as `capture`, past the page's Content-Security-Policy, as an extension's scripts are. */
export async function addCapture(page: Page): Promise<void> {
  await page.evaluate(SCRIPT);
}

/** A page with this body and the capture library in it. */
export async function showPage(page: Page, html: string): Promise<void> {
  await page.setContent(`<!doctype html><title>Shop</title>${html}`);
  await addCapture(page);
}

function bundleCapture(): string {
  const { outputFiles: [file] } = buildSync({ entryPoints: [ENTRY], bundle: true, write: false, format: "iife" });
  if (file === undefined) throw new Error("esbuild made nothing");
  return file.text;
}
