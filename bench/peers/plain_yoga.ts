// GraphQL Yoga as it comes, on this runtime: no authentication, no limits.
import { DatabaseSync } from "node:sqlite";
import { createSchema, createYoga } from "graphql-yoga";
import { prepareQueries, TYPES } from "./queries.mjs";

const queries = prepareQueries(new DatabaseSync(Deno.args[0] ?? "", { readOnly: true }));
const yoga = createYoga({
  schema: createSchema({
    typeDefs: TYPES,
    resolvers: {
      Query: {
        element: (_root: unknown, { id }: { id: string }) => queries.element(id),
        elements: (_root: unknown, args: { projectId: string; after: string }) => queries.elements(args),
      },
    },
  }),
});
Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  // deno-lint-ignore no-console -- the bench waits for this line
  onListen: ({ port }) => console.log(`Listening on http://127.0.0.1:${port}`),
}, (request) => yoga.fetch(request));
