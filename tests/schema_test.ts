import assert from "node:assert/strict";
import { buildClientSchema, getIntrospectionQuery, lexicographicSortSchema, printSchema } from "graphql";
import { startApp } from "./support/running_app.ts";

Deno.test("schema.graphql is what the server serves: run `deno task schema` after a change", async () => {
  await using app = await startApp();
  const served = buildClientSchema(await app.ask(getIntrospectionQuery()));
  const text = `${printSchema(lexicographicSortSchema(served))}\n`;
  assert.equal(await Deno.readTextFile(new URL("../schema.graphql", import.meta.url)), text);
});
