// What a thousand, a hundred thousand and a million elements cost, beside each other over HTTP: every case is asked of each server
// in turn, and medians are compared. Run by hand: `deno task bench:scale [FOLDER]`; the data, 3 GB of it, is made in FOLDER the first
// time, which takes some minutes, and stays there. It passes or fails nothing.
import { type RunningServer, startServer } from "../src/app/server.ts";
import { readConfig } from "../src/base/config.ts";
import { newId, toGlobalId } from "../src/base/ids.ts";
import { migrate } from "../src/database/migrations.ts";
import { openKv } from "../src/kv/kv.ts";
import { insertSession } from "../src/sessions/_records.ts";
import { newSessionToken, tokenKey } from "../src/sessions/_tokens.ts";
import { captureCase, type Case, casesOf, COUNTED, type Variables } from "./_scale_cases.ts";
import { fill, PEOPLE, PROJECTS } from "./_scale_data.ts";

const COUNTS = [1_000, 100_000, 1_000_000];
/** Of each case; a capture takes as long as the disk. */
const ROUNDS = 41;
const CAPTURES = 300;
/** Not counted: the first requests compile the code and read the file. */
const WARM_UP_ROUNDS = 5;
const DEEP_PAGE = 10_000;
/** Pages that a median is taken of, at either end of a walk. */
const WINDOW = 200;

interface Scale {
  count: number;
  server: RunningServer;
  tokens: Record<keyof typeof PEOPLE, string>;
}

const [folder = `${Deno.env.get("TMPDIR") ?? "/tmp"}/fingerpost_scale`, only = ""] = Deno.args;
const scales: Scale[] = [];
for (const count of COUNTS) scales.push(await start(count));
if ("pages".includes(only)) print("pages, ms", await compare((count) => casesOf(count).pages));
if ("searches".includes(only)) print("searches, ms", await compare((count) => casesOf(count).searches));
if ("counts".includes(only)) print("totalCount, ms", await compare(() => COUNTED, 7));
if ("captures".includes(only)) print("captures, ms", await compare(captureCase, CAPTURES));
if ("deep".includes(only)) print(`page ${DEEP_PAGE} beside page 1 of the largest, ms`, await walk());
for (const { server } of scales) await server.stop();
Deno.exit();

/** The real server on a data folder with so many elements; its limits let everything through. */
async function start(count: number): Promise<Scale> {
  const dataDir = `${folder}/${count}`;
  const path = `${dataDir}/fingerpost.db`;
  if (!await Deno.stat(path).then(() => true, () => false)) {
    await Deno.mkdir(dataDir, { recursive: true });
    await migrate({ path: `${path}.new`, folder: new URL("../migrations", import.meta.url).pathname, clock: Date });
    const startedAt = performance.now();
    fill(`${path}.new`, count);
    await Deno.rename(`${path}.new`, path);
    write(`${count} elements in ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`);
  }
  const tokens = { ofAll: newSessionToken(), ofLarge: newSessionToken(), ofSmall: newSessionToken() };
  await addSessions(`${dataDir}/kv.db`, tokens);
  const settings = { FINGERPOST_DATA_DIR: dataDir, FINGERPOST_PORT: "0", FINGERPOST_LOG_LEVEL: "error" };
  const server = await startServer(readConfig(new Map(Object.entries(settings))), {
    wrapRateLimits: (limits) => ({ ...limits, take: () => Promise.resolve() }),
  });
  return { count, server, tokens };
}

async function addSessions(path: string, tokens: Scale["tokens"]): Promise<void> {
  using kv = await openKv(path);
  const now = Date.now();
  const times = { createdAt: now, lastUsedAt: now, endsAt: now + 24 * 3_600_000 };
  for (const [name, userId] of Object.entries(PEOPLE)) {
    const token = tokens[name as keyof typeof PEOPLE];
    await insertSession(kv, tokenKey(token), { id: newId(), userId, ...times, ipAddress: null, userAgent: null });
  }
}

/** Asks every case of each server in turn, over and over. */
async function compare(casesFor: (count: number) => Record<string, Case>, rounds = ROUNDS) {
  const times = new Map<string, number[]>();
  const cases = scales.map((scale) => ({ scale, cases: Object.entries(casesFor(scale.count)) }));
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    for (const index of cases[0]?.cases.keys() ?? []) {
      for (const { scale, cases: own } of cases) {
        const [name, what] = own[index] ?? [];
        if (name === undefined || what === undefined) continue;
        const { milliseconds } = await ask(scale, what, what.variables());
        const key = `${name}\n${scale.count}`;
        if (round >= 0) times.set(key, [...times.get(key) ?? [], milliseconds]);
      }
    }
  }
  return Object.fromEntries(
    Object.keys(casesFor(1_000)).map((name) => [name, toRow((count) => times.get(`${name}\n${count}`) ?? [])]),
  );
}

function toRow(timesOf: (count: number) => number[]): Record<string, string> {
  const medians = COUNTS.map((count) => quantile(timesOf(count), 0.5));
  const largest = timesOf(COUNTS.at(-1) ?? 0);
  return {
    ...Object.fromEntries(COUNTS.map((count, index) => [`p50 of ${count}`, (medians[index] ?? NaN).toFixed(2)])),
    ratio: ((medians.at(-1) ?? NaN) / (medians[0] ?? NaN)).toFixed(2),
    "p95 of most": quantile(largest, 0.95).toFixed(2),
    "p99 of most": quantile(largest, 0.99).toFixed(2),
  };
}

/** Goes through the list page by page, as a client does, and looks at the first pages and at those around the last. */
async function walk(): Promise<Record<string, Record<string, string>>> {
  const scale = scales.at(-1);
  if (scale === undefined) return {};
  const rows: Record<string, Record<string, string>> = {};
  const projectId = toGlobalId("Project", PROJECTS.large);
  for (const search of [undefined, "storefront"]) {
    for (const [size, key, cursor] of [["first", "after", "endCursor"], ["last", "before", "startCursor"]] as const) {
      const times: number[] = [];
      let place: string | null = null;
      for (let page = 0; page < DEEP_PAGE; page++) {
        const variables = { projectId, search, [size]: 20, [key]: place };
        const { milliseconds, elements } = await ask(scale, casesOf(scale.count).page, variables);
        times.push(milliseconds);
        place = elements.pageInfo[cursor];
      }
      const [first, last] = [times.slice(20, WINDOW), times.slice(-WINDOW)].map((part) => quantile(part, 0.5));
      rows[`${search === undefined ? "list" : "search"}, ${size}`] = {
        "page 1": (first ?? NaN).toFixed(2),
        [`page ${DEEP_PAGE}`]: (last ?? NaN).toFixed(2),
        ratio: ((last ?? NaN) / (first ?? NaN)).toFixed(2),
      };
    }
  }
  return rows;
}

async function ask({ server, tokens }: Scale, { query, person }: Case, variables: Variables) {
  const startedAt = performance.now();
  const response = await fetch(`${server.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${tokens[person]}` },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  const milliseconds = performance.now() - startedAt;
  if (errors) throw new Error(`${JSON.stringify(variables)}: ${JSON.stringify(errors)}`);
  return { milliseconds, elements: data.elements };
}

function quantile(values: number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))] ?? NaN;
}

function print(title: string, rows: Record<string, Record<string, string>>): void {
  write(title);
  // deno-lint-ignore no-console -- the table is what a bench is for
  console.table(rows);
}

function write(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
