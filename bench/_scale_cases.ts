// What bench:scale asks.
import { toGlobalId } from "../src/base/ids.ts";
import { CAPTORS, PEOPLE, PROJECTS, timeOf, wordOf, WORDS } from "./_scale_data.ts";

/** The variables of an operation. */
export type Variables = Record<string, unknown>;

/** One operation, and who asks it. */
export interface Case {
  query: string;
  person: keyof typeof PEOPLE;
  variables(): Variables;
}

const PAGE =
  `query ($projectId: ID, $filter: ElementFilter, $search: String, $first: Int, $last: Int, $after: String, $before: String) {
  elements(projectId: $projectId, filter: $filter, search: $search, first: $first, last: $last, after: $after, before: $before) {
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor node { id selector note status tagName pageUrl createdAt } }
  }
}`;
const COUNT = `query ($projectId: ID, $search: String, $filter: ElementFilter) {
  elements(projectId: $projectId, search: $search, filter: $filter, first: 1) { totalCount }
}`;
const CAPTURE = `mutation ($input: CaptureElementInput!) { captureElement(input: $input) { id revision } }`;

const [LARGE, SMALL] = [PROJECTS.large, PROJECTS.small].map((id) => ({ projectId: toGlobalId("Project", id) }));
const COMMON = [wordOf(0), wordOf(1), wordOf(2)];
const RARE_AND_COMMON = `${WORDS.rare} ${COMMON[0]}`;

/** What is counted: as slow as it is much. */
export const COUNTED: Record<string, Case> = {
  "a project": toCase({ ...LARGE }, "ofLarge", COUNT),
  "a project, by status": toCase({ ...LARGE, filter: { status: ["RESOLVED"] } }, "ofLarge", COUNT),
  "a project, by three filters": toCase({ ...LARGE, filter: comboOf() }, "ofLarge", COUNT),
  "503 projects": toCase({}, "ofAll", COUNT),
  "search: a rare word": toCase({ ...LARGE, search: WORDS.rare }, "ofLarge", COUNT),
  "search: a common word": toCase({ ...LARGE, search: COMMON[0] }, "ofLarge", COUNT),
  "search: in every element": toCase({ ...LARGE, search: WORDS.everywhere }, "ofLarge", COUNT),
  "search: in every element of 503 projects": toCase({ search: WORDS.everywhere }, "ofAll", COUNT),
};

/** The cases of one size: a list by every filter and from both ends, searches of every kind. */
export function casesOf(count: number): { page: Case; pages: Record<string, Case>; searches: Record<string, Case> } {
  const pages: Record<string, Case> = {
    "20 of a project": toCase({ ...LARGE, first: 20 }),
    "20 of all of my one project": toCase({ first: 20 }),
    "20 of my 503 projects": toCase({ first: 20 }, "ofAll"),
    "from the end": toCase({ ...LARGE, last: 20 }),
  };
  for (const [name, filter] of Object.entries(filtersOf(count))) {
    pages[`by ${name}`] = toCase({ ...LARGE, filter, first: 20 });
    pages[`by ${name}, from the end`] = toCase({ ...LARGE, filter, last: 20 });
    pages[`by ${name}, of 503 projects`] = toCase({ filter, first: 20 }, "ofAll");
  }
  const searches: Record<string, Case> = {};
  for (const [name, search] of Object.entries(searchesOf())) {
    searches[name] = toCase({ ...LARGE, search });
    searches[`${name}, from the end`] = toCase({ ...LARGE, search, last: 20 });
    searches[`${name}, of 503 projects`] = toCase({ search }, "ofAll");
    searches[`${name}, in a small project`] = toCase({ ...SMALL, search }, "ofSmall");
  }
  for (const [name, filter] of Object.entries(filtersOf(count))) {
    searches[`a common word by ${name}`] = toCase({ ...LARGE, filter, search: COMMON[0] });
    searches[`everywhere by ${name}, of 503 projects`] = toCase({ filter, search: WORDS.everywhere }, "ofAll");
  }
  return { page: toCase({}), pages, searches };
}

/** A capture of about 1 kB, each with words of its own. */
export function captureCase(): Record<string, Case> {
  const words = (seed: number) =>
    Array.from({ length: 20 }, (_, index) => wordOf((seed * 31 + index ** 3) % 30_000)).join(" ");
  const input = () => ({
    ...LARGE,
    clientId: crypto.randomUUID(),
    pageUrl: `https://shop.example/${wordOf(3)}`,
    selector: "main > button",
    tagName: "BUTTON",
    html: `<button>${"x".repeat(1_000)}</button>`,
    text: words(Math.floor(Math.random() * 30_000)),
    note: words(Math.floor(Math.random() * 30_000)),
    box: { x: 0, y: 0, width: 10, height: 10 },
  });
  return { captureElement: { query: CAPTURE, person: "ofLarge", variables: () => ({ input: input() }) } };
}

function toCase(variables: Variables, person: keyof typeof PEOPLE = "ofLarge", query = PAGE): Case {
  return { query, person, variables: () => variables };
}

function comboOf(): Variables {
  return { status: ["RESOLVED"], tagName: "A", capturedById: toGlobalId("User", CAPTORS[1] ?? "") };
}

function filtersOf(count: number): Record<string, Variables> {
  const at = (share: number) => new Date(timeOf(count * share, count)).toISOString();
  return {
    "status": { status: ["RESOLVED"] },
    "two statuses": { status: ["OPEN", "DISMISSED"] },
    "a URL": { pageUrlPrefix: `https://shop.example/${wordOf(3)}/` },
    "a URL that all have": { pageUrlPrefix: "https://shop" },
    "an old tab": { pageId: "tab-3" },
    "tag": { tagName: "button" },
    "captor": { capturedById: toGlobalId("User", CAPTORS[3] ?? "") },
    "a captor of nothing": { capturedById: toGlobalId("User", CAPTORS.at(-1) ?? "") },
    "the newer half": { createdAfter: at(0.5) },
    "the older half": { createdBefore: at(0.5) },
    "the oldest": { createdBefore: at(0.03) },
    "a time in between": { createdAfter: at(0.5), createdBefore: at(0.55) },
    "three": comboOf(),
    "all kinds": { ...comboOf(), createdBefore: at(0.5), pageUrlPrefix: "https://shop" },
  };
}

function searchesOf(): Record<string, string> {
  const [first = "", second = ""] = COMMON;
  return {
    "a rare word": WORDS.rare,
    "a common word": first,
    "a word of the middle": wordOf(300),
    "in every element": WORDS.everywhere,
    "one letter": first.slice(0, 1),
    "two letters": first.slice(0, 2),
    "three letters": first.slice(0, 3),
    "four letters, 100 words": first.slice(0, 4),
    "a phrase": `"${first} ${second}"`,
    "three common words": COMMON.join(" "),
    "a rare and a common word": RARE_AND_COMMON,
    "two words that never meet": `${WORDS.odd} ${WORDS.even}`,
    "no word": "zzzzzz",
  };
}
