import assert from "node:assert/strict";
import {
  buildSchema,
  getNamedType,
  type GraphQLNamedType,
  isCompositeType,
  isObjectType,
  isRequiredArgument,
} from "graphql";
import { capture, captureInput, createAccessToken, createProject } from "./support/captures.ts";
import { addConnections } from "./support/connections.ts";
import { openGraphqlPage } from "./support/graphql_page.ts";
import { captureOn, openLiveRoom, sayPage } from "./support/live_room.ts";
import { addElements } from "./support/many_elements.ts";
import { addPerson, setMember } from "./support/people.ts";
import { joinRoom } from "./support/rooms.ts";
import { type RunningApp, startApp } from "./support/running_app.ts";
import { countStatements } from "./support/statements.ts";
import { addToolExecutions } from "./support/tool_executions.ts";

/** How deep fields are looked at inside an object of a list: `comments.author.accessTokens`. */
const MAX_DEPTH = 3;
/** So long that a statement for each row shows, and so short that three lists inside one another cost less than is allowed. */
const LONG = 20;
/** What one page of 100 elements with all that people look at may take, with the one that finds out who asks. */
const MAX_STATEMENTS = 6;
const COMMENT = `mutation ($id: ID!) { commentOnElement(input: { elementId: $id, body: "Look" }) { id } }`;

/** A server with as many elements, projects, users and security events as a page holds, and many relations between them. */
async function startFilled(): Promise<RunningApp> {
  const app = await startApp();
  const people = [];
  for (let index = 0; index < 100; index++) people.push(await addPerson(app));
  const projectIds: string[] = [];
  for (let index = 0; index < 100; index++) projectIds.push(await createProject(app, app.token, `Project ${index}`));
  for (const [index, { id }] of people.slice(0, 10).entries()) {
    for (const projectId of projectIds.slice(0, index + 2)) setMember(app, { projectId, personId: id, role: "EDITOR" });
    await createAccessToken(app, people[index]?.token ?? "", {
      scopes: ["ELEMENTS_READ"],
      projectId: projectIds[0] ?? "",
    });
  }
  addConnections(app, { count: 100, projectIds, personIds: people.map(({ id }) => id) });
  addToolExecutions(app, { count: 100, personIds: people.map(({ id }) => id) });
  addElements(app, { count: 100, projectIds, personIds: people.map(({ id }) => id) });
  return app;
}

/** The statements of an operation that goes through, once what the server remembers of a first run is known. */
async function statementsOf(app: RunningApp, query: string): Promise<string[]> {
  const run = async () => {
    using count = countStatements();
    await app.ask(query, {}, app.token);
    return count.texts.filter((text) => !text.startsWith("PRAGMA"));
  };
  const runs = [await run(), await run()];
  return runs.sort((one, other) => one.length - other.length)[0] ?? [];
}

Deno.test("a page of 100 elements with project, capturer, comments and their authors takes at most 6 statements", async () => {
  await using app = await startFilled();
  const statements = await statementsOf(
    app,
    `{ elements(first: 100) {
      pageInfo { hasNextPage endCursor }
      edges { node {
        id selector note status project { id name } capturedBy { id name } comments { body author { id name } }
      } }
    } }`,
  );
  assert.ok(statements.length >= 3 && statements.length <= MAX_STATEMENTS, statements.join("\n"));
  const alone = await statementsOf(app, `{ elements(first: 100) { edges { node { id } } } }`);
  assert.equal(alone.length, 1, "nothing is read that is not asked for");
});

Deno.test("100 changes with their elements' project, capturer, comments and authors take at most 6 statements", async () => {
  await using app = await startFilled();
  const first = await createProject(app, app.token);
  const ids: string[] = [];
  for (let index = 0; index < 100; index++) {
    const id = await capture(app, app.token, captureInput({ projectId: first }));
    await app.ask(COMMENT, { id }, app.token);
    ids.push(id);
  }
  const changes = (fields: string) =>
    statementsOf(
      app,
      `{ elementChanges(projectId: "${first}", after: 100, first: 100) { revision changes { ${fields} } } }`,
    );
  // What is remembered is forgotten with each change of the database: by the third request it is known again.
  await changes("revision");
  assert.equal((await changes("revision")).length, 2, "the feed, and the elements as they are by now");
  const statements = await changes(`kind element {
    id selector note status project { id name } capturedBy { id name } comments { body author { id name } } }`);
  assert.ok(statements.length >= 3 && statements.length <= MAX_STATEMENTS, statements.join("\n"));
});

