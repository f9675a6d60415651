import assert from "node:assert/strict";
import { buildSync } from "esbuild";
import type { Page } from "playwright-core";
import { browserTest } from "../support/browser.ts";
import type { Data } from "../support/running_app.ts";
import { serveApp } from "../support/tool_chain.ts";

const SCRIPT = bundle();
/** How many elements of each app are asked about; all of them where more are wanted than there are. */
const ELEMENTS = Number(Deno.env.get("SOURCE_ELEMENTS") ?? "1000");

interface Found {
  tag: string;
  component: Data;
  milliseconds: number;
}

/** What was found of each element of the page beside where the same element of its double says that it was written. */
async function compare(page: Page, framework: string, app = framework): Promise<{ found: Found; truth: string }[]> {
  await using served = await serveApp(framework, app);
  await open(page, served.url);
  const found: Found[] = await page.evaluate((limit) => (globalThis as Data).findAll(limit), ELEMENTS);
  await open(page, served.truthUrl);
  const truths: Data[] = await page.evaluate((limit) => (globalThis as Data).readTruth(limit), ELEMENTS);
  assert.deepEqual(found.map(({ tag }) => tag), truths.map(({ tag }) => tag), "both pages have the same elements");
  return found.map((each, index) => ({ found: withoutFolder(each, served.folder), truth: truths[index].truth }))
    .filter(({ truth }) => truth !== null);
}

async function open(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.locator("footer").last().waitFor();
  await page.addScriptTag({ content: SCRIPT });
}

function withoutFolder(found: Found, folder: string): Found {
  const file = found.component?.file?.replace(`${folder}/`, "");
  return file === undefined ? found : { ...found, component: { ...found.component, file } };
}

function bundle(): string {
  const entry = new URL("source_page.js", import.meta.url).pathname;
  const { outputFiles: [file] } = buildSync({ entryPoints: [entry], bundle: true, write: false, format: "iife" });
  if (file === undefined) throw new Error("esbuild made nothing");
  return file.text;
}

/** Files and lines that are not those of the truth, and the share of elements of which both were found. */
function judge(compared: { found: Found; truth: string }[]): { wrong: string[]; missing: string[]; share: number } {
  const wrong: string[] = [];
  const missing: string[] = [];
  for (const { found: { tag, component }, truth } of compared) {
    const [file, line] = truth.split(":");
    const said = `<${tag}> of ${truth}: ${JSON.stringify(component)}`;
    if (component?.line === undefined) missing.push(said);
    if (component?.file !== undefined && component.file !== file) wrong.push(said);
    else if (component?.line !== undefined && component.line !== Number(line)) wrong.push(said);
  }
  return { wrong, missing, share: 1 - missing.length / compared.length };
}

const FRAMEWORKS = { react: "React 19", vue: "Vue 3", svelte: "Svelte 5", solid: "Solid" } as const;

for (const [framework, title] of Object.entries(FRAMEWORKS)) {
  browserTest(
    `findComponent() finds file and line of elements that ${title} and Vite made, none wrong`,
    async (page) => {
      const compared = await compare(page, framework);
      const { wrong, missing, share } = judge(compared);
      if (Deno.env.get("SOURCE_REPORT") === "1") {
        const slowest = Math.max(...compared.map(({ found }) => found.milliseconds));
        console.log(
          `${title}: ${compared.length} elements, ${wrong.length} wrong, ${missing.length} missing (${
            missing.join("; ")
          }), slowest ${slowest} ms`,
        );
      }
      assert.deepEqual(wrong, []);
      assert.ok(compared.length >= 50, `${compared.length} elements`);
      assert.ok(share >= 0.95, missing.join("\n"));
      assert.ok(compared.every(({ found }) => found.component.framework === framework));
    },
  );
}
