// The data of bench:scale: projects of very different sizes, and texts whose words are as frequent as those of a language.
import type { DatabaseSync } from "node:sqlite";
import { openConnection } from "../src/database/database.ts";

/** The projects by what they hold: most of all, a tenth, a thousand at most, and 500 that share the rest. */
export const PROJECTS = { large: idOf(2, 0), middle: idOf(2, 1), small: idOf(2, 2) };
/** Who is a member of every project, and who of the large one, or of the small one, alone. */
export const PEOPLE = { ofAll: idOf(1, 0), ofLarge: idOf(1, 1), ofSmall: idOf(1, 2) };
/** Captured in the large project; the last one captured nothing. */
export const CAPTORS = Array.from({ length: 20 }, (_, index) => idOf(1, index));

/** Words of known frequency: in every element; in each other one, so that the two never meet; in seven elements of all. */
export const WORDS = { everywhere: "storefront", even: "leftmost", odd: "rightmost", rare: "quixotic" };

const SMALL_PROJECT_SIZE = 1_000;
const OTHER_PROJECTS = 500;
const VOCABULARY_SIZE = 30_000;
const ROWS_IN_TRANSACTION = 20_000;
const YEAR_MS = 365 * 86_400_000;
const TAGS = ["BUTTON", "A", "DIV", "SPAN", "INPUT", "H2", "P", "IMG", "NAV", "SELECT"];
const STATUSES = ["OPEN", "OPEN", "OPEN", "RESOLVED", "RESOLVED", "RESOLVED", "RESOLVED", "ACKNOWLEDGED", "DISMISSED"];

/** The word of a rank: 0 is the most frequent. */
export function wordOf(rank: number): string {
  const syllables = ["ba", "re", "to", "mi", "su", "ka", "le", "no", "vi", "da", "pu", "se", "go", "ra", "ti", "fo"];
  let text = "";
  for (let rest = rank + 17; rest > 0; rest = Math.floor(rest / 16)) text += syllables[(rest + text.length * 5) % 16];
  return text;
}

/** The id of the element of a number; as if captured at its time. */
export function elementIdOf(index: number, count: number): string {
  const time = timeOf(index, count).toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${index.toString(16).padStart(12, "0")}`;
}

/** When the element of a number was captured: all of them within a year. */
export function timeOf(index: number, count: number): number {
  return Date.UTC(2026, 0, 1) + Math.floor(index * (YEAR_MS / count));
}

/** Fills an empty, migrated file; every trigger runs, so the index for searches is what captures make of it. */
export function fill(path: string, count: number): void {
  const database = openConnection(path, { readOnly: false });
  database.exec("PRAGMA synchronous = OFF; PRAGMA cache_size = -400000");
  insertPeople(database);
  const insert = prepareInserts(database);
  const random = createRandom(count);
  const words = createWords(random);
  for (let start = 0; start < count; start += ROWS_IN_TRANSACTION) {
    database.exec("BEGIN");
    for (let index = start; index < Math.min(count, start + ROWS_IN_TRANSACTION); index++) {
      insert(makeElement(index, count, { random, words }));
    }
    database.exec("COMMIT");
  }
  database.exec(`
    UPDATE projects SET revision = (SELECT coalesce(max(revision), 0) FROM element_events WHERE project_id = projects.id);
    PRAGMA wal_checkpoint(TRUNCATE)`);
  database.close();
}

function idOf(kind: number, number: number): string {
  return `0199${kind.toString(16).padStart(4, "0")}-0000-7000-8000-${number.toString(16).padStart(12, "0")}`;
}

function insertPeople(database: DatabaseSync): void {
  const user = database.prepare(`
    INSERT INTO users (id, email, email_key, name, role, password_hash, created_at, updated_at)
    VALUES (?, ?, ?, 'Bench', 'DEVELOPER', ?, 0, 0)`);
  for (const id of CAPTORS) user.run(id, `${id}@bench.example`, `${id}@bench.example`, `$2b$12$${"x".repeat(53)}`);
  const project = database.prepare("INSERT INTO projects (id, name, created_at, updated_at) VALUES (?, 'P', 0, 0)");
  const member = database.prepare(
    "INSERT INTO project_members (project_id, user_id, role, created_at) VALUES (?, ?, 'OWNER', 0)",
  );
  for (let index = 0; index < OTHER_PROJECTS + 3; index++) {
    project.run(idOf(2, index));
    member.run(idOf(2, index), PEOPLE.ofAll);
  }
  member.run(PROJECTS.large, PEOPLE.ofLarge);
  member.run(PROJECTS.small, PEOPLE.ofSmall);
}

type Values = Record<string, string | number | null>;

interface MadeElement {
  element: Values;
  html: string;
  comments: string[];
}

/** Which project the element of a number is in: 80 in 100 in the large one, 10 in the middle one. */
function projectOf(index: number, count: number): string {
  if (index % Math.max(10, Math.floor(count / SMALL_PROJECT_SIZE)) === 3) return PROJECTS.small;
  const share = index % 10;
  return share < 8
    ? PROJECTS.large
    : share < 9
    ? PROJECTS.middle
    : idOf(2, 3 + Math.floor(index / 10) % OTHER_PROJECTS);
}

interface Sources {
  random: () => number;
  words: (count: number) => string;
}

function makeElement(index: number, count: number, { random, words }: Sources): MadeElement {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const [id, time] = [elementIdOf(index, count), timeOf(index, count)];
  const tag = pick(TAGS);
  const page = Math.floor(random() ** 2 * 300);
  const component = wordOf(200 + Math.floor(random() * 400));
  const text = words(4 + Math.floor(random() * 30));
  const rare = index % Math.ceil(count / 7) === 5 ? WORDS.rare : "";
  const element = {
    id,
    project: projectOf(index, count),
    captor: CAPTORS[Math.floor(random() ** 2 * (CAPTORS.length - 1))] ?? null,
    client: idOf(4, index),
    url: `https://shop.example/${wordOf(page % 20)}/${wordOf(page)}?item=${page}`,
    title: `${wordOf(page)} ${wordOf(page + 1)} | ${WORDS.everywhere}`,
    page: `tab-${Math.floor(index / 50)}`,
    selector: `main > div.css-${Math.floor(random() * 0xffffff).toString(36)} > ${tag.toLowerCase()}:nth-child(${
      1 + page % 9
    })`,
    tag,
    text,
    htmlSize: text.length + 40,
    component: random() < 0.6
      ? JSON.stringify({
        framework: "react",
        name: component,
        file: `src/${wordOf(page % 30)}/${component}.tsx`,
        line: 7,
      })
      : null,
    note: `${words(2 + Math.floor(random() * 10))} ${index % 2 ? WORDS.odd : WORDS.even} ${rare}`,
    status: pick(STATUSES),
    time,
  };
  const comments = index % 1_000 === 44 ? [words(12)] : [];
  return { element, html: `<${tag} class="css">${text}</${tag}>`, comments };
}

