import { type Browser, chromium, type Page } from "playwright-core";
import { openDocumentationPage } from "../tests/support/documentation_page.ts";
import type { Data } from "../tests/support/running_app.ts";
import { startLineServer } from "./_mcp_lines.ts";
import { textTokens } from "./_mcp_figures.ts";

/** A page, and the 20 elements of it that are pointed at. */
export interface BenchPage {
  name: string;
  url: string;
  selectors: string[];
}

/** Where an element is captured to. */
export interface Destination {
  url: string;
  token: string;
}

const ELEMENTS = 20;
const CHROMIUM = Deno.env.get("CHROMIUM_PATH") ?? "/usr/bin/chromium";
const FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"];
const COLLECTOR = new URL("../tests/browser/collect_element.js", import.meta.url).pathname;
const CAPTURE = `mutation ($input: CaptureElementInput!) { captureElement(input: $input) { id } }`;
/** What the page's framework would say of each. */
const COMPONENT = { framework: "react", name: "PayButton", file: "src/cart/PayButton.tsx", line: 42, column: 7 };

/** Serves the two pages: a documentation with hundreds of elements, and a form that has just 20 controls. */
export async function openPages(): Promise<AsyncDisposable & { pages: BenchPage[] }> {
  const documentation = await openDocumentationPage();
  const headers = { "content-type": "text/html; charset=utf-8" };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
    return new Response(FORM, { headers });
  });
  const spread = (selector: string) => Array.from({ length: ELEMENTS }, (_, index) => `${selector} >> nth=${index}`);
  return {
    pages: [
      { name: "documentation", url: documentation.url, selectors: spread("main :is(h1, h2, p, pre, table, li)") },
      { name: "form", url: `http://127.0.0.1:${server.addr.port}/`, selectors: spread(":is(input, select, button)") },
    ],
    [Symbol.asyncDispose]: async () => {
      await documentation[Symbol.asyncDispose]();
      await server.shutdown();
    },
  };
}

/** Opens a browser that captures. */
export async function openBrowser(): Promise<Browser> {
  return await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

/** Opens a page for capturing. */
export async function openPage(browser: Browser, { url }: BenchPage): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1_280, height: 800 } });
  await page.goto(url);
  await page.addScriptTag({ path: COLLECTOR });
  return page;
}

/** Captures an element as a page does, with all of its computed styles, the component behind it and a note. */
export async function captureFrom(page: Page, selector: string, { url, token }: Destination): Promise<void> {
  // What the collector names it by.
  const path = await page.locator(selector).evaluate((element: Data) => (globalThis as Data).selectorOf(element));
  const given = {
    url: `${url}/graphql`,
    token,
    selector: path,
    query: CAPTURE,
    extra: { component: COMPONENT, note: "Line this up with the total", pageId: "tab-1" },
  };
  const { received } = await page.evaluate(
    (given: Data) => (globalThis as Data).fingerpost.captureElement(given),
    given,
  );
  if (JSON.parse(received).errors !== undefined) throw new Error(received);
}

/** Tokens of chrome-devtools-mcp's snapshot of each page, by name. */
export async function snapshotTokens(pages: BenchPage[], script: string): Promise<Record<string, number>> {
  const switches = [
    "--headless",
    "--isolated",
    "--no-page-id-routing",
    "--no-usage-statistics",
    "--no-performance-crux",
  ];
  const args = [script, ...switches, "--executablePath", CHROMIUM, ...FLAGS.map((flag) => `--chromeArg=${flag}`)];
  await using server = await startLineServer({ command: "node", args });
  const tokens: Record<string, number> = {};
  for (const { name, url } of pages) {
    await server.request("tools/call", { name: "navigate_page", arguments: { type: "url", url } });
    tokens[name] = textTokens(await server.request("tools/call", { name: "take_snapshot", arguments: {} }));
  }
  return tokens;
}

const FIELDS = ["Name", "Street", "House", "Postcode", "Town", "Country", "E-mail", "Phone", "Card", "Expires", "Code"];
const FORM = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Checkout</title><link rel="icon" href="data:,"><style>
body { font: 16px/1.5 system-ui, sans-serif; color: #1c2433; }
form { display: grid; gap: 12px; max-width: 480px; margin: 2rem auto; }
label { display: grid; grid-template-columns: 140px 1fr; align-items: center; }
input, select { padding: 6px 8px; border: 1px solid #8894aa; border-radius: 6px; font: inherit; }
.button { padding: 8px 16px; border: 0; border-radius: 999px; background: #b5179e; color: #fff; font-weight: 600; }
</style></head><body><h1>Checkout</h1><form>
${FIELDS.map((name) => `<label>${name} <input name="${name.toLowerCase()}" required></label>`).join("\n")}
<label>Delivery <select name="delivery"><option>Standard</option><option>Express</option></select></label>
<label>Gift <input type="checkbox" name="gift"></label>
<label>Voucher <input name="voucher"></label>
${
  ["Apply", "Back", "Save", "Pay now", "Help", "Cancel"].map((name) => `<button class="button">${name}</button>`).join(
    "\n",
  )
}
</form></body></html>`;
