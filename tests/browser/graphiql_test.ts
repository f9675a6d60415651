import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { browserTest } from "../support/browser.ts";
import { capture, captureInput, createAccessToken, createProject } from "../support/captures.ts";
import { ADMIN, startApp } from "../support/running_app.ts";

const TABS = [
  "Viewer",
  "SignIn",
  "CreateProject",
  "Projects",
  "PointedElement",
  "Elements",
  "Answer",
  "ElementEvents",
  "LivePages",
  "Inspect",
  "CreateAccessToken",
  "AsToken",
  "Users",
  "Audit",
  "Settings",
  "SignOut",
];

browserTest(
  "GraphiQL shows its tabs without asking another site for anything or breaking its own policy",
  async (page) => {
    await using app = await startApp();
    const faults = await watchFaults(page, app.url);
    await openGraphiql(page, app.url);
    assert.deepEqual(await page.locator(".graphiql-tab-button").allTextContents(), TABS);
    for (const name of TABS.toReversed()) await openTab(page, name);
    await run(page);
    await answerLine(page, `"viewer": null`).waitFor();
    // The documentation comes from the schema, and is there before anybody signs in.
    await page.getByRole("button", { name: "Show Documentation Explorer" }).click();
    await page.locator(".graphiql-doc-explorer").getByRole("link", { name: "Mutation", exact: true }).waitFor();
    assert.deepEqual(faults, []);
  },
);

browserTest("GraphiQL signs in by a cookie, and shows what was pointed at and what happens next", async (page) => {
  await using app = await startApp();
  const faults = await watchFaults(page, app.url);
  const projectId = await createProject(app, app.token);
  await capture(app, app.token, captureInput({ projectId, selector: "#first" }));
  await openGraphiql(page, app.url);

  await openTab(page, "SignIn");
  await fillIn(page, "password", ADMIN.password);
  await run(page);
  await answerLine(page, `"role": "ADMIN"`).waitFor();
  const [cookie] = await page.context().cookies();
  assert.partialDeepStrictEqual(cookie, { name: "fingerpost_session", httpOnly: true, sameSite: "Lax" });

  await openTab(page, "PointedElement");
  await run(page);
  await answerLine(page, `"selector": "#first"`).waitFor();

  await openTab(page, "ElementEvents");
  await fillIn(page, "projectId", projectId);
  await run(page);
  await answerLine(page, `"selector": "#first"`).waitFor();
  await capture(app, app.token, captureInput({ projectId, selector: "#second" }));
  await answerLine(page, `"selector": "#second"`).waitFor();
  await page.getByRole("button", { name: "Stop query" }).click();
  assert.deepEqual(faults, []);
});

browserTest("GraphiQL asks as the access token that is pasted into its headers", async (page) => {
  await using app = await startApp();
  const faults = await watchFaults(page, app.url);
  await createProject(app, app.token);
  await capture(app, app.token, captureInput({ selector: "#asked" }));
  const token = await createAccessToken(app, app.token, { scopes: ["ELEMENTS_READ"] });
  await openGraphiql(page, app.url);
  await openTab(page, "AsToken");
  await page.getByRole("button", { name: "Headers", exact: true }).click();
  const header = page.locator(".graphiql-editor-tool .view-line").filter({ hasText: "Bearer fp_" });
  await header.getByText("Bearer fp_").click();
  await page.keyboard.press("End");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.type(token.slice("fp_".length));
  await run(page);
  await answerLine(page, `"selector": "#asked"`).waitFor();
  assert.equal(await page.evaluate<boolean>(`JSON.stringify(sessionStorage).includes("${token}")`), false);
  assert.deepEqual(faults, []);
});

browserTest("GraphiQL shows what a page sent as text, whatever markup it is", async (page) => {
  await using app = await startApp();
  const faults = await watchFaults(page, app.url);
  const projectId = await createProject(app, app.token);
  const hostile = `"><img src=x onerror="reportBreach('ran')"><script>reportBreach('ran')</script>`;
  await capture(app, app.token, captureInput({ projectId, selector: hostile, note: hostile, html: hostile }));
  await openGraphiql(page, app.url);
  await openTab(page, "SignIn");
  await fillIn(page, "password", ADMIN.password);
  await run(page);
  await answerLine(page, `"role": "ADMIN"`).waitFor();
  await openTab(page, "PointedElement");
  await run(page);
  await answerLine(page, `onerror=`).first().waitFor();
  assert.equal(await page.locator(".result-window img, .result-window script").count(), 0);
  assert.deepEqual(faults, []);
});

browserTest("GraphiQL leaves a typed password nowhere outside of its window", async (page) => {
  await using app = await startApp();
  await openGraphiql(page, app.url);
  await openTab(page, "SignIn");
  await fillIn(page, "password", ADMIN.password);
  // GraphiQL keeps it a moment later, for a reload of this window.
  const end = performance.now() + 5_000;
  while (!(await page.evaluate<string>("JSON.stringify(sessionStorage)")).includes(ADMIN.password)) {
    assert.ok(performance.now() < end, "GraphiQL did not keep what was typed");
  }
  const other = await page.context().newPage();
  await other.goto(`${app.url}/health/live`);
  assert.equal(await other.evaluate("JSON.stringify({ ...localStorage, ...sessionStorage })"), "{}");
});

/** What the page does that it must not, as it goes on: requests of other sites (which fail), errors, breaches of its policy. */
async function watchFaults(page: Page, origin: string): Promise<string[]> {
  const faults: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("websocket", (socket) => faults.push(socket.url()));
  await page.exposeFunction("reportBreach", (breach: string) => faults.push(breach));
  await page.addInitScript(
    `addEventListener("securitypolicyviolation", (event) => reportBreach(event.violatedDirective + event.blockedURI))`,
  );
  await page.context().route((url) => url.origin !== origin && url.protocol !== "data:", (route) => {
    faults.push(route.request().url());
    return route.abort();
  });
  return faults;
}

async function openGraphiql(page: Page, origin: string): Promise<void> {
  await page.goto(`${origin}/graphql`);
  await page.locator(".graphiql-query-editor .view-line").first().waitFor();
}

async function openTab(page: Page, name: string): Promise<void> {
  await page.locator(".graphiql-tab-button").getByText(name, { exact: true }).click();
  // Only when the operation stands in the address does the button run it, and not the tab's before.
  await page.waitForURL((url) => new RegExp(`^\\w+ ${name}\\b`, "m").test(url.searchParams.get("query") ?? ""));
}

async function run(page: Page): Promise<void> {
  await page.getByRole("button", { name: /^Execute query/ }).click();
}

/** Types a value between the quotes of an empty variable. */
async function fillIn(page: Page, variable: string, value: string): Promise<void> {
  const line = page.locator(".graphiql-editor-tool .view-line").filter({ hasText: `"${variable}": ""` });
  await line.getByText('""', { exact: true }).click();
  await page.keyboard.press("End");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.type(value);
}

function answerLine(page: Page, text: string) {
  return page.locator(".result-window .view-line").filter({ hasText: text });
}
