import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { browserTest } from "../support/browser.ts";
import { createAccessToken, createProject } from "../support/captures.ts";
import { openDocumentationPage } from "../support/documentation_page.ts";
import { MCP_CLIENTS, type McpClient } from "../support/mcp_client.ts";
import { addPerson } from "../support/people.ts";
import { bearer, type Data, type RunningApp, startApp } from "../support/running_app.ts";
import { subscribe, subscribeOverHttp } from "../support/subscription.ts";

const COLLECTOR = new URL("collect_element.js", import.meta.url).pathname;
const CAPTURE = `mutation ($input: CaptureElementInput!) { captureElement(input: $input) { id } }`;
const CAPTURED_FIELDS = `
  pageUrl pageTitle pageId selector tagName domId classNames attributes text html computedStyles note status
  box { x y width height } viewport { width height scrollX scrollY devicePixelRatio } accessibility { role name description }
  component { framework name file line column }`;
const ELEMENT = `query ($id: ID!) {
  element(id: $id) { id htmlByteSize screenshot { url mimeType width height byteSize } ${CAPTURED_FIELDS} }
}`;
const EVENTS = `subscription ($projectId: ID!) {
  elementEvents(projectId: $projectId, after: 0) { kind revision elementId element { ${CAPTURED_FIELDS} } }
}`;
const DEFAULT_BUDGET_BYTES = 8_000 * 4;
const MAX_OUTLINE_BYTES = 4_000;
/** What `get_pointed_element` gives as it was captured; the rest of an element it gives in short. */
const POINTED_FIELDS = ["selector", "component", "note", "status", "pageUrl", "box", "accessibility", "text"];
/** What `get_element` gives as it was captured, put together from parts where it is HTML. */
const FULL_FIELDS = [...POINTED_FIELDS, "html", "attributes", "computedStyles", "viewport", "pageTitle"];

