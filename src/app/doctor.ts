import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { createClient as createSocketClient } from "graphql-ws";
import { parseArgs } from "node:util";
import { readClientConfig } from "../base/config.ts";
import { AppError, invalidInput } from "../base/errors.ts";
import { DOCTOR_DOCUMENTS } from "./doctor_documents.ts";

/** One step of the path from pointing to asking. */
interface Leg {
  name: string;
  /** What to do when it fails. */
  advice: string;
  /** Gives what is to be told of it beside its time. */
  run(visit: Visit): Promise<string | void>;
}

/** What the legs share: whom they talk to, and what earlier ones found. */
interface Visit {
  url: string;
  token: string;
  nonce: string;
  projectId: string;
  /** The project's revision at the capture. */
  revision: number;
  elementId: string | null;
}

const DEFAULT_URL = "http://127.0.0.1:8000";
const LEG_TIMEOUT_MS = 10_000;

const LEGS: Leg[] = [
  {
    name: "reachable",
    advice: "Start the server with `deno task start`, or give its address with --url.",
    run: reach,
  },
  {
    name: "signed in",
    advice: "Give a token with --token: signIn and createAccessToken make one (scopes ELEMENTS_READ, ELEMENTS_WRITE).",
    run: findViewer,
  },
  {
    name: "captured",
    advice: "The token needs the scope ELEMENTS_WRITE, and its owner a project of their own: createProject makes one.",
    run: capture,
  },
  {
    name: "seen on a subscription",
    advice: "A proxy in front must let WebSockets with the protocol graphql-transport-ws through to /graphql.",
    run: subscribe,
  },
  {
    name: "read through MCP",
    advice: "A proxy in front must let POST /mcp through; the token needs the scope ELEMENTS_READ.",
    run: readThroughMcp,
  },
];

const DELETED = { name: "deleted again", advice: "Delete the element that doctor captured by hand.", run: remove };

/** Proves the path against a running server, leg by leg, and prints each with its time. Exit code 0 if all held, else 1. */
export async function runDoctor(args: string[]): Promise<number> {
  const { url, token } = readOptions(args);
  const visit: Visit = { url, token, nonce: crypto.randomUUID(), projectId: "", revision: 0, elementId: null };
  print(`Fingerpost at ${url}`);
  let held = true;
  for (const leg of LEGS) {
    held = held && await tryLeg(leg, visit);
    if (!held) break;
  }
  // What was captured goes away again even if a leg in between failed.
  if (visit.elementId !== null) held = await tryLeg(DELETED, visit) && held;
  print(held ? "All legs hold." : "Not all legs hold.");
  return held ? 0 : 1;
}

function readOptions(args: string[]): { url: string; token: string } {
  const defaults = readClientConfig(Deno.env);
  try {
    const { values } = parseArgs({ args, options: { url: { type: "string" }, token: { type: "string" } } });
    const url = values.url ?? defaults.url ?? DEFAULT_URL;
    if (!/^https?:$/.test(URL.parse(url)?.protocol ?? "")) {
      throw invalidInput(["url"], `Cannot use --url "${url}": it must begin with http:// or https://`);
    }
    return { url: new URL(url).origin, token: values.token ?? defaults.token ?? "" };
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError("INVALID_INPUT", `Cannot run doctor: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function tryLeg({ name, advice, run }: Leg, visit: Visit): Promise<boolean> {
  const startedAt = performance.now();
  const told = () => `${name} (${(performance.now() - startedAt).toFixed(1)} ms)`;
  try {
    const found = await withTimeout(run(visit));
    print(`✓ ${told()}${found ? `: ${found}` : ""}`);
    return true;
  } catch (error) {
    print(`✗ ${told()}: ${error instanceof Error ? error.message : String(error)}\n  ${advice}`);
    return false;
  }
}

async function withTimeout<Result>(work: Promise<Result>): Promise<Result> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`No answer in ${LEG_TIMEOUT_MS / 1_000} s`)), LEG_TIMEOUT_MS);
  });
  return await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

async function reach({ url }: Visit): Promise<void> {
  const response = await fetch(`${url}/health/live`);
  await response.body?.cancel();
  if (!response.ok) throw new Error(`The server answers with status ${response.status}`);
}

async function findViewer(visit: Visit): Promise<void> {
  if (visit.token === "") throw new Error("No token was given");
  const { viewer } = await ask(visit, DOCTOR_DOCUMENTS.viewer);
  if (viewer === null) throw new Error("The server takes this token for a guest's");
}

async function capture(visit: Visit): Promise<void> {
  const { nonce, url } = visit;
  const box = { x: 0, y: 0, width: 1, height: 1 };
  const element = { selector: "#doctor", tagName: "BUTTON", html: `<button id="doctor">${nonce}</button>`, box };
  const input = { ...element, clientId: nonce, pageUrl: url, note: `doctor ${nonce}` };
  const { captureElement } = await ask(visit, DOCTOR_DOCUMENTS.capture, { input }).catch(async (error: unknown) => {
    if (!(error instanceof Error) || error.cause !== "NOT_FOUND") throw error;
    // A new instance: nobody has made a project yet.
    await ask(visit, DOCTOR_DOCUMENTS.createProject);
    return await ask(visit, DOCTOR_DOCUMENTS.capture, { input });
  });
  const captured = objectOf(captureElement);
  visit.elementId = String(captured["id"]);
  visit.revision = Number(captured["revision"]);
  visit.projectId = String(objectOf(captured["project"])["id"]);
}

async function subscribe({ url, token, projectId, revision, elementId }: Visit): Promise<void> {
  const client = createSocketClient({
    url: `${url.replace(/^http/, "ws")}/graphql`,
    connectionParams: { authorization: `Bearer ${token}` },
    retryAttempts: 0,
  });
  try {
    const events = client.iterate({
      query: DOCTOR_DOCUMENTS.subscription,
      variables: { projectId, after: revision - 1 },
    });
    for await (const { data, errors } of events) {
      if (errors !== undefined) throw new Error(errors[0]?.message);
      if (objectOf(data?.["elementEvents"])["elementId"] === elementId) return;
    }
    throw new Error("The subscription ended before the capture was seen");
  } finally {
    await client.dispose();
  }
}

async function readThroughMcp({ url, token, projectId, nonce }: Visit): Promise<string> {
  const client = new Client({ name: "fingerpost-doctor", version: "1" });
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit }));
  try {
    const result = await client.callTool({ name: "list_elements", arguments: { projectId } });
    if (!JSON.stringify(result.structuredContent ?? {}).includes(nonce)) {
      throw new Error("list_elements does not show the capture");
    }
    const { tools } = await client.listTools();
    const own = tools.filter(({ _meta }) => _meta?.["fingerpost/origin"] === "operator").map(({ name }) => name);
    return `${tools.length} tools${own.length === 0 ? "" : `, the operator's own among them: ${own.join(", ")}`}`;
  } finally {
    await client.close();
  }
}

async function remove(visit: Visit): Promise<void> {
  await ask(visit, DOCTOR_DOCUMENTS.remove, { id: visit.elementId });
}

async function ask(
  { url, token }: Visit,
  query: string,
  variables: Record<string, unknown> = {},
): Promise<Record<string, unknown>> {
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = objectOf(await response.json());
  const [error] = listOf(errors);
  if (error !== undefined) {
    const { message, extensions } = objectOf(error);
    throw new Error(String(message), { cause: objectOf(extensions)["code"] });
  }
  return objectOf(data);
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