function prepareInserts(database: DatabaseSync): (made: MadeElement) => void {
  const revisions = new Map<string, number>();
  const element = database.prepare(`
    INSERT INTO elements (id, project_id, captured_by, client_id, revision, page_url, page_title, page_id, selector, tag_name,
      class_names, attributes, text, html_byte_size, box, viewport, component, note, status, created_at, updated_at)
    VALUES (:id, :project, :captor, :client, :revision, :url, :title, :page, :selector, :tag, '["button","primary"]',
      '{"type":"submit","data-test":"a"}', :text, :htmlSize, '{"x":12,"y":320.5,"width":180,"height":44}',
      '{"width":1440,"height":900,"scrollX":0,"scrollY":120,"devicePixelRatio":2}', :component, :note, :status, :time, :time)`);
  const content = database.prepare(
    `INSERT INTO element_contents (element_id, html, computed_styles) VALUES (?, ?, '{"display":"flex","color":"red"}')`,
  );
  const event = database.prepare(
    "INSERT INTO element_events (project_id, revision, kind, element_id) VALUES (?, ?, 'CAPTURED', ?)",
  );
  const comment = database.prepare(
    "INSERT INTO element_comments (id, element_id, author_id, body, created_at) VALUES (?, ?, ?, ?, ?)",
  );
  const encoder = new TextEncoder();
  return ({ element: values, html, comments }) => {
    const { id = null, project = null, time = null } = values;
    const revision = (revisions.get(String(project)) ?? 0) + 1;
    revisions.set(String(project), revision);
    element.run({ ...values, revision });
    content.run(id, encoder.encode(html));
    event.run(project, revision, id);
    comments.forEach((body, index) =>
      comment.run(`${String(id).slice(0, 14)}7${index}00${String(id).slice(18)}`, id, PEOPLE.ofAll, body, time)
    );
  };
}

/** Numbers from 0 to 1, the same ones for the same seed. https://github.com/cprosche/mulberry32 */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Texts in which the word of rank n is about 1/n as frequent as the first (Zipf's law). */
function createWords(random: () => number): (count: number) => string {
  const vocabulary = Array.from({ length: VOCABULARY_SIZE }, (_, rank) => wordOf(rank));
  return (count) =>
    Array.from({ length: count }, () => vocabulary[Math.floor(VOCABULARY_SIZE ** random()) - 1] ?? "").join(" ");
}