browserTest(
  "what a page captures reaches a WebSocket, a stream of server-sent events and AI tools of both protocol eras byte for byte",
  async (page) => {
    await using app = await startApp();
    await using documentation = await openDocumentationPage();
    const request = { query: EVENTS, variables: { projectId: await createProject(app, app.token) }, token: app.token };
    await using socket = subscribe(app, request);
    await using stream = await subscribeOverHttp(app, request);

    await page.goto(documentation.url);
    const extra = { ...await observe(page, "#save"), note: "Line this up with “Search”", pageId: "tab-1" };
    const { input, id } = await captureFrom(page, app, { selector: "#save", extra });
    const expected = expectedFields(input);

    assert.ok(Object.keys(expected.computedStyles).length > 300);
    assert.deepEqual(expected.accessibility, { role: "button", name: "Save &\u00a0close שלום 💾", description: null });
    assert.equal(Object.getOwnPropertyDescriptor(expected.attributes, "__proto__")?.value, "own");
    assert.equal(expected.attributes["data-action"], '{"kind":"save","note":"“é” & <b>"}');
    const event = { kind: "CAPTURED", revision: 1, elementId: id, element: expected };
    for (const watcher of [socket, stream]) assertSameBytes(await watcher.next(), event);

    const { element } = await app.ask(ELEMENT, { id }, app.token);
    assertSameBytes(pick(element, expected), expected);
    assert.equal(element.htmlByteSize, byteLength(input.html));
    const { width, height } = element.screenshot;
    await askWithEachEra(app, async ({ call }) => {
      const { pointedElement, cut } = (await call("get_pointed_element")).structuredContent;
      assert.equal(cut, undefined);
      assert.equal(pointedElement.id, id);
      const pointed = keep(expected, POINTED_FIELDS);
      assertSameBytes(pick(pointedElement, pointed), pointed);
      assert.deepEqual(pointedElement.screenshot, { width, height });
      assertStylesOf(pointedElement.keyStyles, expected.computedStyles);
      assert.match(pointedElement.htmlOutline, /^button#save\.button\S*\[type=submit [^]*\n {2}svg/);

      const whole = await call("get_element", { elementId: id, level: "full", maxTokens: 25_000 });
      assert.equal(whole.structuredContent.cut, undefined);
      const { htmlPart, ...shown } = whole.structuredContent.element;
      const full = keep(expected, FULL_FIELDS);
      assertSameBytes(pick({ ...shown, html: htmlPart.html }, full), full);
    });
  },
);

browserTest("a screenshot comes back as it was sent, and only to who may see its element", async (page) => {
  await using app = await startApp();
  await using documentation = await openDocumentationPage();
  await createProject(app, app.token);
  const stranger = await addPerson(app);
  await page.goto(documentation.url);
  const extra = await observe(page, "article > h2");
  const { input, id } = await captureFrom(page, app, { selector: "article > h2", extra });
  const { screenshot } = (await app.ask(ELEMENT, { id }, app.token)).element;

  const bytes = Uint8Array.fromBase64(input.screenshot.base64);
  const header = new DataView(bytes.buffer);
  assert.deepEqual(screenshot, {
    url: screenshot.url,
    mimeType: "image/png",
    width: header.getUint32(16), // PNG §11.2.1
    height: header.getUint32(20),
    byteSize: bytes.length,
  });
  assert.deepEqual(await download(screenshot.url, app.token), { status: 200, type: "image/png", bytes });
  assert.equal((await download(screenshot.url, null)).status, 401);
  assert.equal((await download(screenshot.url, stranger.token)).status, 404);
});

browserTest(
  "a page's whole body is kept exactly, and cut to its budget for an AI tool, which is told",
  async (page) => {
    await using app = await startApp();
    await using documentation = await openDocumentationPage();
    await createProject(app, app.token);
    await page.goto(documentation.url);
    const { input, id } = await captureFrom(page, app, { selector: "body", extra: {} });
    assert.ok(byteLength(input.html) >= 50_000);

    const { element } = await app.ask(ELEMENT, { id }, app.token);
    const expected = expectedFields(input);
    assertSameBytes(pick(element, expected), expected);
    assert.equal(element.htmlByteSize, byteLength(input.html));

    await askWithEachEra(app, async ({ call }) => {
      const pointed = await call("get_pointed_element");
      assertWithinBudget(pointed);
      const { pointedElement } = pointed.structuredContent;
      assert.deepEqual([pointedElement.id, pointedElement.selector], [id, input.selector]);
      assert.ok(byteLength(pointedElement.htmlOutline) <= MAX_OUTLINE_BYTES);

      const full = await call("get_element", { elementId: id, level: "full" });
      assertWithinBudget(full);
      const { element } = full.structuredContent;
      const { html, after, end, htmlByteSize, hasMore } = element.htmlPart;
      assert.deepEqual([after, htmlByteSize, hasMore], [0, byteLength(input.html), true]);
      assertSameBytes(html, partOf(input.html, 0, end));
      const next = { elementId: id, fields: ["htmlPart"], after: end };
      assert.ok(full.content[0].text.includes(String(end)), "the text tells where the rest begins");
      assertSameBytes(html + await readOn(call, next), input.html);
    });
  },
);

browserTest("an element in a shadow root is captured with a selector that finds it again", async (page) => {
  await using app = await startApp();
  await using documentation = await openDocumentationPage();
  await createProject(app, app.token);
  await page.goto(documentation.url);
  const selector = "star-rating >>> button:nth-child(2)";
  const { id } = await captureFrom(page, app, { selector, extra: {} });

  const { element } = await app.ask(ELEMENT, { id }, app.token);
  assert.match(element.selector, / >>> div:nth-child\(2\) > button:nth-child\(2\)$/);
  assert.equal(element.html, `<button type="button" aria-label="2 of 3">★</button>`);
});

/** What of an element only the browser itself knows. */
async function observe(page: Page, selector: string) {
  const session = await page.context().newCDPSession(page);
  const { root } = await session.send("DOM.getDocument");
  const { nodeId } = await session.send("DOM.querySelector", { nodeId: root.nodeId, selector });
  const { nodes: [node] } = await session.send("Accessibility.getPartialAXTree", { nodeId, fetchRelatives: false });
  const accessibility = { role: node?.role?.value, name: node?.name?.value, description: null };
  const image = await page.locator(selector).first().screenshot({ type: "png" });
  return { accessibility, screenshot: { mimeType: "image/png", base64: image.toString("base64") } };
}

/** Captures by a request of the page itself, which is of another origin than the app. */
async function captureFrom(
  page: Page,
  app: RunningApp,
  { selector, extra }: { selector: string; extra: Record<string, unknown> },
): Promise<{ input: Data; id: string }> {
  await page.addScriptTag({ path: COLLECTOR });
  const request = { url: `${app.url}/graphql`, token: app.token, selector, query: CAPTURE, extra };
  const { sent, received } = await page.evaluate<{ sent: string; received: string }>(
    `fingerpost.captureElement(${JSON.stringify(request)})`,
  );
  const { data, errors } = JSON.parse(received);
  assert.equal(errors, undefined);
  return { input: JSON.parse(sent).variables.input, id: data.captureElement.id };
}

/** The captured fields as the contract gives them back: in the query's order, with null for what was absent. */
function expectedFields(input: Data): Data {
  const { pageUrl, pageTitle, pageId = null, selector, tagName, domId, classNames, attributes, text, html } = input;
  const { computedStyles, note = null, box, viewport, accessibility = null } = input;
  const page = { pageUrl, pageTitle, pageId, selector, tagName, domId, classNames };
  const content = { attributes, text, html, computedStyles, note, status: "OPEN" };
  return { ...page, ...content, box, viewport, accessibility, component: null };
}

/** Answers come in the order in which they were asked for: brought into that of the expected ones, to compare bytes. */
function pick(fields: Data, expected: Data): Data {
  return Object.fromEntries(Object.keys(expected).map((name) => [name, fields[name]]));
}

function assertSameBytes(actual: unknown, expected: unknown): void {
  assert.equal(JSON.stringify(actual), JSON.stringify(expected));
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

async function download(url: string, token: string | null) {
  const response = await fetch(url, { headers: bearer(token) });
  const bytes = new Uint8Array(await response.arrayBuffer());
  return { status: response.status, type: response.headers.get("content-type"), bytes };
}

/** Has a real client of each protocol era ask. */
async function askWithEachEra(app: RunningApp, ask: (client: McpClient) => Promise<void>): Promise<void> {
  const token = await createAccessToken(app, app.token, { scopes: ["ELEMENTS_READ"] });
  for (const [version, connect] of Object.entries(MCP_CLIENTS)) {
    await using client = await connect(app, token);
    assert.equal(client.version, version);
    await ask(client);
  }
}

function keep(fields: Data, names: string[]): Data {
  return Object.fromEntries(names.map((name) => [name, fields[name]]));
}

function assertStylesOf(keyStyles: Data, computedStyles: Data): void {
  assert.ok(Object.keys(keyStyles).length > 5);
  // Shorthands stand for longhands that the page's computed styles name one by one.
  for (const [name, value] of Object.entries(keyStyles)) {
    if (name in computedStyles) assert.equal(value, computedStyles[name], name);
  }
}

function assertWithinBudget({ structuredContent, content }: Data): void {
  assert.ok(byteLength(JSON.stringify(structuredContent)) <= DEFAULT_BUDGET_BYTES);
  assert.ok(content.every(({ text }: Data) => byteLength(text) <= DEFAULT_BUDGET_BYTES));
}

function partOf(text: string, begin: number, end: number): string {
  return new TextDecoder().decode(new TextEncoder().encode(text).slice(begin, end));
}

/** The HTML from a call on, part by part. */
async function readOn(call: McpClient["call"], next: Data): Promise<string> {
  let input = next;
  let html = "";
  for (let hasMore = true; hasMore;) {
    const answer = await call("get_element", input);
    assertWithinBudget(answer);
    const part = answer.structuredContent.element.htmlPart;
    assert.ok(part.after === input.after && part.end > part.after);
    html += part.html;
    hasMore = part.hasMore;
    input = { ...input, after: part.end };
  }
  return html;
}
