import type { GraphQLSchema } from "graphql";
import { AppError } from "../base/errors.ts";
import { type Document, readDocuments } from "./_documents.ts";

/** A prompt: a text for an agent, and the operation whose answer goes with it. */
export interface PromptDefinition {
  /** The file's name without its ending. */
  name: string;
  title: string;
  description: string;
  arguments: readonly { name: string; description: string }[];
  /** What goes with the text; every argument is one of its variables. */
  document: Document;
  /** The tool that gets what of the answer does not fit. */
  tool: string;
  /** What the agent is asked. */
  text: string;
  /** What it is asked where the document finds nothing. */
  textWithout: string;
}

/** What parts the text from the one for where nothing was found. */
const DIVIDER = /^---$/m;

/** Reads every `.md` file of a folder as a prompt, by name; the documents lie beside them. Throws `INVALID_INPUT` that names a file that does not fit. */
export async function readPrompts(folder: string, schema: GraphQLSchema): Promise<PromptDefinition[]> {
  const documents = await readDocuments(folder, schema);
  const entries = await Array.fromAsync(Deno.readDir(folder));
  const files = entries.map((entry) => entry.name).filter((name) => name.endsWith(".md")).sort();
  return await Promise.all(files.map(async (file) => {
    const name = file.replace(/\.md$/, "");
    try {
      return readPrompt(name, await Deno.readTextFile(`${folder}/${file}`), documents);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new AppError("INVALID_INPUT", `Cannot make a prompt of "${folder}/${file}": ${reason}`);
    }
  }));
}

function readPrompt(name: string, file: string, documents: (name: string) => Document): PromptDefinition {
  const [, head, body] = /^---\n(.*?)\n---\n(.*)$/s.exec(file.replaceAll("\r\n", "\n")) ?? [];
  if (head === undefined || body === undefined) throw new Error("it needs front matter between lines of ---");
  const lines = head.split("\n").map(readLine);
  const one = (wanted: string) => {
    const found = lines.find(({ key }) => key === wanted);
    if (found === undefined) throw new Error(`its front matter needs "${wanted}"`);
    return found.value;
  };
  const unknown = lines.find(({ key }) => !/^(title|description|document|tool|argument \w+)$/.test(key));
  if (unknown !== undefined) throw new Error(`its front matter says "${unknown.key}", which means nothing here`);
  const [text = "", textWithout] = body.split(DIVIDER);
  return {
    name,
    title: one("title"),
    description: one("description"),
    arguments: lines.filter(({ key }) => key.startsWith("argument ")).map(({ key, value }) => ({
      name: key.slice("argument ".length),
      description: value,
    })),
    document: documents(one("document")),
    tool: one("tool"),
    text: text.trim(),
    textWithout: (textWithout ?? text).trim(),
  };
}

function readLine(line: string): { key: string; value: string } {
  const [, key, value] = /^([a-z][\w ]*): (.+)$/i.exec(line) ?? [];
  if (key === undefined || value === undefined) throw new Error(`its line "${line}" is no "key: value"`);
  return { key, value: value.trim() };
}