Deno.test("live pages with project, user and element take at most 6 statements, however many they are", async () => {
  await using room = await openLiveRoom();
  const { app, projectId } = room;
  await using stack = new AsyncDisposableStack();
  for (const tab of ["tab-2", "tab-3", "tab-4"]) {
    const peer = stack.use(await joinRoom(app, app.token, { projectId }));
    const page = stack.use(await openGraphqlPage(app, app.token, peer));
    await sayPage(page, tab);
    await captureOn(page, { projectId, pageId: tab });
  }
  const pages = (fields: string) => statementsOf(app, `{ livePages { id ${fields} } }`);
  const statements = await pages("project { name } user { name } pointedElement { id selector }");
  assert.ok(statements.length <= MAX_STATEMENTS, statements.join("\n"));
});

Deno.test("a page of 100 connections with project and initiator takes at most 4 statements", async () => {
  await using app = await startFilled();
  const page = (fields: string) => `{ webrtcConnections(first: 100) { edges { node { ${fields} } } } }`;
  const statements = await statementsOf(app, page("id state bytesSent project { id name } initiator { id name }"));
  assert.ok(statements.length >= 3 && statements.length <= 4, statements.join("\n"));
  assert.equal((await statementsOf(app, page("id state"))).length, 1);
});

Deno.test("each field inside a list takes at most one statement more, however long the page is", async () => {
  await using app = await startFilled();
  const schema = buildSchema(await Deno.readTextFile(new URL("../schema.graphql", import.meta.url)));
  const dear: string[] = [];
  let looked = 0;
  for (const list of ["elements", "projects", "users", "securityEvents", "webrtcConnections", "mcpToolExecutions"]) {
    const typeName = `${list[0]?.toUpperCase()}${list.slice(1, -1)}`;
    const cost = async (selection: string) =>
      (await statementsOf(app, `{ ${list}(first: ${LONG}) { edges { node { ${selection} } } } }`)).length;
    const costs = new Map([["__typename", await cost("__typename")]]);
    // Those further out come first, so that what an outer field takes is known.
    for (const { outer, selection } of selectionsIn(schema.getType(typeName), MAX_DEPTH)) {
      costs.set(selection, await cost(selection));
      const [without = 0, long = 0] = [costs.get(outer), costs.get(selection)];
      if (long > without + 1) dear.push(`${list} { ${selection} }: ${without} and then ${long}`);
    }
    looked += costs.size;
  }
  assert.ok(looked > 100, String(looked));
  assert.deepEqual(dear, []);
});

Deno.test("totalCount is counted when it is asked for, and not else", async () => {
  await using app = await startFilled();
  const lists = ["elements", `elements(search: "note")`, `elements(search: "note", orderBy: RELEVANCE)`];
  for (
    const list of [
      ...lists,
      "projects",
      "users",
      "securityEvents",
      "securityEvents(filter: { severity: [INFO] })",
      "webrtcConnections",
      "mcpToolExecutions",
      `mcpToolExecutions(filter: { tool: "get_element" })`,
    ]
  ) {
    const counts = async (fields: string) =>
      (await statementsOf(app, `{ ${list} { ${fields} } }`)).filter((text) => /^SELECT count\(/.test(text)).length;
    assert.equal(await counts("edges { node { id } } pageInfo { hasNextPage hasPreviousPage endCursor }"), 0, list);
    assert.equal(await counts("edges { node { id } } totalCount again: totalCount"), 1, list);
  }
});

/** A selection of one field, and the same without it. */
interface Selection {
  outer: string;
  selection: string;
}

/** One selection for each field inside a type, down to a depth, that can be asked for without arguments. */
function selectionsIn(type: GraphQLNamedType | undefined, depth: number): Selection[] {
  if (depth === 0 || !isObjectType(type)) return [];
  return Object.values(type.getFields()).filter(({ args }) => !args.some(isRequiredArgument)).flatMap((field) => {
    const inner = getNamedType(field.type);
    const within = (selection: string) => `${field.name} { ${selection} }`;
    if (!isCompositeType(inner)) return [{ outer: "__typename", selection: field.name }];
    const inside = selectionsIn(inner, depth - 1);
    return [
      { outer: "__typename", selection: within("__typename") },
      ...inside.map(({ outer, selection }) => ({ outer: within(outer), selection: within(selection) })),
    ];
  });
}
