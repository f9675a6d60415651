import assert from "node:assert/strict";
import { buildSchema, Kind, parse, validate } from "graphql";
import { TABS } from "../src/api/_graphiql_tabs.ts";
import { openLiveRoom } from "./support/live_room.ts";
import { ADMIN } from "./support/running_app.ts";
import { subscribeOverHttp } from "./support/subscription.ts";

/** What a line may have before it runs under the editor's buttons in a window of 1,280 pixels. */
const MAX_LINE = 50;

Deno.test("each tab of GraphiQL holds one named operation that the schema knows, with its variables prepared", async () => {
  const schema = buildSchema(await Deno.readTextFile(new URL("../schema.graphql", import.meta.url)));
  const names = TABS.map(({ query, variables = "{}", headers = "{}" }) => {
    const document = parse(query);
    assert.deepEqual(validate(schema, document), [], query);
    const [operation, ...rest] = document.definitions;
    assert.ok(operation?.kind === Kind.OPERATION_DEFINITION && rest.length === 0, query);
    const expected = operation.variableDefinitions?.map(({ variable }) => variable.name.value) ?? [];
    assert.deepEqual(Object.keys(JSON.parse(variables)), expected, query);
    for (const value of Object.values(JSON.parse(headers))) assert.equal(typeof value, "string");
    for (const line of query.split("\n")) assert.ok(line.length <= MAX_LINE, line);
    assert.match(query, /^# [A-Z].*\n/, "a tab says what it is for");
    return operation.name?.value;
  });
  assert.equal(new Set(names).size, TABS.length);
});

Deno.test("each tab of GraphiQL works for an admin once its variables are filled in, in the order of the tabs", async () => {
  await using room = await openLiveRoom();
  const { app, projectId, elementId, page } = room;
  const values: Record<string, unknown> = { ...ADMIN, projectId, elementId };
  for (const { query, variables = "{}" } of TABS) {
    const filled = Object.entries(JSON.parse(variables)).map(([name, value]) => [name, values[name] ?? value]);
    const request = { query, variables: Object.fromEntries(filled) };
    if (query.includes("subscription")) {
      await using events = await subscribeOverHttp(app, { ...request, token: app.token });
      assert.equal((await events.next()).elementId, elementId);
    } else {
      // The page's answer, where it is asked something.
      if (query.includes("commandElement")) {
        void page.heard().then(({ id }) => page.say({ type: "result", id, elementId, text: "Pay" }));
      }
      const { data, errors } = await app.graphql(query, request.variables, query.includes("signIn") ? null : app.token);
      assert.equal(errors, undefined, query);
      assert.ok(Object.values(data).every((value) => value !== null), query);
    }
  }
});
