// Mercurius with graphql-jit on Fastify and better-sqlite3: bearer look-up and rate limit, as ours.
import { createHash } from "node:crypto";
import process from "node:process";
import rateLimit from "@fastify/rate-limit";
import Database from "better-sqlite3";
import Fastify from "fastify";
import mercurius from "mercurius";
import { prepareQueries, TYPES } from "./queries.mjs";

const queries = prepareQueries(new Database(process.argv[2], { readonly: true }));
const app = Fastify();
app.decorateRequest("token", null);
app.addHook("onRequest", (request, _reply, done) => {
  const [, text = ""] = /^Bearer (.*)$/.exec(request.headers.authorization ?? "") ?? [];
  request.token = queries.findToken(createHash("sha256").update(text).digest());
  done(request.token ? undefined : new Error("Unknown token"));
});
await app.register(rateLimit, { max: 1_000_000_000, timeWindow: 60_000, keyGenerator: (request) => request.token.id });
await app.register(mercurius, {
  schema: TYPES,
  jit: 1,
  resolvers: {
    Query: { element: (_root, { id }) => queries.element(id), elements: (_root, args) => queries.elements(args) },
  },
});
await app.listen({ host: "127.0.0.1", port: 0 });
console.log(`Listening on http://127.0.0.1:${app.server.address().port}`);
