import { marked } from "marked";

/** A page of a real documentation, served on a free port. */
export interface DocumentationPage extends AsyncDisposable {
  url: string;
}

/** Documentation that lies in `node_modules` under the ISC licence, which allows any use. */
const SOURCES = ["@pothos/plugin-relay/README.md", "@pothos/plugin-dataloader/README.md"];

/** Renders the documentation of two packages as one page, with controls around it, and serves it on loopback. */
export async function openDocumentationPage(): Promise<DocumentationPage> {
  const html = await renderPage();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, ({ url }) => {
    const isPage = new URL(url).pathname === "/";
    const headers = { "content-type": "text/html; charset=utf-8" };
    return isPage ? new Response(html, { headers }) : new Response(null, { status: 404 });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

async function renderPage(): Promise<string> {
  const folder = new URL("../../node_modules/", import.meta.url);
  const texts = await Promise.all(SOURCES.map((path) => Deno.readTextFile(new URL(path, folder))));
  const articles = await Promise.all(texts.map((text) => marked.parse(text)));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Plugins · “Relay” & Dataloader — λ 文档</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
${CONTROLS}
<main>${articles.map((article) => `<article>${article}</article>`).join("\n")}</main>
<script>${SHADOW_ROOT}</script>
</body>
</html>`;
}

const STYLE = `
:root { --ink: #1c2433; --paper: #fbfaf7; --accent: oklch(55% 0.2 330); --gap: calc(1rem / 3); color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.55 Georgia, "Times New Roman", serif; color: var(--ink); background: var(--paper); }
.toolbar {
  position: sticky; top: 0; display: flex; flex-wrap: wrap; gap: var(--gap); align-items: center;
  padding: 0.7em 1.3em; background: color-mix(in srgb, var(--paper) 90%, transparent); border-bottom: 1px solid #0002;
}
.toolbar .button {
  display: inline-flex; gap: 0.4em; align-items: center; padding: 0.35em 0.9em; border: 1px solid currentColor;
  border-radius: 999px; background: linear-gradient(to bottom, #fff, #f2eef0); color: var(--accent);
  font: 600 14.5px/1.3 system-ui, sans-serif; box-shadow: 0 1px 2px rgb(0 0 0 / 12%); transition: transform 120ms ease-out;
}
.toolbar .button:hover { transform: translateY(-1px); }
.toolbar input, .toolbar select { font: inherit; padding: 0.2em 0.4em; }
main { display: grid; grid-template-columns: minmax(0, 72ch); justify-content: center; padding: 2rem 1rem; }
article + article { margin-top: 4rem; border-top: 3px double var(--accent); }
h1, h2, h3 { font-family: system-ui, sans-serif; line-height: 1.2; text-wrap: balance; }
pre { overflow-x: auto; padding: 1em; background: #22283a; color: #e8ecf4; border-radius: 6px; }
code { font: 0.87em/1.45 ui-monospace, monospace; }
table { border-collapse: collapse; } th, td { padding: 0.3em 0.7em; border: 1px solid #0003; }
`;

const CONTROLS = `
<form class="toolbar" role="search" aria-label="Documentation">
  <label for="query">Search</label> <input id="query" type="search" name="q" placeholder="node, cursor, …" required>
  <select name="version" aria-label="Version"><option>4.x<option selected>5.x</select>
  <label><input type="checkbox" name="exact" checked> exact</label>
  <button id="save" type="submit" class="button button--primary größe" aria-describedby="hint"
    data-action='{"kind":"save","note":"“é” &amp; <b>"}' data-empty __proto__="own" onclick="return false">
    <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true"><path d="M2 2h9l3 3v9H2z" fill="none" stroke="currentColor"/></svg>
    Save &amp;&nbsp;close <bdi>שלום</bdi> 💾
  </button>
  <small id="hint">Kept in this browser</small>
  <star-rating></star-rating>
</form>`;

const SHADOW_ROOT = `
customElements.define("star-rating", class extends HTMLElement {
  connectedCallback() {
    this.attachShadow({ mode: "open" }).innerHTML =
      "<style>button { color: darkorange; border: 0; background: none; font-size: 20px }</style>" +
      "<div part='stars'>" + [1, 2, 3].map((n) => "<button type='button' aria-label='" + n + " of 3'>★</button>").join("") + "</div>";
  }
});`;
