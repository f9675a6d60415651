import assert from "node:assert/strict";
import { buildSync } from "esbuild";
import { extensionTest } from "../support/extension.ts";
import { openWorld } from "../support/extension_world.ts";
import { pairBrowser, pointAt, startPointing, until, untilMarked } from "../support/pointing.ts";
import { type Data, startApp } from "../support/running_app.ts";

const QUEUE = new URL("../../extension/_queue.ts", import.meta.url).pathname;
const DATABASE = new URL("../../extension/_database.ts", import.meta.url).pathname;

/** The queue's own code, for a page of the extension; outside of any test, since esbuild keeps a thread. */
const SCRIPT = bundleQueue();

extensionTest(
  "what is captured offline waits, and is sent once and in order when the server is back",
  async (browser) => {
    await using world = await openWorld(browser);
    const { app, site } = world;
    const page = await browser.context.newPage();
    await page.goto(`${site}/shop`);
    await startPointing(browser, page);
    await pointAt(page, page, "h1", "Before");
    await untilMarked(page, "sent");
    const port = new URL(app.url).port;
    await app.stop();
    for (const [selector, note] of [["#pay", "First"], [".total", "Second"]]) {
      await startPointing(browser, page);
      await pointAt(page, page, selector ?? "", note ?? "");
      await until(
        async () => /captures? waiting|[12] waiting/.test((await browser.button()).title),
        "the button says that something waits",
      );
    }
    await untilMarked(page, "queued");
    // The hub is started anew too, as after a crash: all that it knew must be in the database.
    await browser.closeHub();
    const popup = await browser.openPopup();
    await popup.getByText("2 captures").waitFor();
    await popup.close();
    await using _again = await startApp({ dataDir: app.dataDir, environment: { FINGERPOST_PORT: port } });
    await until(async () => (await world.elements()).length === 3, "all are stored");
    await page.bringToFront();
    await untilMarked(page, "sent");
    const stored = await world.elements();
    assert.deepEqual(stored.map(({ note }) => note), ["Before", "First", "Second"]);
  },
);

extensionTest(
  "the queue keeps its oldest when it is full, refuses what comes then, and keeps each capture once",
  async (browser) => {
    const page = await browser.openPopup();
    const results: Data = await page.evaluate(`(async () => { ${SCRIPT}
    const database = await queueParts.openDatabase();
    const queue = await queueParts.openQueue(database);
    const capture = (clientId, html = "") => ({ clientId, server: "s", projectId: "p", number: 1, tabId: 1, pageId: "t", url: "u",
      framePath: "", fingerprint: {}, capture: { html } });
    const refused = (adding) => adding.then(() => null, (error) => error.message);
    for (let index = 0; index < queueParts.MAX_QUEUED; index++) await queue.add(capture("c" + index));
    await queue.add(capture("c0"));
    const full = await refused(queue.add(capture("one more")));
    const first = (await queue.first("s", "p")).clientId;
    await queue.remove("c0");
    await queue.add(capture("fits"));
    const anew = await queueParts.openQueue(database);
    const counts = [queue.count(), anew.count()];
    await anew.clear();
    const half = "x".repeat(queueParts.MAX_QUEUED_BYTES / 2);
    await anew.add(capture("large", half));
    const heavy = await refused(anew.add(capture("too large", half)));
    const other = await anew.first("s", "another project");
    await anew.clear();
    return { full, first, counts, heavy, other, left: anew.count() };
  })()`);
    assert.match(results.full, /^200 captures wait for the server and no more fit/);
    assert.match(results.heavy, /^1 captures? wait/);
    assert.deepEqual([results.first, results.counts, results.other, results.left], ["c0", [200, 200], null, 0]);
  },
);

extensionTest(
  "a token that is revoked is noticed within a second, and said in the window and at the button",
  async (browser) => {
    await using world = await openWorld(browser);
    const { app, projectId, site } = world;
    const page = await browser.context.newPage();
    await page.goto(`${site}/shop`);
    await startPointing(browser, page);
    await pointAt(page, page, "#pay", "Kept");
    await untilMarked(page, "sent");
    const popup = await browser.openPopup();
    await popup.getByRole("button", { name: "Unpair" }).waitFor();
    const { viewer } = await app.ask(`{ viewer { accessTokens { id } } }`, {}, app.token);
    const startedAt = performance.now();
    const revoke = `mutation ($id: ID!) { revokeAccessToken(id: $id) }`;
    for (const { id } of viewer.accessTokens) await app.ask(revoke, { id }, app.token);
    await popup.getByRole("alert").filter({ hasText: "let this browser go" }).waitFor();
    const took = performance.now() - startedAt;
    assert.ok(took < 1_000, `noticed after ${took} ms`);
    await until(async () => (await browser.button()).badge === "!", "the button says so");
    await popup.close();
    await pairBrowser(browser, app, projectId);
    await until(async () => (await browser.button()).badge === "", "the button is calm again");
  },
);

function bundleQueue(): string {
  const contents = `export * from "${QUEUE}"; export * from "${DATABASE}";`;
  const { outputFiles: [file] } = buildSync({
    stdin: { contents, resolveDir: new URL(".", import.meta.url).pathname },
    ...{ bundle: true, write: false, format: "iife", globalName: "queueParts" },
  });
  if (file === undefined) throw new Error("esbuild made nothing");
  return file.text;
}
