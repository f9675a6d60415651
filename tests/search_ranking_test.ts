import assert from "node:assert/strict";
import fc from "fast-check";
import { capture, captureInput, createProject } from "./support/captures.ts";
import { type Data, type RunningApp, startApp } from "./support/running_app.ts";

const SEARCH =
  `query ($search: String, $orderBy: ElementOrder, $first: Int, $after: String, $last: Int, $before: String) {
  elements(search: $search, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {
    totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor node { id note } snippet { field text parts { text hit } } }
  }
}`;

async function find(app: RunningApp, search: string, variables: Data = {}): Promise<Data> {
  return (await app.ask(SEARCH, { search, orderBy: "RELEVANCE", ...variables }, app.token)).elements;
}

const notesOf = ({ edges }: Data): string[] => edges.map(({ node }: Data) => node.note);

/** What is found and what stands around it, hits in square brackets. */
function marked({ snippet }: Data): string | null {
  if (snippet === null) return null;
  return snippet.parts.map(({ text, hit }: Data) => hit ? `[${text}]` : text).join("");
}

Deno.test("elements(orderBy: RELEVANCE) puts what people said first, then names, and whole words before beginnings", async () => {
  await using app = await startApp();
  await createProject(app, app.token);
  const add = (note: string, fields = {}) => capture(app, app.token, captureInput({ note, ...fields }));
  await add("tax");
  await add("taxes");
  await add("c", { component: { framework: "react", name: "Tax" } });
  await add("title", { pageTitle: "Taxes" });
  await add("url", { pageUrl: "https://a.example/tax" });
  await add("text", { text: "taxable" });
  await add("tax again");
  const commented = await add("comment");
  await app.ask(`mutation ($id: ID!) { commentOnElement(input: { elementId: $id, body: "Tax!" }) { id } }`, {
    id: commented,
  }, app.token);
  await add("none");
  const expected = ["comment", "tax again", "tax", "taxes", "c", "title", "url", "text"];
  assert.deepEqual(notesOf(await find(app, "tax")), expected);
  assert.deepEqual(notesOf(await find(app, "tax", { last: 3 })), expected.slice(-3));
  assert.deepEqual(notesOf(await find(app, "tax", { orderBy: "CREATED_AT_DESC" })), [
    ...["comment", "tax again", "text", "url", "title", "c", "taxes", "tax"],
  ]);
  assert.deepEqual(notesOf(await find(app, "tax", { orderBy: null })).at(-1), "tax", "null is newest first");
  // A term in the note and one in the title is less than both in the note.
  await add("total in the basket");
  await add("total", { pageTitle: "basket" });
  assert.deepEqual(notesOf(await find(app, "total basket")), ["total in the basket", "total"]);
  assert.deepEqual(notesOf(await find(app, `"in the basket"`)), ["total in the basket"]);
  assert.equal((await find(app, "tax")).totalCount, 8);
  assert.deepEqual(
    notesOf(await find(app, " ")).slice(0, 3),
    ["total", "total in the basket", "none"],
    "all are alike",
  );
});

