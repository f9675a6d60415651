import assert from "node:assert/strict";
import { createProject } from "./support/captures.ts";
import { addConnections } from "./support/connections.ts";
import { addElements } from "./support/many_elements.ts";
import { addPerson, write } from "./support/people.ts";
import { type Data, type RunningApp, startApp } from "./support/running_app.ts";
import { addToolExecutions } from "./support/tool_executions.ts";

/** One list of the API, and how things come into it and go. */
interface List {
  /** The field with what is always asked for, such as `elements(search: "tax"`. */
  field: string;
  /** How many rows to begin with. */
  count: number;
  add(count: number): unknown;
  /** Absent: nothing ever goes. */
  remove?(ids: string[]): unknown;
}

const PAGE_SIZE = 7;
/** Pages after which a walk has gone astray: what comes in must not keep it from its end. */
const MAX_PAGES = 60;

/** Walks a list page by page, one way, while rows come and go around each page; returns what it saw and what stayed. */
async function walk(app: RunningApp, list: List, isBackwards: boolean): Promise<{ seen: string[]; stayed: string[] }> {
  const read = async (paging: string): Promise<Data> => {
    const query = `{ list: ${list.field.replace("(", `(${paging} `)} {
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { id } } } }`;
    return (await app.ask(query, {}, app.token)).list;
  };
  const before = await readAll(read);
  const gone = new Set<string>();
  const seen: string[] = [];
  let cursor: string | null = null;
  for (let pages = 0;; pages++) {
    assert.ok(pages < MAX_PAGES, "the walk comes to its end");
    const place = cursor === null ? "" : `${isBackwards ? "before" : "after"}: "${cursor}"`;
    const { edges, pageInfo } = await read(`${isBackwards ? "last" : "first"}: ${PAGE_SIZE} ${place}`);
    const ids: string[] = edges.map(({ node }: Data) => node.id);
    assert.ok(ids.length <= PAGE_SIZE);
    assert.deepEqual([pageInfo.startCursor, pageInfo.endCursor], [
      edges[0]?.cursor ?? null,
      edges.at(-1)?.cursor ?? null,
    ]);
    seen.push(...isBackwards ? ids.toReversed() : ids);
    if (!(isBackwards ? pageInfo.hasPreviousPage : pageInfo.hasNextPage)) break;
    cursor = isBackwards ? pageInfo.startCursor : pageInfo.endCursor;
    // The one that the cursor names, one that was seen before it and one that is still to come.
    const toCome = before.filter((id) => !seen.includes(id) && !gone.has(id));
    const doomed = [seen.at(-1), seen.at(-4), toCome.at(3)].filter((id) => id !== undefined);
    if (list.remove !== undefined) {
      await list.remove(doomed);
      for (const id of doomed) gone.add(id);
    }
    await list.add(3);
  }
  const stayed = before.filter((id) => !gone.has(id));
  return { seen, stayed: isBackwards ? stayed.toReversed() : stayed };
}

async function readAll(read: (paging: string) => Promise<Data>): Promise<string[]> {
  const { edges, pageInfo } = await read("first: 100");
  assert.equal(pageInfo.hasNextPage, false);
  return edges.map(({ node }: Data) => node.id);
}

async function holds(app: RunningApp, list: List): Promise<void> {
  await list.add(list.count);
  for (const isBackwards of [false, true]) {
    const { seen, stayed } = await walk(app, list, isBackwards);
    const what = `${list.field} ${isBackwards ? "backwards" : "forwards"}`;
    assert.ok(stayed.length >= 20, `${what}: ${stayed.length} stayed`);
    assert.equal(new Set(seen).size, seen.length, `${what}: nothing twice`);
    assert.deepEqual(seen.filter((id) => stayed.includes(id)), stayed, `${what}: what stayed, once, in order`);
  }
}

function removeFrom(app: RunningApp, table: string, ids: string[]): void {
  write(app, (database) => {
    // As the server has it, so that what belongs to it goes along.
    database.exec("PRAGMA foreign_keys = ON");
    for (const id of ids) database.prepare(`DELETE FROM ${table} WHERE id = ?`).run(id.slice(-36));
  });
}

const ELEMENT_LISTS = [
  `elements(orderBy: CREATED_AT_DESC`,
  `elements(projectId: "$project"`,
  `elements(filter: { status: [OPEN, RESOLVED], tagName: "a", capturedById: "$person" }`,
  `elements(search: "tax"`,
  `elements(search: "tax", filter: { status: [OPEN] }, projectId: "$project"`,
];

Deno.test("elements, plain, filtered and searched, page both ways over what stays, once each, while others come and go", async () => {
  for (const template of ELEMENT_LISTS) {
    await using app = await startApp();
    const projectIds = [await createProject(app, app.token, "A"), await createProject(app, app.token, "B")];
    const { viewer } = await app.ask(`{ viewer { id } }`, {}, app.token);
    const field = template.replace("$project", projectIds[0] ?? "").replace("$person", viewer.id);
    await holds(app, {
      field: `${field})`,
      count: field.includes("projectId") ? 80 : 45,
      add: (count) =>
        addElements(app, { count, projectIds, personIds: [viewer.id], comments: 0, note: (index) => `tax ${index}` }),
      remove: (ids) => removeFrom(app, "elements", ids),
    });
  }
});

Deno.test("projects, connections, calls of tools, users and security events page both ways over what stays, once each, while others come and go", async () => {
  await using app = await startApp();
  await holds(app, {
    field: "projects()",
    count: 40,
    add: async (count) => {
      for (let index = 0; index < count; index++) await createProject(app, app.token);
    },
    remove: (ids) => removeFrom(app, "projects", ids),
  });
  const projectIds = [await createProject(app, app.token, "A"), await createProject(app, app.token, "B")];
  for (const field of ["webrtcConnections()", `webrtcConnections(projectId: "${projectIds[0]}")`]) {
    await holds(app, {
      field,
      count: 80,
      add: (count) => addConnections(app, { count, projectIds, personIds: [] }),
      remove: (ids) => removeFrom(app, "webrtc_connections", ids),
    });
  }
  const { viewer } = await app.ask(`{ viewer { id } }`, {}, app.token);
  for (
    const filter of [
      `tool: "get_element"`,
      `outcome: "denied"`,
      `actorId: "${viewer.id}", startedAfter: "2020-01-01T00:00:00Z"`,
    ]
  ) {
    await holds(app, {
      field: `mcpToolExecutions(filter: { ${filter} })`,
      count: 80,
      add: (count) => addToolExecutions(app, { count, personIds: [viewer.id], outcome: "denied" }),
      remove: (ids) => removeFrom(app, "mcp_tool_executions", ids),
    });
    write(app, (database) => database.exec("DELETE FROM mcp_tool_executions"));
  }
  const users = {
    count: 40,
    add: async (count: number) => {
      for (let index = 0; index < count; index++) await addPerson(app);
    },
    remove: (ids: string[]) => removeFrom(app, "users", ids),
  };
  await holds(app, { ...users, field: `users(filter: { role: [DEVELOPER] })` });
  await holds(app, { ...users, field: `users(search: "developer")` });
  await using fresh = await startApp();
  const addEvents = async (count: number) => {
    for (let index = 0; index < count; index++) await createProject(fresh, fresh.token);
  };
  await holds(fresh, { field: "securityEvents()", count: 20, add: addEvents });
  await holds(fresh, { field: `securityEvents(filter: { kind: ["project.created"] })`, count: 1, add: addEvents });
});
