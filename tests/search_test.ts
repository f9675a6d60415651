import assert from "node:assert/strict";
import fc from "fast-check";
import { capture, captureInput, createProject } from "./support/captures.ts";
import { addPerson, setMember, write } from "./support/people.ts";
import { type RunningApp, startApp } from "./support/running_app.ts";

const SEARCH = `query ($projectId: ID, $search: String, $first: Int, $after: String, $last: Int, $before: String) {
  elements(projectId: $projectId, search: $search, first: $first, after: $after, last: $last, before: $before) {
    totalCount pageInfo { hasNextPage endCursor } edges { cursor node { id note } }
  }
}`;

async function search(app: RunningApp, token: string, text: string, variables = {}): Promise<string[]> {
  const { elements } = await app.ask(SEARCH, { search: text, ...variables }, token);
  assert.equal(elements.totalCount >= elements.edges.length, true);
  return elements.edges.map((edge: { node: { note: string } }) => edge.node.note);
}

Deno.test("search finds elements by the beginnings of words and by phrases in every text that they have", async () => {
  await using app = await startApp();
  await createProject(app, app.token);
  const add = (note: string, fields = {}) => capture(app, app.token, captureInput({ note, ...fields }));
  await add("first", { text: "Make the Überschrift larger, please" });
  await add("second", { selector: "main > form.checkout", pageTitle: "Basket of goods" });
  await add("third", { component: { framework: "react", name: "PayButton", file: "src/cart/PayButton.tsx" } });
  const id = await add("fourth", { pageUrl: "https://docs.example/guides/installing" });
  const comment =
    `mutation ($id: ID!, $body: String!) { commentOnElement(input: { elementId: $id, body: $body }) { id } }`;
  await app.ask(comment, { id, body: "Colour is off" }, app.token);
  const find = (text: string) => search(app, app.token, text);
  assert.deepEqual(await find("larger"), ["first"]);
  assert.deepEqual(await find("LARG ubersch"), ["first"], "prefixes, in any case, with or without diacritics");
  assert.deepEqual(await find("checkout"), ["second"]);
  assert.deepEqual(await find("bask"), ["second"]);
  assert.deepEqual(await find("paybutton"), ["third"]);
  assert.deepEqual(await find("src/cart/PayButton.tsx"), ["third"]);
  assert.deepEqual(await find("installing"), ["fourth"]);
  assert.deepEqual(await find("colour"), ["fourth"]);
  assert.deepEqual(await find(`"colour is"`), ["fourth"]);
  assert.deepEqual(await find(`"is colour"`), []);
  assert.deepEqual(await find("larger checkout"), [], "all words must be there");
  assert.deepEqual(await find("thir"), ["third"]);
  assert.deepEqual(await find("  "), ["fourth", "third", "second", "first"], "blank finds everything");
  await app.ask(`mutation ($id: ID!) { updateElement(input: { id: $id, note: "renamed" }) { id } }`, { id }, app.token);
  assert.deepEqual([await find("fourth"), await find("renamed"), await find("colour")], [[], ["renamed"], ["renamed"]]);
  await app.ask(`mutation ($id: ID!) { deleteElement(id: $id) }`, { id }, app.token);
  assert.deepEqual(await find("colour"), []);
  write(app, (database) => {
    database.exec(`INSERT INTO element_search (element_search, rank) VALUES ('integrity-check', 1)`);
  });
});

Deno.test("search keeps to the projects that the caller may see, and pages both ways", async () => {
  await using app = await startApp();
  const [owner, member] = await Promise.all([addPerson(app), addPerson(app)]);
  const [mine, theirs] = [await createProject(app, owner.token, "Mine"), await createProject(app, app.token, "Theirs")];
  setMember(app, { projectId: mine, personId: member.id, role: "VIEWER" });
  for (let index = 1; index <= 5; index++) {
    await capture(app, owner.token, captureInput({ projectId: mine, note: `button ${index}` }));
    await capture(app, app.token, captureInput({ projectId: theirs, note: `button of others ${index}` }));
  }
  assert.equal((await search(app, member.token, "button")).length, 5);
  assert.equal((await search(app, member.token, `${mine.slice(8)} button`).catch(() => [])).length, 0);
  assert.deepEqual(await search(app, (await addPerson(app)).token, "button"), []);
  const hidden = await app.graphql(SEARCH, { projectId: theirs, search: "button" }, member.token);
  assert.equal(hidden.errors?.[0]?.extensions.code, "NOT_FOUND");
  const seen: string[] = [];
  let after: string | null = null;
  do {
    const { elements } = await app.ask(SEARCH, { projectId: mine, search: "button", first: 2, after }, member.token);
    seen.push(...elements.edges.map((edge: { node: { note: string } }) => edge.node.note));
    // What is deleted between two pages makes no hole in the rest.
    const last = elements.edges.at(-1).node.id;
    if (seen.length === 2) await app.ask(`mutation ($id: ID!) { deleteElement(id: $id) }`, { id: last }, owner.token);
    after = elements.pageInfo.hasNextPage ? elements.pageInfo.endCursor : null;
  } while (after !== null);
  assert.deepEqual(seen, ["button 5", "button 4", "button 3", "button 2", "button 1"]);
  const { elements } = await app.ask(SEARCH, { projectId: mine, search: "button", last: 2 }, member.token);
  assert.deepEqual(elements.edges.map((edge: { node: { note: string } }) => edge.node.note), ["button 2", "button 1"]);
});

Deno.test("whatever somebody types is a search or INVALID_INPUT, never an error of the database", async () => {
  await using app = await startApp();
  await createProject(app, app.token);
  await capture(app, app.token, captureInput({ note: "NEAR AND OR NOT" }));
  const query = `query ($text: String) {
    elements(search: $text) { totalCount edges { snippet { text } } }
    ranked: elements(search: $text, orderBy: RELEVANCE) { edges { node { note } } }
  }`;
  const attempt = async (text: string) => {
    const { errors } = await app.graphql(query, { text }, app.token);
    assert.ok(
      errors === undefined || errors[0]?.extensions.code === "INVALID_INPUT",
      `${text}: ${JSON.stringify(errors)}`,
    );
  };
  for (
    const text of [
      `"`,
      `"" ""`,
      `a"b`,
      `NEAR(a b)`,
      `AND`,
      `a AND`,
      `note:x`,
      `{note}: x`,
      `-x`,
      `^x`,
      `x*`,
      `*`,
      `(`,
      `+++`,
      "\0",
      "'; --",
      "a".repeat(999),
      "a".repeat(5_000),
      "a ".repeat(100),
      "👩‍👩‍👧",
      "\u{e000}",
      "ʼn",
      "١٢٣",
      "日本語テキスト",
      "%",
      "_",
      "\\",
      "\u202e",
    ]
  ) await attempt(text);
  await fc.assert(fc.asyncProperty(fc.string({ unit: "binary", maxLength: 60 }), attempt), { numRuns: 150 });
  await fc.assert(
    fc.asyncProperty(fc.stringMatching(/^[ab"*()^:{}+\-, ANDORT]{0,30}$/), attempt),
    { numRuns: 150 },
  );
});
