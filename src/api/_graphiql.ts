import { createHash } from "node:crypto";
import { TABS } from "./_graphiql_tabs.ts";

/** What the page may do: its own scripts, each by its hash, and workers that those make; it talks to this server alone. CSP Level 3 §2.3 */
const policyFor = (scripts: string[]) =>
  [
    "default-src 'none'",
    `script-src ${scripts.join(" ")} blob:`,
    "worker-src blob:",
    "style-src 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");

const SIGNPOST =
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" width="28" height="28"><path fill="#475569" d="M14 3h3v26h-3z"/><path fill="#d60690" d="M5 6h18l5 4.5-5 4.5H5z"/></svg>`;

// GraphiQL keeps what was typed, the password too. With the window's storage it is gone when the window is; the other
// one outlives it, and on a loopback port any later server could read it.
const WINDOW_STORAGE = `<script>Object.defineProperty(window, "localStorage", { value: sessionStorage })</script>`;

// GraphiQL leaves a shift of an old layout on its tabs. It takes effect when one gets the focus, and the tab jumps away
// from under the first click.
const STILL_TABS = `<style>.graphiql-tab { transform: none !important }</style>`;

/** A page and its policy. */
interface Page {
  html: Uint8Array<ArrayBuffer>;
  policy: string;
}

let page: Promise<Page> | null = null;

/** GraphiQL in one page that loads nothing from anywhere else. Its 9 MB are read at the first visit, not at the start. */
export async function graphiqlResponse(): Promise<Response> {
  page ??= renderPage();
  const { html, policy } = await page;
  return new Response(html, {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": policy,
      "cache-control": "no-cache",
    },
  });
}

async function renderPage(): Promise<Page> {
  const { renderGraphiQL } = await import("@graphql-yoga/render-graphiql");
  const rendered = renderGraphiQL({
    title: "Fingerpost",
    defaultTabs: TABS,
    // A token that somebody pastes is nowhere but in the editor.
    shouldPersistHeaders: false,
    defaultEditorToolsVisibility: "variables",
    endpoint: "/graphql",
    credentials: "same-origin",
    logo: SIGNPOST,
    favicon: `data:image/svg+xml,${encodeURIComponent(SIGNPOST)}`,
  });
  const html = rendered.replace("</head>", `${WINDOW_STORAGE}${STILL_TABS}</head>`);
  const scripts = Array.from(html.matchAll(/<script[^>]*>([^]*?)<\/script>/g), ([, script = ""]) => script);
  const sources = scripts.map((script) => `'sha256-${createHash("sha256").update(script).digest("base64")}'`);
  return { html: new TextEncoder().encode(html), policy: policyFor(sources) };
}
