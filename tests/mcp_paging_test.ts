import assert from "node:assert/strict";
import fc from "fast-check";
import { lightText } from "../src/mcp/_light_text.ts";
import { anyData, bytesOf, compose, elementData, shapeOfQuery } from "./support/answers.ts";
import type { Data } from "./support/running_app.ts";

/** How many random lists each property is tried on. */
const RUNS = Number(Deno.env.get("ANSWER_RUNS") ?? 25);
const MAX_CALLS = 500;

/** The call that a text names: its tool and input. */
function callIn(text: string): { tool: string; input: Data } {
  const { 1: tool = "", 2: json = "" } = /^(\w+) (\{.*\})$/.exec(text) ?? [];
  return { tool, input: JSON.parse(json) };
}

/** An element of `list_elements`, whose texts are long or short. */
const anyRow = anyData(shapeOfQuery(`{ elements { edges { cursor node {
  id selector component { name file line } note status pageUrl classNames createdAt } } } }`))
  .map((data) => structuredClone(data) as Data)
  .map(({ elements }) => elements.edges);

/** What the server answers: a page of all rows after a cursor. */
function page(rows: Data[], { first, after }: Data): Record<string, unknown> {
  const begin = rows.findIndex(({ cursor }) => cursor === after) + 1;
  const edges = rows.slice(begin, begin + first);
  const hasNextPage = begin + first < rows.length;
  return {
    elements: { totalCount: rows.length, pageInfo: { hasNextPage, endCursor: edges.at(-1)?.cursor ?? null }, edges },
  };
}

Deno.test("whoever pages by structured content, its cuts or the text gets each row once, whatever the budget", () => {
  const rows = fc.array(anyRow, { minLength: 1, maxLength: 6 })
    .map((pages) =>
      pages.flat().map((row: Data, index) => ({ cursor: `c${index}`, node: { ...row.node, id: `el_${index}` } }))
    );
  fc.assert(
    fc.property(rows, fc.constantFrom(2_000, 3_000, 10_000), (rows, maxBytes) => {
      const ids = rows.map(({ node }) => node.id);
      assert.deepEqual(pagesBy("structured", rows, maxBytes), ids);
      assert.deepEqual(pagesBy("text", rows, maxBytes), ids);
    }),
    { numRuns: RUNS },
  );
});

function pagesBy(form: "structured" | "text", rows: Data[], maxBytes: number): string[] {
  const ids: string[] = [];
  let input: Data = { first: 7 };
  for (let calls = 0; calls < MAX_CALLS; calls += 1) {
    const { structured, text }: Data = compose(page(rows, input), { tool: "list_elements", input, maxBytes });
    const { edges, pageInfo } = structured.elements;
    if (form === "structured") ids.push(...edges.map(({ node }: Data) => node.id));
    else ids.push(...[...text.matchAll(/^- .* · id (el_\d+)$/gm)].map(([, id = ""]) => id));
    const more = /^more: after="?(\w+)"?$/m.exec(text)?.[1];
    const after = form === "text" ? more : pageInfo.hasNextPage ? pageInfo.endCursor : undefined;
    const cut = structured.cut?.find(({ path }: Data) => path === "elements.edges");
    if (cut) {
      assert.deepEqual(callIn(cut.next), { tool: "list_elements", input: { ...input, after: pageInfo.endCursor } });
    }
    if (after === undefined) return ids;
    input = { ...input, after };
  }
  throw new Error("Paging does not end");
}

