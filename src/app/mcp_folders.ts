import { REMOTE_DOCUMENTS } from "./remote_documents.ts";

/** Where the MCP adapter's documents and prompts lie. */
export const MCP_FOLDERS = {
  operations: new URL("../mcp/operations", import.meta.url).pathname,
  resources: new URL("../mcp/resources", import.meta.url).pathname,
  prompts: new URL("../mcp/prompts", import.meta.url).pathname,
};

/** Every document that `deno task mcp` of this version may send. */
export async function readMcpDocuments(): Promise<string[]> {
  const texts = Object.values(MCP_FOLDERS).map(async (folder) => {
    const entries = await Array.fromAsync(Deno.readDir(folder));
    const files = entries.filter(({ name }) => name.endsWith(".graphql"));
    return await Promise.all(files.map(({ name }) => Deno.readTextFile(`${folder}/${name}`)));
  });
  return [...(await Promise.all(texts)).flat(), ...Object.values(REMOTE_DOCUMENTS)];
}
