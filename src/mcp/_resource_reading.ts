import type { ReadResourceResult, Resource } from "@modelcontextprotocol/server";
import { composeAnswer } from "./_answer.ts";
import { listOf, nodesOf, objectOf, textOf } from "./_answer_reading.ts";
import type { FindDocument } from "./_documents.ts";
import { parseElementUri, toElementUri } from "./_element_uris.ts";
import { isNotFound, requireData, resourceNotFound } from "./_protocol_errors.ts";
import type { ServingContext } from "./adapter.ts";
import type { Caller } from "./caller.ts";

/** As whom resources are read, and where. */
export interface Reading {
  caller: Caller;
  context: ServingContext;
  signal: AbortSignal;
}

/** Lists and reads what people pointed at, as resources. */
export interface ResourceReader {
  /** The newest elements that the caller may see, each with its screenshot where it has one. */
  list(reading: Reading): Promise<Resource[]>;
  /** Throws a `ProtocolError` for what there is none of, or none that the caller may see. */
  read(uri: string, reading: Reading): Promise<ReadResourceResult>;
}

const LISTED = 100;
/** As large as the largest result of a tool. */
const MAX_JSON_BYTES = 100_000;
/** Of an image; over stdio its base64 has to fit a line. */
const MAX_IMAGE_BYTES = { http: 1_000_000, stdio: 700_000 };
const MAX_NAME_LENGTH = 80;
const MAX_DESCRIPTION_LENGTH = 200;

/** Builds the reader. */
export function createResourceReader(documents: FindDocument): ResourceReader {
  return { list, read };

  async function list({ caller, signal }: Reading): Promise<Resource[]> {
    const answer = await caller.execute(documents("list_elements").query, { first: LISTED }, { signal: () => signal });
    return nodesOf(requireData(answer)["elements"]).flatMap(toResources);
  }

  async function read(uri: string, reading: Reading): Promise<ReadResourceResult> {
    const parsed = parseElementUri(uri);
    if (parsed === null) throw resourceNotFound(uri);
    const { kind, elementId } = parsed;
    const contents = kind === "element"
      ? await readElement(uri, elementId, reading)
      : await readScreenshot(uri, elementId, reading);
    return { contents: [contents] };
  }

  async function readElement(uri: string, elementId: string, reading: Reading) {
    const { query, shape } = documents("read_element");
    const data = await ask(uri, query, { elementId }, reading);
    const asked = { tool: "get_element", input: { elementId, level: "full" }, shape, maxBytes: MAX_JSON_BYTES };
    const { element, cut } = composeAnswer(data, asked).structured;
    const cuts = listOf(cut).map((one) => withoutRoot(objectOf(one)));
    const json = { ...objectOf(element), ...(cuts.length === 0 ? {} : { cut: cuts }) };
    return { uri, mimeType: "application/json", text: JSON.stringify(json) };
  }

  async function readScreenshot(uri: string, elementId: string, reading: Reading) {
    const variables = { elementId, maxBytes: MAX_IMAGE_BYTES[reading.context.transport] };
    const { element } = await ask(uri, documents("read_screenshot").query, variables, reading);
    const { base64, mimeType } = objectOf(objectOf(objectOf(element)["screenshot"])["scaled"]);
    if (typeof base64 !== "string") throw resourceNotFound(uri);
    return { uri, mimeType: String(mimeType), blob: base64 };
  }

  async function ask(
    uri: string,
    query: string,
    variables: Record<string, unknown>,
    { caller, signal }: Reading,
  ): Promise<Record<string, unknown>> {
    const answer = await caller.execute(query, variables, { signal: () => signal });
    if (isNotFound(answer)) throw resourceNotFound(uri);
    return requireData(answer);
  }
}

function toResources(node: Record<string, unknown>): Resource[] {
  const elementId = String(node["id"]);
  const name = nameOf(node);
  const note = textOf(node["note"]);
  const lastModified = textOf(node["updatedAt"]);
  const annotations = lastModified === null ? {} : { annotations: { lastModified } };
  const element: Resource = {
    uri: toElementUri({ kind: "element", elementId }),
    name,
    title: shorten(note === null ? name : `${name}: ${note}`, MAX_NAME_LENGTH),
    description: describe(node),
    mimeType: "application/json",
    ...annotations,
  };
  const { mimeType } = objectOf(node["screenshot"]);
  if (typeof mimeType !== "string") return [element];
  const uri = toElementUri({ kind: "screenshot", elementId });
  const title = shorten(`Screenshot of ${name}`, MAX_NAME_LENGTH);
  return [element, {
    uri,
    name: title,
    title,
    description: `What ${element.uri} looked like`,
    mimeType,
    ...annotations,
  }];
}

function nameOf({ component, selector }: Record<string, unknown>): string {
  return shorten(textOf(objectOf(component)["name"]) ?? textOf(selector) ?? "element", MAX_NAME_LENGTH);
}

function describe({ status, component, selector, pageUrl }: Record<string, unknown>): string {
  const { file, line } = objectOf(component);
  const place = typeof file === "string" ? `${file}${typeof line === "number" ? `:${line}` : ""}` : null;
  const parts = [textOf(status), place, textOf(selector), textOf(pageUrl)].filter((part) => part !== null);
  return shorten(parts.join(" · "), MAX_DESCRIPTION_LENGTH);
}

function shorten(text: string, length: number): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length <= length ? line : `${line.slice(0, length - 1).toWellFormed()}…`;
}

// The element is the resource: its fields have no name in front.
function withoutRoot({ path, ...cut }: Record<string, unknown>): Record<string, unknown> {
  return { path: String(path).replace(/^element\./, ""), ...cut };
}
