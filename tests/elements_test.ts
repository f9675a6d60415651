import assert from "node:assert/strict";
import fc from "fast-check";
import sharp from "sharp";
import { CAPTURE, capture, captureInput, createProject, ELEMENT_FIELDS, fullCaptureInput } from "./support/captures.ts";
import { bearer, type Data, startApp } from "./support/running_app.ts";

const ELEMENT = `query ($id: ID!) { element(id: $id) { ${ELEMENT_FIELDS} } }`;

function image(format: "png" | "jpeg" | "webp"): Promise<Uint8Array> {
  return sharp({ create: { width: 31, height: 17, channels: 3, background: "#8af" } }).toFormat(format).toBuffer();
}

Deno.test("elements.capture() stores every field and gives it back unchanged", async () => {
  await using app = await startApp();
  const { token } = app;
  const projectId = await createProject(app, token);
  const bytes = await image("png");
  const screenshot = { mimeType: "image/png", base64: bytes.toBase64() };
  const input: Data = fullCaptureInput({ screenshot, projectId });
  const { captureElement } = await app.ask(CAPTURE, { input }, token);
  const { element } = await app.ask(ELEMENT, { id: captureElement.id }, token);
  const { clientId: _clientId, projectId: _projectId, screenshot: _screenshot, ...sent } = input;
  assert.deepEqual(captureElement, element);
  for (const [field, value] of Object.entries(sent)) {
    assert.deepEqual(element[field], JSON.parse(JSON.stringify(value)), field);
  }
  assert.deepEqual(Object.keys(element.attributes), Object.keys(input.attributes), "the order of attributes");
  assert.equal(element.htmlByteSize, new TextEncoder().encode(input.html).length);
  assert.deepEqual({ ...element.screenshot, url: "" }, {
    url: "",
    mimeType: "image/png",
    width: 31,
    height: 17,
    byteSize: bytes.length,
  });
  assert.equal(element.screenshot.url, `${app.url}/screenshots/${element.id}`);
  assert.deepEqual([element.status, element.revision, element.project.id], ["OPEN", 1, projectId]);
});

Deno.test("elements.capture() gives any text and JSON back unchanged", async () => {
  await using app = await startApp();
  const { token } = app;
  await createProject(app, token);
  const text = fc.string({ unit: "binary", maxLength: 200 }).filter((value) =>
    value.isWellFormed() && !value.includes("\0")
  );
  const html = fc.string({ unit: "binary", maxLength: 500 }).filter((value) => value.isWellFormed());
  const json = fc.dictionary(
    fc.string({ unit: "binary" }).filter((key) => key.isWellFormed()),
    fc.jsonValue({ maxDepth: 4 }),
  );
  await fc.assert(
    fc.asyncProperty(text, html, json, async (text, html, attributes) => {
      const input = captureInput({
        text,
        html,
        attributes,
        computedStyles: attributes,
        note: text,
        classNames: [text],
      });
      const { captureElement: stored } = await app.ask(CAPTURE, { input }, token);
      const expected = JSON.parse(JSON.stringify({ text, html, attributes }));
      assert.deepEqual({ text: stored.text, html: stored.html, attributes: stored.attributes }, expected);
      assert.deepEqual([stored.note, stored.classNames, stored.computedStyles], [text, [text], expected.attributes]);
    }),
    { numRuns: 60 },
  );
});

Deno.test("elements.capture() stores one element for one client id, however often and at once it comes", async () => {
  await using app = await startApp();
  const { token } = app;
  await createProject(app, token);
  const input = captureInput();
  const ids = await Promise.all(Array.from({ length: 20 }, () => capture(app, token, input)));
  assert.equal(new Set(ids).size, 1);
  assert.equal(await capture(app, token, { ...input, note: "changed" }), ids[0]);
  const { elements } = await app.ask(`{ elements { totalCount edges { node { note revision } } } }`, {}, token);
  assert.deepEqual(elements, { totalCount: 1, edges: [{ node: { note: null, revision: 1 } }] });
});

Deno.test("elements.capture() takes a PNG, a JPEG and a WebP and serves them as they were", async () => {
  await using app = await startApp();
  const { token } = app;
  await createProject(app, token);
  for (const format of ["png", "jpeg", "webp"] as const) {
    const bytes = await image(format);
    const screenshot = { mimeType: `image/${format}`, base64: bytes.toBase64() };
    const { captureElement } = await app.ask(CAPTURE, { input: captureInput({ screenshot }) }, token);
    const response = await fetch(captureElement.screenshot.url, { headers: bearer(token) });
    assert.equal(response.headers.get("content-type"), `image/${format}`);
    assert.equal(response.headers.get("x-content-type-options"), "nosniff");
    assert.deepEqual(await response.bytes(), new Uint8Array(bytes));
  }
});