Deno.test("elements(orderBy: RELEVANCE) pages by keyset: what stays is seen exactly once while matches come and go", async () => {
  await using app = await startApp();
  await createProject(app, app.token);
  const kinds = [{ note: "tax" }, { note: "taxes" }, { pageTitle: "tax" }, { pageTitle: "taxi" }, { text: "tax" }, {
    text: "taxed",
  }];
  const add = (index: number) => capture(app, app.token, captureInput(kinds[index % kinds.length]));
  const added: string[] = [];
  for (let index = 0; index < 24; index++) added.push(await add(index));
  const whole = (await find(app, "tax", { first: 100 })).edges.map(({ node }: Data) => node.id);
  assert.deepEqual(new Set(whole), new Set(added));
  for (const isBackwards of [false, true]) {
    const gone = new Set<string>();
    const seen: string[] = [];
    let cursor: string | null = null;
    let round = 0;
    do {
      const page: Data = await find(
        app,
        "tax",
        isBackwards ? { last: 5, before: cursor } : { first: 5, after: cursor },
      );
      const ids = page.edges.map(({ node }: Data) => node.id);
      seen.push(...isBackwards ? ids.reverse() : ids);
      const { hasNextPage, hasPreviousPage, startCursor, endCursor } = page.pageInfo;
      cursor = isBackwards ? hasPreviousPage ? startCursor : null : hasNextPage ? endCursor : null;
      // The element that the cursor names, one that is still to come, and six new ones, one of each rank.
      const doomed = [isBackwards ? page.edges[0].node.id : page.edges.at(-1).node.id];
      const toCome = whole.filter((id: string) => !seen.includes(id) && !gone.has(id)).at(2);
      for (const id of toCome === undefined ? doomed : [...doomed, toCome]) {
        await app.ask(`mutation ($id: ID!) { deleteElement(id: $id) }`, { id }, app.token);
        gone.add(id);
      }
      for (let index = 0; index < kinds.length; index++) await add(index);
      round++;
    } while (cursor !== null && round < 60);
    assert.ok(round > 3 && round < 60, String(round));
    assert.equal(new Set(seen).size, seen.length, "nothing twice");
    const stayed = (isBackwards ? whole.toReversed() : whole).filter((id: string) => !gone.has(id));
    assert.deepEqual(seen.filter((id) => stayed.includes(id)), stayed, "what stayed, once, in order");
    whole.splice(0, whole.length, ...(await find(app, "tax", { first: 100 })).edges.map(({ node }: Data) => node.id));
  }
});

Deno.test("a cursor is refused by a list of another order", async () => {
  await using app = await startApp();
  await createProject(app, app.token);
  for (let index = 0; index < 3; index++) await capture(app, app.token, captureInput({ note: "tax" }));
  const cursorOf = async (orderBy: string) => (await find(app, "tax", { orderBy, first: 1 })).pageInfo.endCursor;
  const ranked = await cursorOf("RELEVANCE");
  const plain = await cursorOf("CREATED_AT_DESC");
  const code = async (variables: Data) =>
    (await app.graphql(SEARCH, { search: "tax", ...variables }, app.token)).errors?.[0]?.extensions.code;
  assert.equal(await code({ orderBy: "RELEVANCE", after: plain }), "INVALID_INPUT");
  assert.equal(await code({ after: ranked }), "INVALID_INPUT");
  assert.equal(await code({ orderBy: "RELEVANCE", after: ranked.replace("r", "r9") }), "INVALID_INPUT");
  assert.equal(await code({ orderBy: "RELEVANCE", before: "r" }), "INVALID_INPUT");
  assert.equal(await code({ orderBy: "RELEVANCE", after: ranked }), undefined);
});

Deno.test("a snippet shows what was found, in the text that has the most of it, as plain text in parts", async () => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  const add = (fields: Data) => capture(app, app.token, captureInput(fields));
  await add({ note: "Make the <b>Überschrift</b> larger, please" });
  await add({ note: "x", text: `${"before ".repeat(80)}needle and thread${" after".repeat(80)}` });
  await add({ note: `[hit] {"hit":true} \u0001haystack\u0002 …` });
  const commented = await add({ note: "nothing of it" });
  const comment = `mutation ($id: ID!) { commentOnElement(input: { elementId: $id, body: "Colour is off" }) { id } }`;
  await app.ask(comment, { id: commented }, app.token);
  const first = async (search: string, variables: Data = {}) => marked((await find(app, search, variables)).edges[0]);
  const fieldOf = async (search: string) => (await find(app, search)).edges[0].snippet.field;
  assert.equal(await first("larg ubersch"), "Make the <b>[Überschrift]</b> [larger], please");
  assert.match(String(await first(`"needle and thread"`)), /^…(before )+\[needle and thread\]( after)+…$/);
  assert.equal(await first("haystack"), `[hit] {"hit":true} \u0001[haystack]\u0002 …`, "content marks nothing");
  assert.equal(await first("colour is"), "[Colour] [is] off");
  assert.equal(await first("colour", { orderBy: "CREATED_AT_DESC" }), "[Colour] is off");
  await add({ pageTitle: "Basket of goods", selector: "main > form.checkout", text: "goods in a basket: goods" });
  await add({ component: { framework: "react", name: "PayButton", file: "src/cart/PayButton.tsx" } });
  assert.equal(await first("basket goods"), "[Basket] of [goods]");
  assert.deepEqual(
    await Promise.all(["larg", "colour", "paybutton", "basket", "needle", "checkout", "shop"].map(fieldOf)),
    [
      ...["NOTE", "COMMENTS", "COMPONENT", "PAGE_TITLE", "TEXT", "SELECTOR", "PAGE_URL"],
    ],
  );
  const hex = projectId.slice(projectId.indexOf("_") + 1).replaceAll("-", "");
  assert.deepEqual((await find(app, hex)).edges, [], "the project is no text");
  await createProject(app, app.token, "Another");
  const other = await createProject(app, app.token, "A third");
  await add({ projectId: other, note: "Colour of another project" });
  const both = (await find(app, "colour")).edges.map(marked);
  assert.deepEqual(both, ["[Colour] of another project", "[Colour] is off"], "of several projects at once");
  const { edges } = await find(app, "larg");
  assert.equal(edges[0].snippet.text, edges[0].snippet.parts.map(({ text }: Data) => text).join(""));
  const { elements } = await app.ask(SEARCH, {}, app.token);
  assert.deepEqual(elements.edges.map(({ snippet }: Data) => snippet), Array(7).fill(null), "without a search");
});

