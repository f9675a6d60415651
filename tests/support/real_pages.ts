import { buildSync } from "esbuild";
import type { Page } from "playwright-core";
import { addCapture } from "./capture_page.ts";

const FOLDER = new URL("../pages/", import.meta.url);
const DRIVER = new URL("../browser/page_renders.js", import.meta.url).pathname;
const TYPES: Record<string, string> = {
  html: "text/html",
  js: "text/javascript",
  mjs: "text/javascript",
  css: "text/css",
  svg: "image/svg+xml",
  json: "application/json",
  png: "image/png",
  jpg: "image/jpeg",
  woff2: "font/woff2",
  woff: "font/woff",
  ttf: "font/ttf",
};

/** A page that others made, from their npm package; or one of ours of their components. */
export interface RealPage {
  /** The folder that the page takes for its site's, and its path from there. */
  site: string;
  path: string;
  kind: string;
}

const of = (site: string, kind: string, ...paths: string[]): RealPage[] =>
  paths.map((path) => ({ site: site === "" ? "" : `node_modules/${site}`, path, kind }));

/** Twenty-odd, every kind among the first few. */
export const REAL_PAGES: RealPage[] = [
  ...of("", "Shoelace, shadow trees", "shoelace.html"),
  ...of("tailgrids", "Tailwind", "application/tables/tables-01.html"),
  ...of("gentelella/dist", "dashboard", "production/tables_dynamic.html"),
  ...of("", "frames", "frames.html"),
  ...of("", "Material Web, shadow trees", "material.html"),
  ...of("tailgrids", "Tailwind", "core-components/breadcrumbs/breadcrumbs.html", "marketing/pricings/pricing-01.html"),
  ...of("tailgrids", "Tailwind", "core-components/lists/lists.html"),
  ...of("gentelella/dist", "dashboard", "production/index.html", "production/form.html", "production/kanban.html"),
  ...of("gentelella/dist", "dashboard", "production/inbox.html", "production/orders.html"),
  ...of("soft-ui-dashboard", "Bootstrap", "pages/dashboard.html", "pages/tables.html", "pages/billing.html"),
  ...of("uikit", "documentation", "tests/navbar.html", "tests/table.html"),
  ...of("reveal.js", "slides", "demo.html"),
  ...of("impress.js", "slides", "index.html"),
  ...of("jquery-ui-dist", "demo", "index.html"),
  ...of("hint.css", "demo", "demo.html"),
  ...of("@vscode/codicons", "icons", "dist/codicon.html"),
];

/** Installs what the pages are made of, by their own lock file, if it is not there yet. */
export async function installRealPages(): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), { args: ["install", "--frozen"], cwd: FOLDER })
    .output();
  if (!success) throw new Error(`Cannot install tests/pages: ${new TextDecoder().decode(stderr)}`);
}

/** Serves the pages of a site on a port of its own; its pages may ask by root-absolute paths. */
export function serveRealPage({ site }: RealPage): AsyncDisposable & { url: string } {
  const root = new URL(site === "" ? "./" : `${site}/`, FOLDER);
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/material.js") return respond(bundleMaterial(), "js");
    try {
      return respond(await Deno.readFile(new URL(`.${pathname}`, root)), pathname.split(".").at(-1) ?? "");
    } catch {
      return new Response(null, { status: 404 });
    }
  });
  return { url: `http://127.0.0.1:${server.addr.port}/`, [Symbol.asyncDispose]: () => server.shutdown() };
}

/** Shows a real page with the capture library and `renders` in it, once its components are there. */
export async function showRealPage(page: Page, url: string): Promise<void> {
  await page.goto(url, { waitUntil: "load" });
  await page.waitForFunction('document.querySelector(":not(:defined)") === null');
  await page.waitForFunction(IS_STILL, null, { polling: 100 });
  await addCapture(page);
  await page.evaluate(RENDERS);
}

/** Whether the page has as many elements as the last few times: what scripts add comes after its load. */
const IS_STILL = `(() => {
  const count = document.querySelectorAll("*").length;
  const seen = globalThis.seenCounts ??= [];
  seen.push(count);
  return seen.length >= 4 && seen.slice(-4).every((one) => one === count);
})()`;
const RENDERS = bundle(DRIVER, "iife");
let material: string | null = null;

function bundleMaterial(): string {
  return material ??= bundle(new URL("node_modules/@material/web/all.js", FOLDER).pathname, "esm");
}

function bundle(path: string, format: "iife" | "esm"): string {
  const { outputFiles: [file] } = buildSync({ entryPoints: [path], bundle: true, write: false, format });
  if (file === undefined) throw new Error(`Cannot bundle ${path}`);
  return file.text;
}

function respond(body: Uint8Array<ArrayBuffer> | string, ending: string): Response {
  return new Response(body, { headers: { "content-type": TYPES[ending] ?? "application/octet-stream" } });
}
