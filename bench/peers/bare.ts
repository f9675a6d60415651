// The limit: what the runtime gives without GraphQL, authentication and limits. One prepared statement, JSON out; for a capture one
// durable transaction.
import { DatabaseSync } from "node:sqlite";
import { prepareQueries } from "./queries.mjs";

const [path = "", capturesPath = ""] = Deno.args;
const queries = prepareQueries(new DatabaseSync(path, { readOnly: true }));
const captures = new DatabaseSync(capturesPath);
captures.exec(`
  PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
  CREATE TABLE elements (id TEXT PRIMARY KEY, page_url TEXT, selector TEXT, tag_name TEXT, html TEXT, rest TEXT) STRICT`);
const insert = captures.prepare("INSERT INTO elements VALUES (?, ?, ?, ?, ?, ?)");

Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  // deno-lint-ignore no-console -- the bench waits for this line
  onListen: ({ port }) => console.log(`Listening on http://127.0.0.1:${port}`),
}, async (request) => {
  const { query, variables } = await request.json();
  if (query.startsWith("mutation")) {
    const { pageUrl, selector, tagName, html, clientId, ...rest } = variables.input;
    insert.run(clientId, pageUrl, selector, tagName, html, JSON.stringify(rest));
    return Response.json({ data: { captureElement: { id: clientId } } });
  }
  return Response.json({
    data: variables.projectId ? { elements: queries.elements(variables) } : { element: queries.element(variables.id) },
  });
});
