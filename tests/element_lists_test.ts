import assert from "node:assert/strict";
import { fromGlobalId, newIdAt, toGlobalId } from "../src/base/ids.ts";
import type { ElementFilter } from "../src/elements/elements.ts";
import { addPerson, type Person, setMember, write } from "./support/people.ts";
import { type RunningApp, startApp } from "./support/running_app.ts";

const LIST =
  `query ($projectId: ID, $filter: ElementFilter, $search: String, $first: Int, $last: Int, $after: String, $before: String) {
  elements(projectId: $projectId, filter: $filter, search: $search, first: $first, last: $last, after: $after, before: $before) {
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { node { id } }
  }
}`;

const COUNT = `query ($projectId: ID, $filter: ElementFilter, $search: String) {
  elements(projectId: $projectId, filter: $filter, search: $search, first: 1) { totalCount }
}`;

/** More than what is sorted rather than read in order, and more words with one beginning than are looked up one by one. */
const MANY = 2_300;
const PROJECTS = 20;
const TAGS = ["BUTTON", "a", "Nav"];
const STATUSES = ["OPEN", "ACKNOWLEDGED", "RESOLVED", "DISMISSED"] as const;

interface Asked {
  person: Person;
  variables: Record<string, unknown>;
}

/** What a list is asked for and what it is checked by. */
interface Stored {
  id: string;
  projectId: string;
  status: (typeof STATUSES)[number];
  pageUrl: string;
  pageId: string | null;
  tagName: string;
  capturedById: string | null;
  createdAt: number;
  words: string[];
}

interface Place {
  app: RunningApp;
  /** A member of all projects, of 17 small ones, and of the large one. */
  people: { all: Person; small: Person; large: Person };
  projects: string[];
  stored: Stored[];
}

/** One project that has most, nineteen that have a few; every tenth element was imported with an older time. */
async function makePlace(): Promise<Place> {
  const app = await startApp();
  write(app, (database) => database.exec("UPDATE rate_limits SET max_count = 1000000"));
  const [all, small, large] = [await addPerson(app), await addPerson(app), await addPerson(app)];
  const captors = [all, small, large].map(({ id }) => fromGlobalId(id)?.id ?? "");
  const projects = Array.from({ length: PROJECTS }, (_, index) => newIdAt(index));
  const stored = Array.from({ length: MANY }, (_, index) => makeElement(index, projects, captors));
  write(app, (database) => {
    database.exec("PRAGMA synchronous = OFF; BEGIN");
    const project = database.prepare(
      "INSERT INTO projects (id, name, revision, created_at, updated_at) VALUES (?, 'P', ?, 0, 0)",
    );
    for (const id of projects) project.run(id, stored.filter(({ projectId }) => projectId === id).length);
    const insert = database.prepare(`
      INSERT INTO elements (id, project_id, captured_by, client_id, revision, page_url, page_id, selector, tag_name,
        class_names, attributes, text, html_byte_size, box, status, created_at, updated_at)
      VALUES (?, ?, ?, ?, 1, ?, ?, 'main', ?, '[]', '{}', ?, 0, '{"x":0,"y":0,"width":1,"height":1}', ?, ?, ?)`);
    for (const { id, projectId, capturedById, pageUrl, pageId, tagName, words, status, createdAt } of stored) {
      const client = crypto.randomUUID();
      const text = words.join(" ");
      insert.run(id, projectId, capturedById, client, pageUrl, pageId, tagName, text, status, createdAt, createdAt);
    }
    database.exec("COMMIT");
  });
  projects.forEach((projectId, index) => {
    setMember(app, { projectId, personId: all.id, role: "EDITOR" });
    if (index > 0 && index < 18) setMember(app, { projectId, personId: small.id, role: "EDITOR" });
  });
  setMember(app, { projectId: projects[0] ?? "", personId: large.id, role: "EDITOR" });
  return { app, people: { all, small, large }, projects, stored };
}

function makeElement(index: number, projects: string[], captors: string[]): Stored {
  const createdAt = index % 10 === 9 ? index : 1_000_000 + index * 1_000;
  return {
    id: newIdAt(createdAt),
    projectId: projects[index % 30 === 7 ? 1 + (index % 19) : 0] ?? "",
    status: STATUSES[index % 40 === 0 ? 3 : index % 3] ?? "OPEN",
    pageUrl: index % 50 === 1 ? "https://few.example/a" : `https://many.example/${index % 7}`,
    pageId: index % 4 === 0 ? null : `tab ${Math.floor(index / 100)}, "é"`,
    tagName: TAGS[index % TAGS.length] ?? "",
    capturedById: captors[index % 11 === 0 ? 2 : index % 2] ?? null,
    createdAt,
    words: [`item${index}`, index % 2 ? "odd" : "even", ...(index % 100 === 3 ? ["seldom"] : [])],
  };
}

const TERMS = [null, "item2", "item2299", "odd", "od", "seldom item", "odd even", "nothing"];

/** Filters of each kind, and pairs of kinds. */
function makeFilters(stored: Stored[]): ElementFilter[] {
  const time = (index: number) => stored[index]?.createdAt ?? 0;
  const single: ElementFilter[] = [
    { status: ["DISMISSED"] },
    { status: ["OPEN", "DISMISSED", "OPEN"] },
    { status: [] },
    { pageUrlPrefix: "https://few.example/" },
    { pageUrlPrefix: "https://many.example/" },
    { pageId: stored[701]?.pageId ?? "" },
    { tagName: "NAV" },
    { capturedById: stored[0]?.capturedById ?? "" },
    { createdAfter: time(2_200) },
    { createdBefore: time(50) },
    { createdAfter: time(1_030), createdBefore: time(1_060) },
  ];
  return [
    {},
    ...single,
    ...single.flatMap((one, index) => single.slice(index + 1).map((other) => ({ ...one, ...other }))),
  ];
}

