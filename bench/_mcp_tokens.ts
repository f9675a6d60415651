// deno-lint-ignore-file no-console -- the tables are what a bench is for
import type { Data } from "../tests/support/running_app.ts";
import { quantile, textTokens, tokensOf } from "./_mcp_figures.ts";
import type { LineServer } from "./_mcp_lines.ts";
import {
  type BenchPage,
  captureFrom,
  type Destination,
  openBrowser,
  openPage,
  openPages,
  snapshotTokens,
} from "./_mcp_pages.ts";

/** What is asked of each tool for its typical answer. */
function inputsOf(elementId: string): Record<string, Record<string, unknown>> {
  return {
    get_element: { elementId },
    get_element_screenshot: { elementId },
    search_elements: { query: "total" },
    watch_elements: { after: 0, timeoutSeconds: 0 },
    set_element_status: { elementId, status: "ACKNOWLEDGED" },
    comment_on_element: { elementId, body: "Moved it by 4 px" },
    inspect_element: { elementId },
    highlight_element: { elementId },
  };
}

/** Prints what a model reads of ours, and of chrome-devtools-mcp's snapshots of the same pages. */
export async function printTokens(server: LineServer, destination: Destination, devtools: string): Promise<void> {
  await using site = await openPages();
  const browser = await openBrowser();
  try {
    const snapshots = await snapshotTokens(site.pages, devtools);
    const rows: Record<string, Record<string, string>> = {};
    for (const page of site.pages) {
      const tokens = await pointAt(page, { server, destination, browser });
      const [median, most] = [quantile(tokens, 0.5), Math.max(...tokens)];
      const snapshot = snapshots[page.name] ?? NaN;
      rows[page.name] = {
        "snapshot": String(snapshot),
        "ours, median of 20": String(median),
        "ours, most": String(most),
        "median to snapshot": (median / snapshot).toFixed(2),
        "most to snapshot": (most / snapshot).toFixed(2),
      };
    }
    console.log("tokens (bytes / 4) of get_pointed_element and of chrome-devtools-mcp's take_snapshot");
    console.table(rows);
  } finally {
    await browser.close();
  }
  await printTools(server);
}

async function pointAt(
  page: BenchPage,
  { server, destination, browser }: {
    server: LineServer;
    destination: Destination;
    browser: Awaited<ReturnType<typeof openBrowser>>;
  },
): Promise<number[]> {
  const tab = await openPage(browser, page);
  const tokens: number[] = [];
  for (const selector of page.selectors) {
    await captureFrom(tab, selector, destination);
    const result = await server.request("tools/call", { name: "get_pointed_element", arguments: {} });
    requireWhole(result);
    tokens.push(textTokens(result));
  }
  await tab.close();
  return tokens;
}

// Few tokens are nothing worth where what matters is missing.
function requireWhole({ content, structuredContent: { pointedElement } }: Data): void {
  const text: string = content.map(({ text = "" }: { text?: string }) => text).join("\n");
  for (const part of ["src/cart/PayButton.tsx", "Line this up", "styles: ", String(pointedElement.selector)]) {
    if (!text.includes(part)) throw new Error(`The answer lacks "${part}": ${text}`);
  }
}

async function printTools(server: LineServer): Promise<void> {
  const list = await server.request("tools/list");
  console.log(`tokens of tools/list: ${tokensOf(list)}`);
  const pointed = await server.request("tools/call", { name: "get_pointed_element", arguments: {} });
  const inputs = inputsOf(pointed.structuredContent.pointedElement.id);
  const rows: Record<string, Record<string, string>> = {};
  for (const { name } of list.tools) {
    const result = await server.request("tools/call", { name, arguments: inputs[name] ?? {} }).catch(String);
    rows[name] = typeof result === "string"
      ? { text: /[A-Z]+(?:_[A-Z]+)*: /.exec(result)?.[0] ?? result }
      : { text: String(textTokens(result)), structured: String(tokensOf(result.structuredContent)) };
  }
  console.log("tokens of each tool's typical answer");
  console.table(rows);
}
