import { type HTMLElement, NodeType, parse } from "node-html-parser";
import type { SeedInput } from "./seed_data.ts";

const PAGE = new URL("../../seeds/demo_page.html", import.meta.url).pathname;

/** The team of the demo; the domain is reserved for examples (RFC 2606 §3). */
const PEOPLE = [
  { email: "maya@demo.example", name: "Maya Lindqvist", role: "ADMIN" },
  { email: "tom@demo.example", name: "Tom Okafor", role: "DEVELOPER" },
  { email: "ines@demo.example", name: "Inês Duarte", role: "DEVELOPER" },
  { email: "jun@demo.example", name: "Jun Takeda", role: "DEVELOPER" },
  { email: "lena@demo.example", name: "Lena Fischer", role: "DEVELOPER" },
  { email: "paul@demo.example", name: "Paul Moreau", role: "VIEWER" },
] as const;

const PROJECTS = [
  { name: "Workroom shop", owner: "tom@demo.example", url: "https://workroom.demo.example/", title: "Workroom" },
  {
    name: "Workroom redesign",
    owner: "ines@demo.example",
    url: "https://next.workroom.demo.example/",
    title: "Workroom, new",
  },
  {
    name: "Workroom on phones",
    owner: "jun@demo.example",
    url: "https://m.workroom.demo.example/",
    title: "Workroom mobile",
  },
] as const;

const NOTES = [
  "Make this line up with the one beside it.",
  "The contrast is too low: 4.5:1 at least, please.",
  "On a narrow window this wraps into three lines.",
  "Say what happens when it is clicked.",
  "This should be a link, not a button.",
  "A little more room above.",
  "The focus ring is cut off at the left.",
  "Same wording as on the basket page, please.",
  null,
  null,
];
const COMMENTS = [
  "I see it too, in Firefox only.",
  "Done on the branch, have a look.",
  "Is that still so after the last release?",
  "The same goes for the other cards.",
  "Let us leave it as it is for now.",
];
const STATUSES = ["OPEN", "OPEN", "ACKNOWLEDGED", "RESOLVED", "OPEN", "DISMISSED", "RESOLVED"] as const;
const ROLES: Record<string, string> = {
  A: "link",
  BUTTON: "button",
  H1: "heading",
  H2: "heading",
  IMG: "img",
  NAV: "navigation",
  INPUT: "textbox",
  ARTICLE: "article",
  TABLE: "table",
  TD: "cell",
  TH: "columnheader",
};

const SELECTED =
  "header, nav, form, a, input, button, select, h1, h2, p, section, article, img, span, label, table, th, td, li";
const HOUR_MS = 3_600_000;
/** One capture every so often, up to the present. */
const PAUSE_MS = 3 * HOUR_MS;

/** A believable team with projects and what it pointed at in the demo page, up to `now`. The same but for the times, each time. */
export async function makeDemoSeed(now: number): Promise<SeedInput> {
  const page = parse(await Deno.readTextFile(PAGE));
  const elements = page.querySelectorAll(SELECTED);
  const total = elements.length * PROJECTS.length;
  const startedAt = now - (total + 2) * PAUSE_MS;
  const createdAt = new Date(startedAt - 24 * HOUR_MS).toISOString();
  return {
    users: PEOPLE.map((person) => ({ ...person, createdAt })),
    projects: PROJECTS.map(({ name, owner }) => ({ name, owner, createdAt, members: membersBeside(owner) })),
    elements: Array.from({ length: total }, (_, index) => {
      const element = elements[Math.floor(index / PROJECTS.length)] ?? page;
      return makeElement(element, index, startedAt + index * PAUSE_MS);
    }),
  };
}

function membersBeside(owner: string) {
  return PEOPLE.filter(({ email }) => email !== owner).map(({ email, role }) => {
    return { email, role: role === "VIEWER" ? "VIEWER" as const : "EDITOR" as const };
  });
}

function makeElement(element: HTMLElement, index: number, at: number): NonNullable<SeedInput["elements"]>[number] {
  const project = pick(PROJECTS, index);
  const developers = PEOPLE.filter(({ role }) => role === "DEVELOPER");
  const text = element.textContent.replace(/\s+/g, " ").trim();
  const commentCount = index % 4 === 0 ? index % 3 : 0;
  return {
    clientId: `00000000-0000-4000-8000-${index.toString(16).padStart(12, "0")}`,
    project: project.name,
    capturedBy: pick(developers, index).email,
    pageUrl: project.url,
    pageTitle: project.title,
    pageId: `tab-${index % 5}`,
    selector: selectorOf(element),
    tagName: element.tagName,
    domId: element.id || null,
    classNames: element.classNames.split(" ").filter((name) => name !== ""),
    attributes: element.attributes,
    text: text.slice(0, 2_000),
    html: element.outerHTML,
    computedStyles: {
      display: pick(["block", "inline", "flex", "grid"], index),
      color: "rgb(34, 34, 34)",
      "font-size": "16px",
    },
    box: {
      x: 24 + (index % 4) * 296,
      y: 80 + Math.floor(index / 4) * 18,
      width: 120 + (index % 7) * 24,
      height: 24 + (index % 5) * 12,
    },
    viewport: { width: 1280, height: 800, scrollX: 0, scrollY: (index % 9) * 120, devicePixelRatio: 2 },
    accessibility: {
      role: ROLES[element.tagName] ?? null,
      name: text.slice(0, 80) || (element.getAttribute("alt") ?? null),
    },
    component: componentOf(element),
    note: pick(NOTES, index),
    status: pick(STATUSES, index),
    comments: Array.from({ length: commentCount }, (_, position) => {
      return { author: pick(developers, index + position + 1).email, body: pick(COMMENTS, index + position) };
    }),
    createdAt: new Date(at).toISOString(),
  };
}

/** The component and line that the page says stand behind an element or what it is in. */
function componentOf(element: HTMLElement) {
  const source = element.closest("[data-source]")?.getAttribute("data-source");
  const [, file, name, line] = /^(.*\/(\w+)\.tsx):(\d+)$/.exec(source ?? "") ?? [];
  if (file === undefined || name === undefined) return null;
  return { framework: "react", name, file, line: Number(line), column: 3 };
}

/** From the nearest id down, by position among those of the same tag. */
function selectorOf(element: HTMLElement): string {
  if (element.id) return `#${element.id}`;
  const parent = element.parentNode;
  if (parent === null || parent.tagName === null) return element.tagName.toLowerCase();
  const siblings = parent.childNodes.filter((node) => node.nodeType === NodeType.ELEMENT_NODE) as HTMLElement[];
  const position = siblings.filter(({ tagName }) => tagName === element.tagName).indexOf(element) + 1;
  return `${selectorOf(parent)} > ${element.tagName.toLowerCase()}:nth-of-type(${position})`;
}

function pick<T>(values: readonly T[], index: number): T {
  return values[index % values.length] as T;
}
