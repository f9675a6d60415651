import { buildSync } from "esbuild";
import type { Frame, Page } from "playwright-core";
import type { Data } from "./running_app.ts";

const ENTRY = new URL("../browser/pointer_page.js", import.meta.url).pathname;
/** Bundled in memory and outside of any test: esbuild keeps a thread for the next time. */
const SCRIPT = bundlePointer();

/** A page in Chromium with a pointer in each of its frames. */
export interface PointerPage {
  page: Page;
  /** Runs in the page, or in a frame of it, with the pointer and what the test holds of it. */
  run<Result = Data>(action: string, argument?: unknown, frame?: Frame): Promise<Result>;
  /** Settles when it holds. */
  until(condition: string, argument?: unknown, frame?: Frame): Promise<void>;
}

/** Serves pages by their path, with headers if need be, on loopback; `localhost` is another site than `127.0.0.1`. */
export function servePages(
  pages: Record<string, string>,
  headers: Record<string, string> = {},
): AsyncDisposable & { url: string; otherUrl: string } {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, ({ url }) => {
    const html = pages[new URL(url).pathname];
    if (html === undefined) return new Response(null, { status: 404 });
    return new Response(html, { headers: { "content-type": "text/html; charset=utf-8", ...headers } });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    otherUrl: `http://localhost:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Shows a page with pointers in it. */
export async function openPointerPage(page: Page, url: string): Promise<PointerPage> {
  await page.addInitScript({ content: SCRIPT });
  await page.goto(url);
  const run: PointerPage["run"] = (action, argument, frame = page.mainFrame()) =>
    frame.evaluate<Data, Data>(
      ({ action, argument }: Data) => {
        const { held } = globalThis as Data;
        return new Function("held", "given", `return (${action})(held, given)`)(held, argument);
      },
      { action, argument: argument ?? null },
    );
  return {
    page,
    run,
    until: (condition, argument, frame) =>
      run(`(held, given) => held.until(() => (${condition})(held, given))`, argument, frame),
  };
}

function bundlePointer(): string {
  const { outputFiles: [file] } = buildSync({ entryPoints: [ENTRY], bundle: true, write: false, format: "iife" });
  if (file === undefined) throw new Error("esbuild made nothing");
  return file.text;
}