/** Oldest first, which a search takes from the order of capturing. */
function expected({ stored }: Place, projectIds: string[], filter: ElementFilter, term: string | null): string[] {
  const terms = term?.split(" ") ?? [];
  return stored.filter((element) =>
    projectIds.includes(element.projectId) &&
    (!filter.status || filter.status.includes(element.status)) &&
    (!filter.pageUrlPrefix || element.pageUrl.startsWith(filter.pageUrlPrefix)) &&
    (!filter.pageId || element.pageId === filter.pageId) &&
    (!filter.tagName || element.tagName.toLowerCase() === filter.tagName.toLowerCase()) &&
    (!filter.capturedById || element.capturedById === filter.capturedById) &&
    (!filter.createdAfter || element.createdAt > filter.createdAfter) &&
    (!filter.createdBefore || element.createdAt < filter.createdBefore) &&
    terms.every((term) => element.words.some((word) => word.startsWith(term)))
  ).map(({ id }) => toGlobalId("Element", id));
}

/** The ids of a list from its start or its end: 100 at a time, three times at most. */
async function listFrom(end: "first" | "last", { app }: Place, { person, variables }: Asked): Promise<string[]> {
  const ids: string[] = [];
  let place: string | null = null;
  for (let page = 0; page < 3; page++) {
    const paging = end === "first" ? { first: 100, after: place } : { last: 100, before: place };
    const { elements } = await app.ask(LIST, { ...variables, ...paging }, person.token);
    const read: string[] = elements.edges.map(({ node }: { node: { id: string } }) => node.id);
    ids.push(...end === "first" ? read : read.reverse());
    const { hasNextPage, hasPreviousPage, startCursor, endCursor } = elements.pageInfo;
    if (end === "first" ? !hasNextPage : !hasPreviousPage) break;
    place = end === "first" ? endCursor : startCursor;
  }
  return ids;
}

function toInput({ capturedById, createdAfter, createdBefore, ...filter }: ElementFilter) {
  return {
    ...filter,
    ...(capturedById ? { capturedById: toGlobalId("User", capturedById) } : {}),
    ...(createdAfter ? { createdAfter: new Date(createdAfter).toISOString() } : {}),
    ...(createdBefore ? { createdBefore: new Date(createdBefore).toISOString() } : {}),
  };
}

/** Whose lists are looked at, and the projects that are in them. */
interface Scope {
  person: Person;
  projectIds: string[];
  variables: Record<string, unknown>;
}

function scopesOf({ people: { all, small, large }, projects }: Place): Scope[] {
  const projectId = toGlobalId("Project", projects[0] ?? "");
  return [
    { person: all, projectIds: projects, variables: {} },
    { person: small, projectIds: projects.slice(1, 18), variables: {} },
    { person: large, projectIds: projects.slice(0, 1), variables: { projectId } },
  ];
}

async function checkList(place: Place, scope: Scope, filter: ElementFilter, term: string | null): Promise<void> {
  const { person } = scope;
  const variables = { ...scope.variables, filter: toInput(filter), search: term };
  const oldestFirst = expected(place, scope.projectIds, filter, term);
  if (term === null) oldestFirst.sort();
  const what = `${JSON.stringify(filter)} ${term}`;
  assert.deepEqual(await listFrom("last", place, { person, variables }), oldestFirst.slice(0, 300), what);
  assert.deepEqual(await listFrom("first", place, { person, variables }), oldestFirst.toReversed().slice(0, 300), what);
  const counted = await place.app.ask(COUNT, variables, person.token);
  assert.equal(counted.elements.totalCount, oldestFirst.length, what);
}

Deno.test("every filter, pair of filters and search, of one project and of many, lists what it should, each once, both ways", async () => {
  const place = await makePlace();
  await using _app = place.app;
  for (const [index, filter] of makeFilters(place.stored).entries()) {
    const terms = index < 12 ? TERMS : [null, index % 7 === 0 ? "odd" : "seldom"];
    for (const term of terms) for (const scope of scopesOf(place)) await checkList(place, scope, filter, term);
  }
});

Deno.test("a search with a filter finds an element by what it is now, and an account that is gone by nothing", async () => {
  const place = await makePlace();
  await using app = place.app;
  const [all, small] = scopesOf(place);
  assert.ok(all !== undefined && small !== undefined);
  const [changed] = place.stored.filter(({ words, status }) => words.includes("seldom") && status !== "DISMISSED");
  assert.ok(changed !== undefined);
  const change = `mutation ($id: ID!) { updateElement(input: { id: $id, status: DISMISSED }) { id } }`;
  await app.ask(change, { id: toGlobalId("Element", changed.id) }, all.person.token);
  changed.status = "DISMISSED";
  const gone = fromGlobalId(place.people.large.id)?.id ?? "";
  write(app, (database) => {
    database.exec("PRAGMA foreign_keys = ON");
    database.prepare("DELETE FROM users WHERE id = ?").run(gone);
  });
  for (const element of place.stored) if (element.capturedById === gone) element.capturedById = null;
  const filters: ElementFilter[] = [{ status: ["DISMISSED"] }, { status: ["OPEN", "ACKNOWLEDGED"] }, {
    capturedById: gone,
  }];
  for (const filter of filters) {
    for (const term of [null, "seldom"]) for (const scope of [all, small]) await checkList(place, scope, filter, term);
  }
  write(app, (database) => {
    database.prepare("DELETE FROM elements WHERE captured_by IS NULL").run();
    database.exec(`INSERT INTO element_search (element_search, rank) VALUES ('integrity-check', 1)`);
  });
});