Deno.test("changes that have no room come with the next call", () => {
  const changes = Array.from({ length: 40 }, (_, index) => ({
    kind: "CAPTURED",
    revision: 10 + index,
    elementId: `el_${index}`,
    element: index % 3 === 0 ? null : elementData({ id: `el_${index}`, note: "n".repeat(index * 40) }),
  }));
  const seen: string[] = [];
  let input: Data = { after: 9 };
  for (let calls = 0; calls < MAX_CALLS && input.after < 49; calls += 1) {
    const rest = changes.filter(({ revision }) => revision > input.after).slice(0, 20);
    const data = { changes: { revision: rest.at(-1)?.revision, hasMore: input.after < 29, changes: rest } };
    const { structured }: Data = compose(data, { tool: "watch_elements", input, maxBytes: 3_000 });
    seen.push(...structured.changes.changes.map(({ elementId }: Data) => elementId));
    assert.equal(structured.changes.hasMore, structured.changes.revision < 49);
    const cut = structured.cut?.find(({ path }: Data) => path === "changes.changes");
    if (cut) {
      assert.deepEqual(callIn(cut.next), { tool: "watch_elements", input: { after: structured.changes.revision } });
    }
    input = { after: structured.changes.revision };
  }
  assert.deepEqual(seen, changes.map(({ elementId }) => elementId));
});

Deno.test("the parts of an element's HTML that were cut are its parts: put together they are all of it", () => {
  const anyHtml = fc.array(
    fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 30 }).map((text) => `<p class="é">${text}</p>`),
      fc.nat(900).map((length) => `<img src="data:image/png;base64,${"QUJD".repeat(length)}">`),
      fc.constantFrom("💳".repeat(700), `<i>"\\\n\u0001`, "<br>"),
    ),
    { minLength: 1, maxLength: 25 },
  ).map((pieces) => pieces.join(""));
  fc.assert(
    fc.property(anyHtml, fc.constantFrom(2_000, 3_000), fc.constantFrom(1_000, 16_000), (html, maxBytes, partBytes) => {
      const bytes = new TextEncoder().encode(html);
      const decode = (from: number, to: number) =>
        new TextDecoder("utf-8", { fatal: true }).decode(bytes.slice(from, to));
      let [after, together, calls] = [0, "", 0];
      while (after < bytes.length) {
        const end = characterBorder(bytes, after + partBytes);
        const part = { html: decode(after, end), after, end, htmlByteSize: bytes.length, hasMore: end < bytes.length };
        const data = { element: { id: "el_1", htmlPart: part } };
        const input = { elementId: "el_1", fields: ["htmlPart"], after };
        const { structured, text }: Data = compose(data, { tool: "get_html", input, maxBytes });
        const shown = structured.element.htmlPart;
        assert.ok(shown.after === after && shown.end > after && shown.end <= end);
        assert.equal(shown.hasMore, shown.end < bytes.length);
        for (const { next } of structured.cut ?? []) {
          assert.deepEqual(callIn(next), { tool: "get_element", input: { ...input, after: shown.end } });
        }
        assert.equal(shown.html, lightText(decode(after, shown.end)));
        assert.match(text, /^htmlPart bytes \d+ to \d+ of \d+/m);
        together += decode(after, shown.end);
        after = shown.end;
        assert.ok((calls += 1) < MAX_CALLS);
      }
      assert.equal(together, html);
    }),
    { numRuns: RUNS },
  );
  const tags = `<p class="x">${"word ".repeat(20)}</p>`.repeat(100);
  const part = { html: tags, after: 0, end: bytesOf(tags), htmlByteSize: bytesOf(tags), hasMore: false };
  const { structured }: Data = compose({ element: { id: "e", htmlPart: part } }, { tool: "get_html", maxBytes: 4_000 });
  assert.match(structured.element.htmlPart.html, />$/);
});

function characterBorder(bytes: Uint8Array, from: number): number {
  let place = Math.min(from, bytes.length);
  while (place < bytes.length && ((bytes[place] ?? 0) & 0xc0) === 0x80) place += 1;
  return place;
}

Deno.test("a list without a cursor that is cut says to raise maxTokens", () => {
  const shape = shapeOfQuery(`{ found { ... on User { id name } } }`);
  const found = Array.from({ length: 100 }, (_, index) => ({ id: `u${index}`, name: "n".repeat(90) }));
  const { structured }: Data = compose({ found }, { tool: "comment", shape, maxBytes: 2_000 });
  assert.deepEqual(structured.cut, [
    { path: "found", kept: structured.found.length, of: 100, next: "raise maxTokens (at most 25000)" },
  ]);
  assert.ok(structured.found.length > 10);
});
