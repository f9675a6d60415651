import type { CompleteRequest, CompleteResult, Server } from "@modelcontextprotocol/server";
import { nodesOf, objectOf, textOf } from "./_answer_reading.ts";
import type { FindDocument } from "./_documents.ts";
import { URI_TEMPLATES } from "./_element_uris.ts";
import type { PromptDefinition } from "./_prompt_files.ts";
import { invalidParams, requireData } from "./_protocol_errors.ts";
import { mayRead } from "./_resources.ts";
import type { Caller } from "./caller.ts";

/** What completions are made from. */
export interface CompletionOptions {
  documents: FindDocument;
  prompts: readonly PromptDefinition[];
}

/** What is to be completed. */
type Subject = "element" | "screenshot" | "project";
type Completion = CompleteResult["completion"];

interface Found {
  ids: string[];
  /** Whether there are no more. */
  isAll: boolean;
}

/** As many as the protocol lets an answer have. */
const MAX_VALUES = 100;
/** Pages of a hundred that are looked through for an id's beginning. */
const MAX_PAGES = 5;
/** As much as `Query.elements` takes. */
const MAX_SEARCH_LENGTH = 1_000;

/** Has a server complete ids of elements and projects as the caller: by their beginning, or by words that find them. */
export function addCompletion(server: Server, options: CompletionOptions, caller: Caller): void {
  server.setRequestHandler("completion/complete", async ({ params }, { mcpReq }) => {
    const subject = subjectOf(params, options.prompts);
    const asking = { caller, signal: mcpReq.signal };
    const { value } = params.argument;
    if (subject === null || !mayRead(caller)) return { completion: { values: [], total: 0, hasMore: false } };
    const complete = createCompleter(options.documents, asking);
    return {
      completion: subject === "project" ? await complete.project(value) : await complete.element(value, subject),
    };
  });
}

function subjectOf({ ref, argument }: CompleteRequest["params"], prompts: readonly PromptDefinition[]): Subject | null {
  if (ref.type === "ref/resource") {
    const template = Object.entries(URI_TEMPLATES).find(([, uri]) => uri === ref.uri)?.[0];
    if (template === undefined) throw invalidParams(`Cannot find the template "${ref.uri.slice(0, 100)}"`);
    if (argument.name !== "id") return null;
    return template === "element" ? "element" : "screenshot";
  }
  const prompt = prompts.find(({ name }) => name === ref.name);
  if (prompt === undefined) throw invalidParams(`Cannot find the prompt "${ref.name.slice(0, 100)}"`);
  if (!prompt.arguments.some(({ name }) => name === argument.name)) return null;
  return argument.name === "elementId" ? "element" : argument.name === "projectId" ? "project" : null;
}

function createCompleter(documents: FindDocument, { caller, signal }: { caller: Caller; signal: AbortSignal }) {
  return { element: completeElement, project: completeProject };

  async function completeElement(value: string, kind: "element" | "screenshot"): Promise<Completion> {
    const isKind = ({ screenshot }: Record<string, unknown>) => kind === "element" || screenshot !== null;
    const byId = await collect((node) => isKind(node) && String(node["id"]).startsWith(value), {
      // Without a beginning, the newest are as good as any.
      pages: value === "" ? 1 : MAX_PAGES,
      search: null,
    });
    if (value === "" || byId.ids.length > 0) return toCompletion(byId);
    return toCompletion(await collect(isKind, { pages: 1, search: value.slice(0, MAX_SEARCH_LENGTH) }));
  }

  async function collect(
    fits: (node: Record<string, unknown>) => boolean,
    { pages, search }: { pages: number; search: string | null },
  ): Promise<Found> {
    const ids: string[] = [];
    let after: string | null = null;
    for (let page = 0; page < pages && ids.length < MAX_VALUES; page++) {
      const elements = objectOf((await ask("list_elements", { first: MAX_VALUES, after, search }))["elements"]);
      ids.push(...nodesOf(elements).filter(fits).map(({ id }) => String(id)));
      const { hasNextPage, endCursor } = objectOf(elements["pageInfo"]);
      if (hasNextPage !== true) return { ids, isAll: true };
      after = textOf(endCursor);
    }
    return { ids, isAll: false };
  }

  async function completeProject(value: string): Promise<Completion> {
    const projects = nodesOf((await ask("list_projects", {}))["projects"]);
    const wanted = value.toLowerCase();
    const ids = projects.filter(({ id, name }) =>
      String(id).startsWith(value) || String(name).toLowerCase().includes(wanted)
    ).map(({ id }) => String(id));
    return toCompletion({ ids, isAll: true });
  }

  async function ask(name: string, variables: Record<string, unknown>): Promise<Record<string, unknown>> {
    return requireData(await caller.execute(documents(name).query, variables, { signal: () => signal }));
  }
}

// How many there are is known only where the last one was seen.
function toCompletion({ ids, isAll }: Found): Completion {
  const values = ids.slice(0, MAX_VALUES);
  return { values, hasMore: !isAll || values.length < ids.length, ...(isAll ? { total: ids.length } : {}) };
}
