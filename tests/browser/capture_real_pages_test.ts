import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { browserTest } from "../support/browser.ts";
import { installRealPages, REAL_PAGES, type RealPage, serveRealPage, showRealPage } from "../support/real_pages.ts";

/** The whole proof: `CAPTURE_PAGES=all CAPTURE_ELEMENTS=50 CAPTURE_TABLE=1`, which prints a table. */
const { CAPTURE_PAGES = "3", CAPTURE_ELEMENTS = "15", CAPTURE_SEED = "1", CAPTURE_TABLE } = Deno.env.toObject();
const PAGES = CAPTURE_PAGES === "all" ? REAL_PAGES : REAL_PAGES.slice(0, Number(CAPTURE_PAGES));
/** How builds name things, in turn; Tailwind's classes stay beside those of emotion. */
const BUILDS = ["emotion", "modules", "styled"];

/** How an element is found, and where it was. */
interface Sample {
  selector: string;
  fingerprint: unknown;
  place: string;
  html: string;
  isFound: boolean;
}

/** What became of a page's elements: how many of them, by what held. */
interface Outcome {
  name: string;
  elements: number;
  unique: number;
  reloaded: number;
  found: number;
  unsure: number;
  wrong: number;
  /** The page itself made others in their place. */
  gone: number;
  /** Of elements that were taken away: those for which another one was taken. */
  mistaken: number;
  /** Characters of the selector in the middle. */
  length: number;
  problems: string[];
}

async function tryPage(page: Page, real: RealPage, build: string): Promise<Outcome> {
  await using site = serveRealPage(real);
  const url = `${site.url}${real.path}`;
  const run = <Result>(call: string): Promise<Result> => page.evaluate(`renders.${call}`);
  await showRealPage(page, url);
  await run(`nameAs("${build}", "first")`);
  const samples = await run<Sample[]>(`pick(${CAPTURE_ELEMENTS}, ${CAPTURE_SEED})`);
  await run(`rerender("${build}", ${CAPTURE_SEED})`);
  const again = await run<string[]>(`findPicked(${JSON.stringify(samples)})`);
  const mistaken = await run<(string | null)[]>(`findRemoved(${JSON.stringify(samples)})`);
  await showRealPage(page, url);
  await run(`nameAs("${build}", "first")`);
  const places = await run<(string | null)[]>(`placesOf(${JSON.stringify(samples.map(({ selector }) => selector))})`);
  return judge(real, samples, { again, places, mistaken });
}

function judge(
  { site, path }: RealPage,
  samples: Sample[],
  { again, places, mistaken }: { again: string[]; places: (string | null)[]; mistaken: (string | null)[] },
): Outcome {
  const count = (kind: string) => again.filter((one) => one === kind).length;
  const problems = samples.flatMap(({ selector, place, html, isFound }, at) => {
    if (mistaken[at] !== null) return [`taken for one that went away: ${mistaken[at]} for ${selector} ${html}`];
    if (!isFound) return [`not unique: ${selector} ${html}`];
    if (places[at] !== place) return [`another after a reload: ${selector} ${html}`];
    return again[at] === "found" || again[at] === "gone" ? [] : [`${again[at]}: ${selector} ${html}`];
  });
  return {
    name: `${site.replace("node_modules/", "") || "tests/pages"}/${path}`,
    elements: samples.length,
    unique: samples.filter(({ isFound }) => isFound).length,
    reloaded: samples.filter(({ place }, at) => places[at] === place).length,
    found: count("found"),
    unsure: count("unsure"),
    wrong: count("wrong"),
    gone: count("gone"),
    mistaken: mistaken.filter((html) => html !== null).length,
    length: samples.map(({ selector }) => selector.length).sort((a, b) => a - b)[samples.length >> 1] ?? 0,
    problems,
  };
}

function tableOf(outcomes: Outcome[]): string {
  const columns = ["elements", "unique", "reloaded", "found", "unsure", "wrong", "gone", "mistaken", "length"] as const;
  const rows = outcomes.map((outcome) =>
    `| ${outcome.name} | ${columns.map((column) => outcome[column]).join(" | ")} |`
  );
  return [`| page | ${columns.join(" | ")} |`, `| --- |${" ---: |".repeat(columns.length)}`, ...rows].join("\n");
}

browserTest(
  "elements of real pages are found by their selectors alone, also after a reload, and by fingerprint after a re-render",
  async (page) => {
    await installRealPages();
    const outcomes: Outcome[] = [];
    for (const [at, real] of PAGES.entries()) {
      const build = real.kind === "Tailwind" ? BUILDS[0] : BUILDS[at % BUILDS.length];
      outcomes.push(await tryPage(page, real, build ?? ""));
    }
    const sum = (field: "elements" | "unique" | "reloaded" | "found" | "wrong" | "gone" | "mistaken") =>
      outcomes.reduce((sum, outcome) => sum + outcome[field], 0);
    const report = `${tableOf(outcomes)}\n${outcomes.flatMap(({ problems }) => problems).join("\n")}`;
    // deno-lint-ignore no-console -- asked for
    if (CAPTURE_TABLE !== undefined) console.log(report);
    assert.equal(sum("unique"), sum("elements"), report);
    assert.equal(sum("reloaded"), sum("elements"), report);
    assert.equal(sum("wrong"), 0, report);
    assert.equal(sum("mistaken"), 0, report);
    assert.ok(sum("found") >= 0.95 * (sum("elements") - sum("gone")), report);
  },
);
