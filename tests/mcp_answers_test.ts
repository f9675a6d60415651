import assert from "node:assert/strict";
import fc from "fast-check";
import { composeAnswer } from "../src/mcp/_answer.ts";
import { anyData, assertValid, bytesOf, compose, DOCUMENTS, elementData, shapeOfQuery } from "./support/answers.ts";

/** How many random answers each property is tried on. */
const RUNS = Number(Deno.env.get("ANSWER_RUNS") ?? 60);
const NAMES = ["get_element", "get_html", "get_image", "list_elements", "watch_elements", "comment"] as const;

interface Cut {
  path: string;
  kept: number;
  of: number;
  next: string;
}

/** The cuts of an answer, by path. */
function cutsOf(structured: Record<string, unknown>): Record<string, Cut> {
  const cut = structured["cut"];
  return Object.fromEntries((Array.isArray(cut) ? cut : []).map((entry: Cut) => [entry.path, entry]));
}

/** The structured element of an answer. */
function elementOf(structured: Record<string, unknown>): Record<string, unknown> {
  return JSON.parse(JSON.stringify(structured["element"]));
}

for (const name of NAMES) {
  Deno.test(`whatever ${name} answers, both forms keep to the budget, are valid, name their cuts and hold no base64`, () => {
    const shape = shapeOfQuery(DOCUMENTS[name]);
    const property = fc.property(anyData(shape), fc.constantFrom(2_000, 5_000, 32_000, 100_000), (data, maxBytes) => {
      assert.ok(typeof data === "object" && data !== null);
      const { structured, text } = compose({ ...data }, { tool: name, maxBytes, shape });
      for (const form of [text, JSON.stringify(structured)]) assert.doesNotMatch(form, /(iVBORw0KGgo){10}/);
      const { cut, ...kept } = structured;
      if (cut === undefined && !JSON.stringify(data).includes("base64")) assert.deepEqual(kept, data);
      for (const { kept, of, next } of Object.values(cutsOf(structured))) assert.ok(kept < of && next !== "");
      assert.equal(cut === undefined || Object.keys(cutsOf(structured)).length > 0, true);
    });
    fc.assert(property, { numRuns: RUNS });
  });
}

Deno.test("an answer that fits is the data as they are", () => {
  const data = { element: elementData() };
  const { structured, text } = compose(data, { tool: "get_element" });
  assert.deepEqual(structured, data);
  assert.doesNotMatch(text, /cut/);
});

Deno.test("an answer that just fits loses nothing, and one byte less is a cut", () => {
  const attributes = { a: "x".repeat(3_000), b: "é", c: "z" };
  const data = { element: elementData({ attributes, keyStyles: { color: "red" }, html: "<p>\u0001</p>" }) };
  const maxBytes = bytesOf(JSON.stringify(data));
  assert.deepEqual(compose(data, { tool: "get_element", maxBytes }).structured, data);
  const { structured } = compose(data, { tool: "get_element", maxBytes: maxBytes - 1 });
  assert.equal(cutsOf(structured)["element.attributes"]?.kept, 2);
});

Deno.test("what is least useful goes first, and ids, selector, component, note and status go last", () => {
  const long = "word ".repeat(2_000);
  const keyStyles = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`--p-${index}`, `value ${index}`]));
  const data = { element: elementData({ text: long, html: `<p>${long}</p>`, htmlOutline: long, keyStyles }) };
  const lost = [30_000, 22_000, 16_000, 3_400].map((maxBytes) =>
    Object.keys(cutsOf(compose(data, { tool: "get_element", maxBytes }).structured)).map((path) => path.slice(8))
  );
  assert.deepEqual(lost, [
    ["html"],
    ["htmlOutline", "html"],
    ["keyStyles", "htmlOutline", "html"],
    ["text", "keyStyles", "htmlOutline", "html"],
  ]);
  const note = "n".repeat(900);
  const { structured, text } = compose({ element: elementData({ ...data.element, note }) }, {
    tool: "get_element",
    maxBytes: 2_000,
  });
  const { id, selector, component, status, ...rest } = elementOf(structured);
  const all = elementData();
  assert.deepEqual(
    { id, selector, component, status, note: rest["note"] },
    { id: all["id"], selector: all["selector"], component: all["component"], status: all["status"], note },
  );
  assert.match(text, new RegExp(`^## PayButton \\(react\\) src/cart/PayButton.tsx:42:7 · .*\nid: el_1\nnote: ${note}`));
});

