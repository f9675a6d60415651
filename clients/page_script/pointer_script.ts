import { startPageScript } from "./page_script.ts";

// The entry of `/pointer.js`: a page in development loads it, and same-origin frames get it from the page that holds them.

const NAME = "/pointer.js";
const own = document.currentScript ?? [...document.querySelectorAll(`script[src]`)].find(isOurs);
const source = own?.getAttribute("src") ?? null;
if (source !== null) startPageScript(window, new URL(source, document.baseURI).href);

// A module does not know which element it came from.
function isOurs(script: Element): boolean {
  return URL.parse(script.getAttribute("src") ?? "", document.baseURI)?.pathname === NAME;
}
