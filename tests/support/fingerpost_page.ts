import { buildSync } from "esbuild";
import type { JSHandle, Page } from "playwright-core";
import type { Data, RunningApp } from "./running_app.ts";

const ENTRY = new URL("../browser/fingerpost_page.js", import.meta.url).pathname;

/** Bundled in memory and outside of any test: esbuild keeps a thread for the next time. */
const SCRIPT = bundleClient();

/** A page in Chromium with the client in it, as tests drive it. */
export interface FingerpostPage {
  page: Page;
  /** Calls a function with the client's handle, in the page. */
  run<Result = Data>(action: string, argument?: unknown): Promise<Result>;
  /** Settles when the client is in the state, with the milliseconds since its start. */
  state(state: string, timeoutMs?: number): Promise<number>;
  /** All the states it was in, with their times. */
  states(): Promise<{ state: string; at: number; code: string | null }[]>;
}

/** Serves an empty page on loopback, where the server takes sockets from and Chromium lets pages reach this machine. */
export function openSite(): AsyncDisposable & { url: string } {
  const headers = { "content-type": "text/html" };
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("<!doctype html><title>Shop</title>", { headers }),
  );
  return { url: `http://localhost:${server.addr.port}/`, [Symbol.asyncDispose]: () => server.shutdown() };
}

/** Shows a page of the site and connects from it. */
export async function openFingerpostPage(
  page: Page,
  options: { site: string; app: Pick<RunningApp, "url" | "token">; projectId: string } & Record<string, unknown>,
): Promise<FingerpostPage> {
  const { site, app: { url, token }, ...rest } = options;
  await page.goto(site);
  await page.addScriptTag({ content: SCRIPT });
  const start = (options: Data) => (globalThis as Data).startClient(options);
  const handle: JSHandle<Data> = await page.evaluateHandle(start, { url, token, ...rest });
  const run: FingerpostPage["run"] = (action, argument) => {
    const result = handle.evaluate<Data, Data>(
      (handle: Data, { action, argument }: Data) =>
        new Function("it", "given", `return (${action})(it, given)`)(handle, argument),
      { action, argument: argument ?? null },
    );
    // Some are awaited only after others, whose failure comes first.
    result.catch(() => {});
    return result;
  };
  return {
    page,
    run,
    state: (state, timeoutMs = 9_000) =>
      run(`(it, { state, timeoutMs }) => it.until(() => it.client.state() === state, timeoutMs)`, { state, timeoutMs }),
    states: () => run(`(it) => it.states`),
  };
}

function bundleClient(): string {
  const { outputFiles: [file] } = buildSync({ entryPoints: [ENTRY], bundle: true, write: false, format: "iife" });
  if (file === undefined) throw new Error("esbuild made nothing");
  return file.text;
}