Deno.test("in JSON long values are shortened before entries go, and those go from the end", () => {
  const attributes = { a: "a".repeat(9_000), b: "b", c: "c".repeat(9_000), d: "d" };
  const shortened = elementOf(
    compose({ element: elementData({ attributes }) }, { tool: "get_element", maxBytes: 4_000 }).structured,
  );
  const kept: Record<string, string> = JSON.parse(JSON.stringify(shortened["attributes"]));
  assert.deepEqual([Object.keys(kept), kept["b"], kept["d"]], [["a", "b", "c", "d"], "b", "d"]);
  assert.match(kept["a"] ?? "", /^a{50,1024}…$/);
  const many = Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`k${index}`, "v"]));
  const { structured } = compose({ element: elementData({ attributes: many }) }, {
    tool: "get_element",
    maxBytes: 4_000,
  });
  const names = Object.keys(JSON.parse(JSON.stringify(elementOf(structured)["attributes"])));
  assert.deepEqual(names, Object.keys(many).slice(0, names.length));
  assert.equal(cutsOf(structured)["element.attributes"]?.kept, names.length);
  assert.equal(cutsOf(structured)["element.attributes"]?.of, 2_000);
});

Deno.test("a cut names the call that gets the rest", () => {
  const html = `<p>${"é".repeat(30_000)}</p>`;
  const next = (data: Record<string, unknown>, asked: Parameters<typeof compose>[1], path: string) =>
    cutsOf(compose(data, asked).structured)[path]?.next;
  const styles = { keyStyles: Object.fromEntries(Array.from({ length: 900 }, (_, index) => [`--p-${index}`, "v"])) };
  const [tool, maxBytes] = ["get_element", 4_000] as const;
  const { structured, text } = compose({ element: elementData({ html }) }, { tool, maxBytes });
  const kept = cutsOf(structured)["element.html"]?.kept;
  assert.equal(kept, bytesOf(String(elementOf(structured)["html"]).slice(0, -1)));
  const call = `get_element {"elementId":"el_1","fields":["htmlPart"],"after":${kept}}`;
  assert.equal(cutsOf(structured)["element.html"]?.next, call);
  assert.match(text, /\ncut:\n- element\.html: \d+ of 60007 bytes; get_element \{.*"after":\d+\}$/);
  const path = "element.keyStyles";
  const more = `get_element {"elementId":"el_1","fields":["keyStyles"]}`;
  assert.equal(next({ element: elementData(styles) }, { tool, maxBytes }, path), more);
  const input = { elementId: "el_1", fields: ["keyStyles"] };
  assert.equal(
    next({ element: elementData(styles) }, { tool, maxBytes, input }, path),
    "raise maxTokens (at most 25000)",
  );
  const long = { element: elementData({ text: "x".repeat(200_000) }) };
  const most = `get_element {"elementId":"el_1","fields":["text"],"maxTokens":25000}`;
  assert.equal(next(long, { tool, maxBytes: 100_000, input: { elementId: "el_1" } }, "element.text"), most);
  const comment = {
    addComment: { id: "c", body: "x".repeat(9_000), author: null, createdAt: "2026-01-31T12:00:00.000Z" },
  };
  assert.equal(
    next(comment, { tool: "comment", maxBytes }, "addComment.body"),
    "raise maxTokens (at most 25000)",
    "a mutation is never told to be repeated",
  );
});

Deno.test("the same cut in many rows is told once, and a list of cuts keeps to its own share", () => {
  const row = (index: number) => ({
    cursor: `c${index}`,
    node: elementData({ id: `el_${index}`, pageUrl: "u".repeat(2_000) }),
  });
  const elements = {
    totalCount: 9,
    pageInfo: { hasNextPage: false, endCursor: "c8" },
    edges: Array.from({ length: 9 }, (_, i) => row(i)),
  };
  const { structured } = compose({ elements }, { tool: "list_elements", maxBytes: 12_000 });
  const cuts = Object.values(cutsOf(structured)).filter(({ path }) => path.endsWith("pageUrl"));
  assert.deepEqual(cuts.map(({ path }) => path), ["elements.edges.*.node.pageUrl"]);
  assert.ok(bytesOf(JSON.stringify(structured["cut"])) < 1_800);
});

