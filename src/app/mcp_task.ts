import { buildSchema } from "graphql";
import { readClientConfig } from "../base/config.ts";
import { AppError } from "../base/errors.ts";
import { createAdapter } from "../mcp/adapter.ts";
import { serveLines } from "../mcp/stdio.ts";
import { MCP_FOLDERS } from "./mcp_folders.ts";
import { createRemoteCaller } from "./remote_caller.ts";
import type { Remote } from "./remote_request.ts";
import { openStandardStreams } from "./standard_streams.ts";
import { tell } from "./terminal.ts";
import { VERSION } from "./version.ts";

const SCHEMA = new URL("../../schema.graphql", import.meta.url);

/** Speaks MCP on standard input and output, and asks the server that the environment names; ends with the input. Throws `INVALID_INPUT`. */
export async function serveMcp(): Promise<number> {
  const remote = readRemote();
  const ended = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) Deno.addSignalListener(signal, () => ended.abort());
  await using caller = createRemoteCaller(remote, { warn: tell });
  const adapter = await createAdapter({
    schema: buildSchema(await Deno.readTextFile(SCHEMA), { assumeValidSDL: true }),
    version: VERSION,
    tools: [{ path: MCP_FOLDERS.operations, origin: "fingerpost", mutations: true }],
    resources: MCP_FOLDERS.resources,
    prompts: MCP_FOLDERS.prompts,
  });
  await serveLines({ adapter, caller, ready: caller.ready, streams: openStandardStreams() }, ended.signal);
  return 0;
}

function readRemote(): Remote {
  const { url, token } = readClientConfig(Deno.env);
  if (url === null || token === null) {
    const name = url === null ? "FINGERPOST_URL" : "FINGERPOST_TOKEN";
    throw new AppError("INVALID_INPUT", `Cannot run the MCP adapter: ${name} must be set`);
  }
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
    throw new AppError("INVALID_INPUT", `FINGERPOST_URL must begin with http:// or https://, not "${url}"`);
  }
  if (/[^\x21-\x7e]/.test(token)) throw new AppError("INVALID_INPUT", "FINGERPOST_TOKEN holds what no token does");
  return { url: parsed.origin, token };
}
