import { buildSchema, graphql, GraphQLError, type GraphQLSchema } from "graphql";
import { createAdapter } from "../../src/mcp/adapter.ts";
import type { Caller } from "../../src/mcp/caller.ts";
import { createMcp } from "../../src/mcp/mcp.ts";
import type { StreamOwner } from "../../src/mcp/stream_owner.ts";

/** A server of the adapter that knows what the conformance suite asks for, and nothing of Fingerpost. */
export interface McpFixtures extends AsyncDisposable {
  /** Where it answers; it asks for no credentials. */
  url: string;
}

const PROJECT = new URL("../../", import.meta.url).pathname;
const FOLDER = new URL("../fixtures/mcp", import.meta.url).pathname;
/** How many slices of waiting come before there is something: the suite wants progress three times. */
const SLICES = 3;

const ROOT = {
  text: "This is a simple text response for testing.",
  image: {
    base64: "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==",
    mimeType: "image/png",
    width: 1,
    height: 1,
  },
  failure() {
    throw new GraphQLError("This tool intentionally returns an error for testing", {
      extensions: { code: "UNAVAILABLE" },
    });
  },
  fixtureChanges: ({ after }: { after: number | null }) => {
    const revision = (after ?? 0) + 1;
    return { revision, changes: revision > SLICES ? ["something"] : [] };
  },
  echo: ({ arg1, arg2 }: { arg1: string; arg2: string }) => `arg1='${arg1}', arg2='${arg2}'`,
  thing: ({ uri }: { uri: string }) => ({ id: uri, text: "Embedded resource content for testing." }),
};

/** Serves the fixtures of the conformance suite on a free port, through the same adapter and HTTP side as Fingerpost's tools. */
export async function startMcpFixtures(): Promise<McpFixtures> {
  const texts = await Promise.all(
    [`${PROJECT}schema.graphql`, `${FOLDER}/schema.graphql`].map((path) => Deno.readTextFile(path)),
  );
  const schema = buildSchema(texts.join("\n"));
  const tools = [{ path: `${FOLDER}/tools`, origin: "fingerpost", mutations: true } as const];
  const folders = { tools, prompts: `${FOLDER}/prompts`, resources: `${PROJECT}src/mcp/resources` };
  const mcp = createMcp(await createAdapter({ schema, version: "1.0.0", ...folders }));
  const caller = callerOf(schema);
  const owner: StreamOwner = {
    credential: "nobody",
    userId: "nobody",
    follow: () => ({ [Symbol.dispose]() {} }),
  };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const { headers, signal } = request;
    const incoming = { caller, owner, message: undefined, headers, request: () => request, signal: () => signal };
    const answer = await mcp.fetch(incoming);
    return answer instanceof Response ? answer : new Response(answer.body, { headers: answer.headers });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/mcp`,
    [Symbol.asyncDispose]: async () => {
      await mcp.close();
      await server.shutdown();
    },
  };
}

function callerOf(schema: GraphQLSchema): Caller {
  const execute: Caller["execute"] = async (source, variableValues) => {
    const { data, errors } = await graphql({ schema, source, variableValues, rootValue: ROOT });
    return errors === undefined ? { data: { ...data } } : { errors };
  };
  return { scopes: null, record: () => {}, execute, subscribe: async function* () {} };
}
