import { type Browser, chromium, type Page } from "playwright-core";
import { isFile, testNeeding } from "./needed_program.ts";

const USUAL_PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
/** What Chromium is started with. */
export const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
/** How long a page may take for any one step; a condition that does not come by then never does. */
export const STEP_TIMEOUT_MS = 10_000;

const named = Deno.env.get("CHROMIUM_PATH");
const places = named ? [named] : USUAL_PLACES;
const executable = places.find(isFile) ?? null;
const absence = `no Chromium at ${places.join(", ")}; CHROMIUM_PATH says where one is`;
let browser: Browser | null = null;
let hasHooks = false;

/**
 * Registers a test in a new, empty window of Chromium. Without one it is skipped and says so, or fails where `REQUIRE_BROWSER=1`; as it does
 * where something else is missing.
 */
export function browserTest(
  name: string,
  test: (page: Page) => Promise<void>,
  { missing = null }: { missing?: string | null } = {},
): void {
  if (executable !== null && !hasHooks) launchOnce(executable);
  testWithChromium(name, async () => {
    if (browser === null) throw new Error(`Cannot run a browser test: ${absence}`);
    const context = await browser.newContext({ viewport: { width: 1_280, height: 800 } });
    try {
      context.setDefaultTimeout(STEP_TIMEOUT_MS);
      await test(await context.newPage());
    } finally {
      await context.close();
    }
  }, { missing });
}

/** Registers a test that starts Chromium itself; skipped or failing as `browserTest` where there is none. */
export function testWithChromium(
  name: string,
  test: (executablePath: string) => Promise<void>,
  { missing = null }: { missing?: string | null } = {},
): void {
  testNeeding({ missing: executable === null ? absence : missing }, name, () => test(chromiumPath()));
}

/** Where Chromium is. Throws where there is none. */
export function chromiumPath(): string {
  if (executable === null) throw new Error(`Cannot start Chromium: ${absence}`);
  return executable;
}

// One browser for all tests of a file, outside of them: its process lives longer than any one.
function launchOnce(executablePath: string): void {
  hasHooks = true;
  Deno.test.beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: ARGUMENTS });
  });
  Deno.test.afterAll(async () => {
    await browser?.close();
  });
}