Deno.test("whatever is captured comes back whole in its snippet, and nothing but a term is a hit", async () => {
  await using app = await startApp();
  await createProject(app, app.token);
  const text = fc.string({ unit: "binary", maxLength: 20 }).filter((value) =>
    value.isWellFormed() && !value.includes("\0")
  );
  await fc.assert(
    fc.asyncProperty(text, text, async (before, after) => {
      const note = `${before} zebra ${after}`;
      const id = await capture(app, app.token, captureInput({ note }));
      const { edges } = await find(app, "zebra", { orderBy: "CREATED_AT_DESC", first: 1 });
      assert.equal(edges[0].node.id, id);
      assert.equal(edges[0].snippet.text, note);
      for (const part of edges[0].snippet.parts) assert.equal(part.hit, /^zebra/i.test(part.text) && part.hit);
      assert.ok(edges[0].snippet.parts.some((part: Data) => part.hit));
    }),
    { numRuns: 25 },
  );
});

Deno.test("a search finds the same elements by relevance as newest first, each once, whatever is searched for", async () => {
  await using app = await startApp();
  await createProject(app, app.token);
  // Some end in one another; one is of letters that the index's tokenizer does not know.
  const word = fc.constantFrom(
    "tax",
    "taxes",
    "taxed",
    "Ta",
    "total",
    "to",
    "été",
    "ete",
    "\u{1e900}\u{1e901}",
    "日本",
    "x.y",
  );
  const words = fc.array(word, { maxLength: 4 }).map((list) => list.join(" "));
  const fields = fc.record({ note: words, text: words, pageTitle: words, selector: words.map((text) => `a ${text}`) });
  for (const input of fc.sample(fields, 30)) await capture(app, app.token, captureInput(input));
  const term = fc.oneof(word, words.map((text) => `"${text}"`));
  const search = fc.array(term, { minLength: 1, maxLength: 3 }).map((terms) => terms.join(" "));
  const idsOf = ({ edges }: Data): string[] => edges.map(({ node }: Data) => node.id);
  await fc.assert(
    fc.asyncProperty(search.filter((text) => /[^\s"]/.test(text)), async (text) => {
      const newest = await find(app, text, { orderBy: "CREATED_AT_DESC", first: 100 });
      const ranked = await find(app, text, { first: 100 });
      assert.deepEqual(idsOf(ranked).toSorted(), idsOf(newest).toSorted());
      assert.deepEqual(idsOf(await find(app, text, { last: 100 })), idsOf(ranked), "read from its end");
      assert.equal(ranked.totalCount, ranked.edges.length);
      for (const { snippet } of ranked.edges) {
        assert.ok(snippet.parts.some(({ hit }: Data) => hit), JSON.stringify(snippet));
      }
    }),
    { numRuns: 50 },
  );
});
