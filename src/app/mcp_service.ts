import type { GraphQLSchema } from "graphql";
import type { Operations } from "../api/operations.ts";
import type { SignedInActor } from "../base/actor.ts";
import { createAdapter } from "../mcp/adapter.ts";
import { createMcp, type IncomingRequest, type McpAnswer } from "../mcp/mcp.ts";
import type { Sessions } from "../sessions/sessions.ts";
import type { ToolExecutions } from "../tool_executions/tool_executions.ts";
import { mcpCallerFor, streamOwnerOf } from "./mcp_caller.ts";
import { MCP_FOLDERS } from "./mcp_folders.ts";
import { VERSION } from "./version.ts";

/** The MCP adapter, asked by this server's actors. */
export interface McpService {
  /** Answers a request of somebody signed in; host, origin and rate are checked before. Throws `FORBIDDEN` for a tool beyond a token's scopes. */
  fetch(actor: SignedInActor, incoming: Omit<IncomingRequest, "caller" | "owner">): Promise<Response | McpAnswer>;
  /** How many streams of updates are open. */
  streamCount(): number;
  close(): Promise<void>;
}

/** What the adapter runs on. */
export interface McpServiceDependencies {
  schema: GraphQLSchema;
  operations: Operations;
  sessions: Pick<Sessions, "follow">;
  toolExecutions: Pick<ToolExecutions, "record">;
  /** The folder of the operator's own tools; it need not be there. */
  ownTools: string;
  /** Whether those may change something. */
  ownMutations: boolean;
}

/** Builds the adapter over the server's own operations. Throws `INVALID_INPUT` that names a document that does not fit. */
export async function createMcpService(
  { schema, operations, sessions, toolExecutions, ownTools, ownMutations }: McpServiceDependencies,
): Promise<McpService> {
  const adapter = await createAdapter({
    schema,
    version: VERSION,
    tools: [
      { path: MCP_FOLDERS.operations, origin: "fingerpost", mutations: true },
      { path: ownTools, origin: "operator", mutations: ownMutations },
    ],
    resources: MCP_FOLDERS.resources,
    prompts: MCP_FOLDERS.prompts,
  });
  const mcp = createMcp(adapter);
  return {
    fetch: (actor, incoming) => {
      const caller = mcpCallerFor(actor, { operations, toolExecutions });
      return mcp.fetch({ ...incoming, caller, owner: streamOwnerOf(actor, sessions) });
    },
    streamCount: () => mcp.streamCount(),
    close: () => mcp.close(),
  };
}
