import { startServer } from "../../src/app/server.ts";
import type { Clock } from "../../src/base/clock.ts";
import type { McpService } from "../../src/app/mcp_service.ts";
import { type Config, readConfig } from "../../src/base/config.ts";

/** The whole server on a free port with a data folder of its own, and what tests say to it. */
export interface RunningApp extends AsyncDisposable {
  /** Where it listens, whatever its public URL. */
  url: string;
  dataDir: string;
  /** Sends an operation; a token makes the caller somebody. Returns the parsed body. */
  graphql(query: string, variables?: Record<string, unknown>, token?: string | null): Promise<GraphqlBody>;
  /** Sends an operation that must succeed and returns its data. */
  ask(query: string, variables?: Record<string, unknown>, token?: string | null): Promise<Data>;
  /** The token of a session of the first admin. */
  token: string;
  /** Signs in and returns the session's token. */
  signIn(email?: string, password?: string): Promise<string>;
  /** Stops the server and keeps the data folder until the app is disposed. */
  stop(): Promise<void>;
}

/** A GraphQL answer, loosely: a test knows what it asked for. */
// deno-lint-ignore no-explicit-any -- answers have the shape of the query beside them
export type Data = any;

/** The body of a GraphQL answer. */
export interface GraphqlBody {
  data?: Data;
  errors?: { message: string; path?: (string | number)[]; extensions: { code: string; [key: string]: unknown } }[];
}

/** Settings and time for one app. */
export interface AppSettings {
  environment?: Record<string, string>;
  clock?: Clock;
  /** An existing data folder, which stays. */
  dataDir?: string;
  /** How long an operation may take; 10 s if absent. */
  operationDeadlineMs?: number;
  /** Puts something in front of the MCP adapter. */
  wrapMcp?: (mcp: McpService) => McpService;
}

/** The first admin of every test's data folder. */
export const ADMIN = { email: "admin@localhost", password: "correct horse battery" };

/** Starts the server. Its data folder is a copy of one made once a run, so that only the first start hashes a password. */
export async function startApp({ environment = {}, dataDir, ...options }: AppSettings = {}): Promise<RunningApp> {
  const { folder, token } = dataDir === undefined ? await copyTemplate() : { folder: dataDir, token: "" };
  const server = await startServer(configFor(folder, environment), options);
  const { graphql, ask } = clientOf(server.url);
  return {
    url: server.url,
    dataDir: folder,
    token,
    graphql,
    ask,
    signIn: async (email = ADMIN.email, password = ADMIN.password) =>
      (await ask(SIGN_IN, { input: { email, password } })).signIn.token,
    stop: () => server.stop(),
    [Symbol.asyncDispose]: async () => {
      await server.stop();
      if (dataDir === undefined) await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Speaks GraphQL over HTTP to a server, as `RunningApp` does. */
export function clientOf(url: string): Pick<RunningApp, "graphql" | "ask"> {
  const graphql: RunningApp["graphql"] = async (query, variables = {}, token = null) => {
    const response = await fetch(`${url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", ...bearer(token) },
      body: JSON.stringify({ query, variables }),
    });
    return await response.json();
  };
  const ask: RunningApp["ask"] = async (query, variables, token) => {
    const { data, errors } = await graphql(query, variables, token);
    if (errors !== undefined) throw new Error(JSON.stringify(errors));
    return data;
  };
  return { graphql, ask };
}

/** The `Authorization` header of a token, none for null. */
export function bearer(token: string | null): Record<string, string> {
  return token === null ? {} : { authorization: `Bearer ${token}` };
}

const SIGN_IN = `mutation ($input: SignInInput!) { signIn(input: $input) { token } }`;

interface Template {
  folder: string;
  token: string;
}

/** One for all test files of a run, which are threads of one process; what older runs left is cleared away. */
const TEMPLATES = `${Deno.env.get("TMPDIR") ?? "/tmp"}/fingerpost_templates`;
const OWN_TEMPLATE = `${TEMPLATES}/${Deno.pid}`;
/** Longer than any run. */
const STALE_MS = 3 * 3_600_000;
let template: Promise<Template> | null = null;

async function copyTemplate(): Promise<Template> {
  template ??= findTemplate();
  const { folder: source, token } = await template;
  const folder = await Deno.makeTempDir({ prefix: "fingerpost_test_" });
  const names = ["fingerpost.db", "kv.db", "secret.key", "audit.checkpoints"];
  await Promise.all(names.map((name) => Deno.copyFile(`${source}/${name}`, `${folder}/${name}`)));
  return { folder, token };
}

async function findTemplate(): Promise<Template> {
  Deno.mkdirSync(TEMPLATES, { recursive: true });
  for (const { name } of Deno.readDirSync(TEMPLATES)) {
    const madeAt = statOf(`${TEMPLATES}/${name}`)?.mtime?.getTime() ?? Infinity;
    if (Date.now() - madeAt > STALE_MS) await Deno.remove(`${TEMPLATES}/${name}`, { recursive: true }).catch(() => {});
  }
  if (statOf(OWN_TEMPLATE) === null) await makeTemplate();
  return { folder: OWN_TEMPLATE, token: await Deno.readTextFile(`${OWN_TEMPLATE}/token`) };
}

async function makeTemplate(): Promise<void> {
  const folder = await Deno.makeTempDir({ dir: TEMPLATES });
  await using app = await startApp({ dataDir: folder });
  await Deno.writeTextFile(`${folder}/token`, await app.signIn());
  await app.stop();
  // Another thread may have been first.
  await Deno.rename(folder, OWN_TEMPLATE).catch(() => Deno.remove(folder, { recursive: true }));
}

function statOf(path: string): Deno.FileInfo | null {
  try {
    return Deno.statSync(path);
  } catch {
    return null;
  }
}

function configFor(dataDir: string, environment: Record<string, string>): Config {
  return readConfig(
    new Map(Object.entries({
      FINGERPOST_PORT: "0",
      FINGERPOST_DATA_DIR: dataDir,
      FINGERPOST_ADMIN_EMAIL: ADMIN.email,
      FINGERPOST_ADMIN_PASSWORD: ADMIN.password,
      ...environment,
    })),
  );
}
