import type { ContentBlock, GetPromptResult, Prompt, Server } from "@modelcontextprotocol/server";
import { composeAnswer } from "./_answer.ts";
import { nodesOf, objectOf, textOf } from "./_answer_reading.ts";
import { toElementUri } from "./_element_uris.ts";
import type { PromptDefinition } from "./_prompt_files.ts";
import { invalidParams, requireData } from "./_protocol_errors.ts";
import { mayRead } from "./_resources.ts";
import type { Caller } from "./caller.ts";

/** As much as a tool's result has unless asked otherwise: 8,000 tokens of four bytes. */
const MAX_MARKDOWN_BYTES = 32_000;

/** Has a server offer prompts to the caller. */
export function addPrompts(server: Server, prompts: readonly PromptDefinition[], caller: Caller): void {
  server.setRequestHandler("prompts/list", () => ({ prompts: mayRead(caller) ? prompts.map(toListed) : [] }));
  server.setRequestHandler("prompts/get", async ({ params }, { mcpReq }): Promise<GetPromptResult> => {
    const prompt = prompts.find(({ name }) => name === params.name);
    if (prompt === undefined) throw invalidParams(`Cannot find the prompt "${params.name.slice(0, 100)}"`);
    const input = readArguments(prompt, params.arguments ?? {});
    const variables = { ...input, given: Object.keys(input).length > 0 };
    const answer = await caller.execute(prompt.document.query, variables, { signal: () => mcpReq.signal });
    const data = requireData(answer);
    const [found] = Object.values(data).filter(isFound);
    const texts = found === undefined
      ? [toText(prompt.textWithout)]
      : [toText(prompt.text), embed(prompt, input, data)];
    return {
      description: prompt.description,
      messages: texts.map((content) => ({ role: "user", content })),
    };
  });
}

function toListed({ name, title, description, arguments: wanted }: PromptDefinition): Prompt {
  return { name, title, description, arguments: wanted.map((argument) => ({ ...argument, required: false })) };
}

// An empty one is as good as none: clients send what their form has.
function readArguments(prompt: PromptDefinition, given: Record<string, string>): Record<string, string> {
  const known = prompt.arguments.map(({ name }) => name);
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const names = known.join(", ");
    throw invalidParams(`Cannot take the argument "${unknown.slice(0, 100)}": ${prompt.name} has ${names}`);
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ""));
}

function isFound(value: unknown): boolean {
  return value !== null && value !== undefined && (!("edges" in objectOf(value)) || nodesOf(value).length > 0);
}

/** What was found, as Markdown: one element as the resource that it is, a list as a text. */
function embed(prompt: PromptDefinition, input: Record<string, string>, data: Record<string, unknown>): ContentBlock {
  const elementId = Object.values(data).map((value) => textOf(objectOf(value)["id"])).find((id) => id !== null);
  const { text } = composeAnswer(data, {
    tool: prompt.tool,
    input: elementId === undefined ? input : { ...input, elementId },
    shape: prompt.document.shape,
    maxBytes: MAX_MARKDOWN_BYTES,
  });
  if (elementId === undefined) return toText(text);
  const uri = toElementUri({ kind: "element", elementId });
  return { type: "resource", resource: { uri, mimeType: "text/markdown", text } };
}

function toText(text: string): ContentBlock {
  return { type: "text", text };
}
