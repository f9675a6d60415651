import { buildSync } from "esbuild";
import type { Page } from "playwright-core";

const ENTRY = new URL("../browser/source_page.js", import.meta.url).pathname;

/** Puts the finder of source positions into a page; bundled once, in memory. */
export async function addSource(page: Page): Promise<void> {
  await page.addScriptTag({ content: SOURCE_SCRIPT });
}

/** The finder as one script, with `source` for tests to call. */
export const SOURCE_SCRIPT = bundle();

function bundle(): string {
  const { outputFiles: [file] } = buildSync({ entryPoints: [ENTRY], bundle: true, write: false, format: "iife" });
  if (file === undefined) throw new Error("esbuild made nothing");
  return file.text;
}
