import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { browserTest } from "../support/browser.ts";
import { CAPTURE, captureInput, createProject } from "../support/captures.ts";
import { type Data, type RunningApp, startApp } from "../support/running_app.ts";

/** Serves an empty page of another origin, and shows it. */
async function openPage(page: Page): Promise<AsyncDisposable & { origin: string }> {
  const headers = { "content-type": "text/html" };
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("<!doctype html><title>Another site</title>", { headers }),
  );
  const origin = `http://localhost:${server.addr.port}`;
  await page.goto(origin);
  return { origin, [Symbol.asyncDispose]: () => server.shutdown() };
}

interface Ask {
  url: string;
  token: string;
  body: string;
}

/** Asks from the page by `fetch`; "blocked" where the browser does not let it. */
function ask(page: Page, { url, token }: RunningApp, body: string): Promise<Data> {
  return page.evaluate(async ({ url, token, body }: Ask) => {
    const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
    try {
      const response = await fetch(`${url}/graphql`, { method: "POST", headers, body });
      return { retryAfter: response.headers.get("retry-after"), ...(await response.json()) };
    } catch {
      return "blocked";
    }
  }, { url, token, body });
}

browserTest("a page of an allowed origin asks, captures, reads its screenshot and sees Retry-After", async (page) => {
  await using app = await startApp();
  await using _site = await openPage(page);
  const projectId = await createProject(app, app.token);
  const png = await sharp({ create: { width: 3, height: 2, channels: 3, background: "#8af" } }).png().toBuffer();
  const input = captureInput({ projectId, screenshot: { mimeType: "image/png", base64: png.toBase64() } });
  const { data } = await ask(page, app, JSON.stringify({ query: CAPTURE, variables: { input } }));
  const { url } = data.captureElement.screenshot;
  const bytes = await page.evaluate(async ([url = "", token]) => {
    const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
    return (await response.arrayBuffer()).byteLength;
  }, [url, app.token]);
  assert.equal(bytes, png.length);
  const set = `mutation { setRateLimit(input: { action: "capture_element", limit: 1, windowSeconds: 60 }) { limit } }`;
  assert.ok((await ask(page, app, JSON.stringify({ query: set }))).data);
  const limited = await ask(page, app, JSON.stringify({ query: CAPTURE, variables: { input } }));
  assert.equal(limited.errors[0].extensions.code, "RATE_LIMITED");
  assert.equal(limited.retryAfter, String(limited.errors[0].extensions.retryAfterSeconds));
});

browserTest("a page of another origin can neither ask, nor embed, nor frame anything of the server", async (page) => {
  await using app = await startApp({ environment: { FINGERPOST_ALLOWED_ORIGINS: "https://tool.example" } });
  await using _site = await openPage(page);
  const viewer = JSON.stringify({ query: `{ viewer { id } }` });
  assert.equal(await ask(page, app, viewer), "blocked");
  const simple = await page.evaluate(async (url) => {
    return await fetch(`${url}/graphql?query={viewer{id}}`).then(() => "read", () => "blocked");
  }, app.url);
  assert.equal(simple, "blocked");
  const embedded = await page.evaluate(async (url) => {
    const response = await fetch(`${url}/health/live`, { mode: "no-cors" }).then(() => "opaque", () => "blocked");
    return response;
  }, app.url);
  assert.equal(embedded, "blocked", "by Cross-Origin-Resource-Policy");
  const refused = page.waitForEvent("console", (message) => /frame-ancestors/.test(message.text()));
  await page.evaluate((url) => {
    const frame = document.createElement("iframe");
    frame.src = `${url}/graphql`;
    document.body.append(frame);
  }, app.url);
  await refused;
});
