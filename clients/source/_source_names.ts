/** What bundlers put before a source's path. */
const PREFIXES = [
  /^webpack-internal:\/\/\/(\([^)]*\)\/)?/,
  /^webpack:\/\/[^/]*\//,
  /^turbopack:\/\/\/?/,
  /^rsc:\/\/React\/[^/]*\//,
  /^about:\/\/React\/[^/]*\//,
];
const LIBRARY =
  /(^|[/\\])(node_modules|\.vite[/\\]deps|\.pnpm|\.deno|\.yarn)[/\\]|^(node|deno|chrome|chrome-extension|moz-extension):|(^|\/)\(?(webpack|turbopack)\/(bootstrap|runtime)|\/@vite\/|\/@react-refresh|\/@id\//;
const SOURCE_FILE = /\.[A-Za-z]\w{0,15}$/;
const GENERATED = /\.(html?|json)$|[\0<>"|*\n]/;

/** Whether a source belongs to a package, a bundler or the browser, not to the project. */
export function isLibrary(source: string): boolean {
  return LIBRARY.test(source);
}

/** A source as people name it: without a bundler's prefix, query and page origin. Null: no file of the project. */
export function tidySource(source: string, document: Document): string | null {
  let name = source;
  for (const prefix of PREFIXES) name = name.replace(prefix, "");
  name = name.replace(/[?#].*$/s, "").replace(/^\[project\]\//, "").replace(/^\.\//, "");
  if (/^file:\/\//.test(name)) name = name.replace(/^file:\/\/(?:\/([A-Za-z]:))?/, "$1");
  if (/^https?:/.test(name)) name = pathOf(name, document) ?? "";
  name = decode(name);
  return !SOURCE_FILE.test(name) || name.length > 1_000 || GENERATED.test(name) || /^[a-z][a-z+.-]+:/i.test(name)
    ? null
    : name;
}

// Vite serves a project's root under its base, and what lies elsewhere under "/@fs" with its whole path.
function pathOf(url: string, document: Document): string | null {
  if (!isOwn(url, document)) return null;
  const { pathname } = new URL(url);
  const base = viteBase(document);
  const path = pathname.startsWith(base) ? pathname.slice(base.length) : pathname.slice(1);
  return path.startsWith("@fs/") ? path.slice(3).replace(/^\/([A-Za-z]:)/, "$1") : path;
}

/** Whether an address is of the document's own origin, which a `<base>` does not change. */
export function isOwn(url: string, document: Document): boolean {
  return URL.canParse(url) && /^https?:/.test(url) && new URL(url).origin === document.location?.origin;
}

/** Under which path Vite's development server serves the project's root; "/" where there is none. */
export function viteBase(document: Document): string {
  for (const script of document.querySelectorAll("script[src$='@vite/client']")) {
    const path = script.getAttribute("src")?.replace(/^https?:\/\/[^/]+/, "").replace(/@vite\/client$/, "");
    if (path?.startsWith("/")) return path;
  }
  return "/";
}

function decode(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
