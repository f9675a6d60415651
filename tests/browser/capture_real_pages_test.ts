import assert from "node:assert/strict";
import { browserTest } from "../support/browser.ts";
import { installRealPages, REAL_PAGES, type RealPage, serveRealPage, showRealPage } from "../support/real_pages.ts";
import type { Page } from "playwright-core";

/** How many pages, and how many elements of each: CAPTURE_PAGES=23 CAPTURE_ELEMENTS=50 is the whole proof. */
const PAGES = Number(Deno.env.get("CAPTURE_PAGES") ?? 3);
const ELEMENTS = Number(Deno.env.get("CAPTURE_ELEMENTS") ?? 15);
const SEED = Number(Deno.env.get("CAPTURE_SEED") ?? 1);
const BUILDS = ["emotion", "modules", "styled"];

interface Sample {
  selector: string;
  fingerprint: unknown;
  place: string;
  html: string;
  isFound: boolean;
}

interface Result {
  page: string;
  elements: number;
  unique: number;
  reloaded: number;
  found: number;
  unsure: number;
  wrong: number;
  gone: number;
  length: number;
  problems: string[];
}

async function tryPage(page: Page, real: RealPage, build: string): Promise<Result> {
  await using site = serveRealPage(real);
  const url = `${site.url}${real.path}`;
  const name = () =>
    page.evaluate(([build, salt]) => Reflect.get(globalThis, "renders").nameAs(build, salt), [build, "first"]);
  await showRealPage(page, url);
  await name();
  const samples: Sample[] = await page.evaluate(
    ([count, seed]) => Reflect.get(globalThis, "renders").pick(count, seed),
    [ELEMENTS, SEED],
  );
  await page.evaluate(
    ([build, seed]) => Reflect.get(globalThis, "renders").rerender(build, seed),
    [build, SEED] as const,
  );
  const again: string[] = await page.evaluate(
    (samples) => Reflect.get(globalThis, "renders").findPicked(samples),
    samples,
  );
  await showRealPage(page, url);
  await name();
  const selectors = samples.map(({ selector }) => selector);
  const places: (string | null)[] = await page.evaluate(
    (selectors) => Reflect.get(globalThis, "renders").placesOf(selectors),
    selectors,
  );
  const count = (kind: string) => again.filter((one) => one === kind).length;
  const problems = samples.flatMap(({ selector, place, html, isFound }, at) => {
    if (!isFound) return [`not unique: ${selector} ${html}`];
    if (places[at] !== place) return [`not after a reload: ${selector} ${html} ${place} ${places[at]}`];
    return again[at] === "found" || again[at] === "gone" ? [] : [`${again[at]}: ${selector} ${html}`];
  });
  return {
    page: `${real.site.replace("node_modules/", "") || "tests/pages"}/${real.path}`,
    elements: samples.length,
    unique: samples.filter(({ isFound }) => isFound).length,
    reloaded: samples.filter(({ place }, at) => places[at] === place).length,
    found: count("found"),
    unsure: count("unsure"),
    wrong: count("wrong"),
    gone: count("gone"),
    length: selectors.map(({ length }) => length).sort((a, b) => a - b)[Math.floor(selectors.length / 2)] ?? 0,
    problems,
  };
}

browserTest(
  "selectors of real pages find their elements alone, again after a reload, and by fingerprint after a re-render",
  async (page) => {
    await installRealPages();
    const results: Result[] = [];
    for (const [at, real] of REAL_PAGES.slice(0, PAGES).entries()) {
      results.push(
        await tryPage(page, real, real.kind === "Tailwind" ? "emotion" : BUILDS[at % BUILDS.length] ?? "emotion"),
      );
    }
    const sum = (field: "elements" | "unique" | "reloaded" | "found" | "wrong" | "gone") =>
      results.reduce((sum, one) => sum + one[field], 0);
    const report = results.map((result) => JSON.stringify(result, null, 1)).join("\n");
    if (Deno.env.has("CAPTURE_TABLE")) await Deno.writeTextFile(Deno.env.get("CAPTURE_TABLE") ?? "", report);
    assert.equal(sum("unique"), sum("elements"), report);
    assert.equal(sum("reloaded"), sum("elements"), report);
    assert.equal(sum("wrong"), 0, report);
    assert.ok(sum("found") >= 0.95 * (sum("elements") - sum("gone")), report);
  },
);
