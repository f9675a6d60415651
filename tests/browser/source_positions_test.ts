import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { browserTest } from "../support/browser.ts";
import type { Data } from "../support/running_app.ts";
import { addSource } from "../support/source_page.ts";
import { serveApps, type ServedApp } from "../support/tool_chain.ts";

const APPS = {
  react: { title: "React 19", framework: "react", chain: "vite" },
  vue: { title: "Vue 3", framework: "vue", chain: "vite" },
  svelte: { title: "Svelte 5", framework: "svelte", chain: "vite" },
  solid: { title: "Solid", framework: "solid", chain: "vite" },
  vueinspector: { title: "Vue 3 with its inspector", framework: "vue", chain: "vite" },
  vueinspector_alike: { title: "Vue 3 with its inspector, alike,", framework: "vue", chain: "vite" },
  react18: { title: "React 18", framework: "react", chain: "vite" },
  react17: { title: "React 17", framework: "react", chain: "vite" },
  react16: { title: "React 16", framework: "react", chain: "vite" },
  next: { title: "Next.js with Turbopack", framework: "react", chain: "next" },
  astro: { title: "Astro", framework: "astro", chain: "astro" },
  angular: { title: "Angular", framework: "angular", chain: "angular" },
};
/** Apps full of elements that look alike, of which some can't be told apart: of those no line is said. */
const ALIKE = { react_alike: "React", vue_alike: "Vue", solid_alike: "Solid" };
/** `SOURCE_APPS=all` takes the apps of older frameworks and of larger tool chains too. */
const tested = Object.entries(APPS).slice(0, Deno.env.get("SOURCE_APPS") === "all" ? undefined : 4);

const apps = new Map<string, ServedApp>();
const stack = new AsyncDisposableStack();
Deno.test.beforeAll(async () => {
  for (const chain of new Set(tested.map(([, { chain }]) => chain))) {
    const names = tested.filter(([, app]) => app.chain === chain).map(([name]) => name);
    const served = stack.use(await serveApps(chain, chain === "vite" ? [...names, ...Object.keys(ALIKE)] : names));
    for (const [name, app] of served.apps) apps.set(name, app);
  }
});
Deno.test.afterAll(() => stack[Symbol.asyncDispose]());

interface Compared {
  tag: string;
  component: Data;
  milliseconds: number;
  /** "src/App.jsx:6:5" */
  truth: string;
}

/** What was found of each element of the page beside where the same element of its double says that it was written. */
async function compare(page: Page, { url, truthUrl, folder }: ServedApp): Promise<Compared[]> {
  await open(page, url);
  const found: Data[] = await page.evaluate(() => (globalThis as Data).source.findAll());
  await open(page, truthUrl);
  const truths: Data[] = await page.evaluate(() => (globalThis as Data).source.readTruth());
  assert.deepEqual(found.map(({ tag }) => tag), truths.map(({ tag }) => tag), "both pages have the same elements");
  const compared = found.map((each, index) => ({ ...each, ...truths[index] })).filter(({ truth }) => truth !== null);
  for (const each of compared) {
    if (each.component?.file) each.component.file = each.component.file.replace(`${folder}/`, "");
    if (each.component?.framework === "angular") each.truth = classOf(folder, each.truth);
  }
  return compared;
}

// Angular says where the class of a template is.
function classOf(folder: string, truth: string): string {
  const file = truth.replace(/\.html:.*/, ".ts");
  const lines = Deno.readTextFileSync(`${folder}/${file}`).split("\n");
  return `${file}:${lines.findIndex((line) => line.startsWith("export class")) + 1}`;
}

async function open(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.locator("footer").last().waitFor();
  await addSource(page);
}

/** Files, lines and columns that are not those of the truth, and elements without a line. */
function judge(compared: Compared[]): { wrong: string[]; missing: string[] } {
  const wrong: string[] = [];
  const missing: string[] = [];
  for (const { tag, component, truth } of compared) {
    const [file, line, column] = truth.split(":");
    const said = `<${tag}> of ${truth}: ${JSON.stringify(component)}`;
    if (component?.line === undefined) missing.push(said);
    const differs = [["file", file], ["line", Number(line)], ["column", Number(column)]].some(([name = "", true_]) =>
      component?.[name] !== undefined && component[name] !== true_
    );
    if (differs) wrong.push(said);
  }
  return { wrong, missing };
}

function report(title: string, compared: Compared[]): void {
  if (Deno.env.get("SOURCE_REPORT") !== "1") return;
  const { wrong, missing } = judge(compared);
  const slowest = Math.max(...compared.map(({ milliseconds }) => milliseconds));
  const figures = { elements: compared.length, wrong: wrong.length, missing, slowest };
  Deno.stdout.writeSync(new TextEncoder().encode(`${title} ${JSON.stringify(figures, null, 1)}\n`));
}

for (const [name, { title, framework }] of tested) {
  browserTest(`findComponent() finds file and line of what ${title} made, none wrong`, async (page) => {
    const app = apps.get(name);
    assert.ok(app);
    const compared = await compare(page, app);
    const { wrong, missing } = judge(compared);
    report(title, compared);
    assert.deepEqual(wrong, []);
    assert.ok(compared.length >= 50, `${compared.length} elements`);
    assert.ok(missing.length <= compared.length * 0.05, missing.join("\n"));
    assert.ok(compared.every(({ component }) => component.framework === framework));
  });
}

for (const [name, title] of Object.entries(ALIKE)) {
  browserTest(`findComponent() says no wrong place where elements that ${title} made look alike`, async (page) => {
    const app = apps.get(name);
    assert.ok(app);
    const compared = await compare(page, app);
    report(`${title}, alike`, compared);
    assert.deepEqual(judge(compared).wrong, []);
    assert.ok(compared.length > 10);
  });
}