Deno.test("contents of data: URLs are left out wherever they stand, and say how long they were", () => {
  const url = `data:image/png;base64,${"iVBORw0KGgo".repeat(1_000)}`;
  const wrapped = `data:font/woff2;base64,${"A".repeat(76)}\n${"B".repeat(76)}\n${"C".repeat(76)}==`;
  const data = {
    element: elementData({
      html: `<img src="${url}"> <a href='${wrapped}'>x</a> data:text/plain,short`,
      keyStyles: { "background-image": `url(${url})`, deep: [{ [url]: url }] },
      pageUrl: url,
    }),
  };
  const { structured, text } = compose(data, { tool: "get_element" });
  const short = "data:image/png;base64,…(11,000 bytes)";
  const { html, keyStyles, pageUrl } = elementOf(structured);
  assert.equal(html, `<img src="${short}"> <a href='data:font/woff2;base64,…(232 bytes)'>x</a> data:text/plain,short`);
  assert.deepEqual(keyStyles, { "background-image": `url(${short})`, deep: [{ [short]: short }] });
  assert.equal(pageUrl, short);
  assert.equal(text.includes(short), true);
  assert.doesNotMatch(text, /iVBORw0KGgoiV/);
  const image = {
    element: { id: "e", screenshot: { scaled: { base64: "iVBORw0KGgo", mimeType: "image/png", width: 1, height: 2 } } },
  };
  const shown = compose(image, { tool: "get_image" });
  assert.deepEqual(elementOf(shown.structured)["screenshot"], {
    scaled: { mimeType: "image/png", width: 1, height: 2 },
  });
  assert.doesNotMatch(shown.text, /iVBOR/);
});

Deno.test("hostile data cost little: deep, wide and long JSON never takes the stack, the budget or seconds", () => {
  const deep = (depth: number, wrap: (inner: unknown) => unknown) =>
    Array.from({ length: depth }).reduce<unknown>((inner) => wrap(inner), "deep");
  const hostile: Record<string, unknown> = {
    "10,000 levels of objects": deep(10_000, (inner) => ({ inner })),
    "100,000 levels of lists": deep(100_000, (inner) => [inner]),
    "100,000 keys": Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`k${index}`, { a: [index] }])),
    "20 MB in one text": { a: "x\n".repeat(10_000_000), b: "b" },
    "20 MB in many texts": Array.from({ length: 20_000 }, (_, index) => "é".repeat(500) + index),
    "a key of 5 MB": { ["k".repeat(5_000_000)]: 1, b: 2 },
    "starts of data: URLs": "data:".repeat(1_000_000) + "data:image/png;base64,".repeat(100_000),
    "backticks": "`".repeat(3_000_000),
    "its own __proto__": JSON.parse(`{"__proto__":{"a":1},"constructor":"${"x".repeat(60_000)}"}`),
  };
  for (const [name, value] of Object.entries(hostile)) {
    const text = typeof value === "string" ? value : "t";
    const data = { element: elementData({ attributes: value, keyStyles: value, html: text, text }) };
    for (const maxBytes of [2_000, 100_000]) {
      const startedAt = performance.now();
      const { structured } = compose(data, { tool: "get_element", maxBytes });
      const took = performance.now() - startedAt;
      assert.ok(took < 3_000, `${name} took ${took} ms`);
      assert.ok(structured["cut"], name);
    }
  }
  const { structured } = compose({ element: elementData({ attributes: hostile["its own __proto__"] }) }, {
    tool: "get_element",
    maxBytes: 4_000,
  });
  assert.deepEqual(Object.keys(JSON.parse(JSON.stringify(elementOf(structured)["attributes"]))), [
    "__proto__",
    "constructor",
  ]);
});

Deno.test("what cannot be cut to the budget is an error that says so", () => {
  const shape = shapeOfQuery(`{ ${Array.from({ length: 40 }, (_, index) => `a${index}: count`).join(" ")} }`);
  const data = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`a${index}`, index]));
  assertValid(composeAnswer(data, { tool: "t", input: {}, shape, maxBytes: 2_000 }).structured, shape);
  assert.throws(() => composeAnswer(data, { tool: "t", input: {}, shape, maxBytes: 200 }), {
    code: "TOO_LARGE",
    message: /^Cannot fit the answer into 50 tokens: what can't be cut takes \d+ bytes$/,
  });
});
