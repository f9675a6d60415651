import { hash } from "node:crypto";
import { type Html, html } from "./_html.ts";

/** What an answer that is a page has beside its text. */
export interface PageOptions {
  title: string;
  status?: number;
  headers?: Record<string, string>;
}

const STYLE = `
:root { color-scheme: light dark; --ground: #f8fafc; --sheet: #fff; --ink: #0f172a; --quiet: #475569; --line: #94a3b8;
  --accent: #6d28d9; --on-accent: #fff; --warn: #92400e; --warn-ground: #fef3c7; --bad: #b91c1c }
@media (prefers-color-scheme: dark) {
  :root { --ground: #0f172a; --sheet: #1e293b; --ink: #f1f5f9; --quiet: #cbd5e1; --line: #64748b;
    --accent: #a78bfa; --on-accent: #170b33; --warn: #fde68a; --warn-ground: #3f2a0b; --bad: #fca5a5 }
}
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem; background: var(--ground);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }
main { width: min(30rem, 100%); padding: 2rem; background: var(--sheet); border-radius: 1rem;
  box-shadow: 0 1px 2px #0003, 0 8px 24px #0002 }
header { display: flex; align-items: center; gap: .5rem; color: var(--quiet); margin-bottom: 1rem }
h1 { font-size: 1.375rem; line-height: 1.25; margin: 0 0 1rem; overflow-wrap: anywhere }
h2 { font-size: 1rem; margin: 1.25rem 0 .25rem }
p, ul { margin: .5rem 0 } ul { padding-left: 1.25rem }
.code { font: 600 2rem/1.2 ui-monospace, monospace; letter-spacing: .08em; margin: .75rem 0 }
.quiet, dt { color: var(--quiet); font-size: .875rem }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: .75rem 0; font-size: .875rem }
dd { margin: 0; overflow-wrap: anywhere }
.warn { background: var(--warn-ground); color: var(--warn); padding: .75rem 1rem; border-radius: .5rem }
.bad { color: var(--bad); font-weight: 600 }
label { display: block; margin: 1rem 0 .25rem; font-weight: 600 }
input, select, button { font: inherit; width: 100%; min-height: 2.75rem; padding: .5rem .75rem; border-radius: .5rem;
  border: 1px solid var(--line); background: var(--sheet); color: inherit }
#code { font: 600 1.5rem/1.2 ui-monospace, monospace; letter-spacing: .08em; text-transform: uppercase }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
.row { display: flex; gap: .75rem; margin-top: 1.5rem } .row > * { flex: 1 }
.go { background: var(--accent); color: var(--on-accent); border-color: var(--accent); font-weight: 600 }
form > .go { margin-top: 1.5rem }
.as { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: .25rem 1rem;
  margin-top: 1.5rem; border-top: 1px solid var(--line); padding-top: 1rem }
.as button { width: auto; min-height: 2rem; padding: .125rem .75rem; font-size: .875rem }
/* Another site may bring this page under the second half of a double click. A decision takes no click in the first moment that the
page is there or the pointer over it; a finger does not hover. */
@media (hover: hover) and (not (any-pointer: coarse)) {
  .row { animation: loaded .7s }
  main:hover .row { animation: hovered .7s }
}
@keyframes loaded { from, to { pointer-events: none } }
@keyframes hovered { from, to { pointer-events: none } }
`;

const SIGNPOST =
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" width="24" height="24" aria-hidden="true"><path fill="currentColor" d="M14 3h3v26h-3z"/><path fill="#7c3aed" d="M5 6h18l5 4.5-5 4.5H5z"/></svg>`;

/** No scripts, no other site, nobody else's frame; forms go to this server alone. CSP Level 3 */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${hash("sha256", STYLE, "base64")}'`,
  "img-src data:",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

const HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": POLICY,
  // Without a referrer a form's `Origin` is null, by which it can't be told from another site's. Fetch §3.2
  "referrer-policy": "same-origin",
  "x-frame-options": "DENY",
};

/** A page of the server's own: no scripts, its style in it. */
export function pageResponse(content: Html, { title, status = 200, headers = {} }: PageOptions): Response {
  const page = html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>${title} · Fingerpost</title>
        <link rel="icon" href="data:image/svg+xml,${encodeURIComponent(SIGNPOST)}">
        <style>${{ markup: STYLE }}</style>
      </head>
      <body>
        <main>
    <header>${{ markup: SIGNPOST }}Fingerpost</header>
    ${content}
        </main>
      </body>
    </html>
  `;
  return new Response(page.markup, { status, headers: { ...HEADERS, ...headers } });
}