Deno.test("elements.capture() refuses an image that is not what it claims", async () => {
  await using app = await startApp();
  const { token } = app;
  await createProject(app, token);
  const png = await image("png");
  const html = new TextEncoder().encode("<!doctype html><script>alert(1)</script>");
  const svg = new TextEncoder().encode(`<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>`);
  const flipped = png.slice();
  flipped[png.length - 20] = (flipped[png.length - 20] ?? 0) ^ 0xff;
  const refused: [string, string, Uint8Array][] = [
    ["HTML", "image/png", html],
    ["a JPEG as PNG", "image/png", await image("jpeg")],
    ["half a PNG", "image/png", png.slice(0, png.length / 2)],
    ["a broken PNG", "image/png", flipped],
    ["an SVG", "image/svg+xml", svg],
    ["an SVG as WebP", "image/webp", svg],
    ["nothing", "image/png", new Uint8Array()],
  ];
  for (const [what, mimeType, bytes] of refused) {
    const input = captureInput({ screenshot: { mimeType, base64: bytes.toBase64() } });
    const { errors } = await app.graphql(CAPTURE, { input }, token);
    assert.equal(errors?.[0]?.extensions.code, "INVALID_INPUT", what);
  }
  const { elements } = await app.ask(`{ elements { totalCount } }`, {}, token);
  assert.equal(elements.totalCount, 0);
});

Deno.test("elements.html() cuts at a character boundary", async () => {
  await using app = await startApp();
  const { token } = app;
  await createProject(app, token);
  const id = await capture(app, token, captureInput({ html: "é\u{1F4B3}x" }));
  const cut = async (maxBytes: number) =>
    (await app.ask(`query ($id: ID!, $n: Int) { element(id: $id) { html(maxBytes: $n) } }`, { id, n: maxBytes }, token))
      .element.html;
  assert.deepEqual(await Promise.all([0, 1, 2, 5, 6, 7, 99].map(cut)), [
    "",
    "",
    "é",
    "é",
    "é\u{1F4B3}",
    "é\u{1F4B3}x",
    "é\u{1F4B3}x",
  ]);
});

Deno.test("elements.list() pages by keyset, newest first, both ways, while elements come", async () => {
  await using app = await startApp();
  const { token } = app;
  const projectId = await createProject(app, token);
  const ids: string[] = [];
  for (let index = 0; index < 7; index++) ids.unshift(await capture(app, token));
  const PAGE = `query ($projectId: ID, $first: Int, $after: String, $last: Int, $before: String) {
    elements(projectId: $projectId, first: $first, after: $after, last: $last, before: $before) {
      totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { node { id } }
    } }`;
  const page = async (variables: Data) => (await app.ask(PAGE, { projectId, ...variables }, token)).elements;
  const idsOf = ({ edges }: Data) => edges.map(({ node }: Data) => node.id);
  const first = await page({ first: 3 });
  assert.deepEqual([idsOf(first), first.totalCount, first.pageInfo.hasNextPage], [ids.slice(0, 3), 7, true]);
  await capture(app, token);
  const second = await page({ first: 3, after: first.pageInfo.endCursor });
  assert.deepEqual(idsOf(second), ids.slice(3, 6));
  const third = await page({ first: 3, after: second.pageInfo.endCursor });
  assert.deepEqual([idsOf(third), third.pageInfo.hasNextPage], [ids.slice(6), false]);
  const back = await page({ last: 2, before: third.pageInfo.startCursor });
  assert.deepEqual([idsOf(back), back.pageInfo.hasPreviousPage], [ids.slice(4, 6), true]);
});

Deno.test("elements.update(), comment() and delete() change what they say and nothing else", async () => {
  await using app = await startApp();
  const { token } = app;
  await createProject(app, token);
  const id = await capture(app, token, captureInput({ note: "first" }));
  const UPDATE = `mutation ($input: UpdateElementInput!) { updateElement(input: $input) { note status revision } }`;
  const update = async (input: Data) => (await app.ask(UPDATE, { input: { id, ...input } }, token)).updateElement;
  assert.deepEqual(await update({ status: "ACKNOWLEDGED" }), { note: "first", status: "ACKNOWLEDGED", revision: 2 });
  assert.deepEqual(await update({ note: "second" }), { note: "second", status: "ACKNOWLEDGED", revision: 3 });
  assert.deepEqual(await update({ note: null, status: null }), { note: null, status: "ACKNOWLEDGED", revision: 4 });
  const COMMENT = `mutation ($input: CommentOnElementInput!) {
    commentOnElement(input: $input) { revision comments { body author { name } } } }`;
  const { commentOnElement } = await app.ask(COMMENT, { input: { elementId: id, body: "Done?" } }, token);
  assert.deepEqual(commentOnElement, { revision: 5, comments: [{ body: "Done?", author: { name: "Admin" } }] });
  assert.deepEqual(await app.ask(`mutation ($id: ID!) { deleteElement(id: $id) }`, { id }, token), {
    deleteElement: true,
  });
  const { errors } = await app.graphql(ELEMENT, { id }, token);
  assert.equal(errors?.[0]?.extensions.code, "NOT_FOUND");
});
