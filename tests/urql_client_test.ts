import assert from "node:assert/strict";
import { Client, fetchExchange, gql, subscriptionExchange } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { relayPagination } from "@urql/exchange-graphcache/extras";
import { buildSchema, introspectionFromSchema } from "graphql";
import { createClient } from "graphql-ws";
import { capture, captureInput, createProject } from "./support/captures.ts";
import { bearer, type Data, type RunningApp, startApp } from "./support/running_app.ts";

const SCHEMA = new URL("../schema.graphql", import.meta.url);
const ELEMENTS = gql`query ($projectId: ID!, $first: Int, $after: String) {
  elements(projectId: $projectId, first: $first, after: $after) {
    edges { node { id note } }
    pageInfo { hasNextPage endCursor }
  }
}`;
const NOTE = gql`query ($id: ID!) { node(id: $id) { id ... on Element { note } } }`;
const NOTE_AND_TEXT = gql`query ($id: ID!) { node(id: $id) { id ... on Element { note text } } }`;
const UPDATE = gql`mutation ($input: UpdateElementInput!) { updateElement(input: $input) { id note } }`;
const EVENTS = gql`subscription ($projectId: ID!) {
  elementEvents(projectId: $projectId, after: 0) { revision element { id note } }
}`;

/** A client as an application has one, with a cache that knows the schema. */
async function connect(app: RunningApp): Promise<{ client: Client } & AsyncDisposable> {
  const { __schema } = introspectionFromSchema(buildSchema(await Deno.readTextFile(SCHEMA)));
  const sockets = createClient({
    url: `${app.url.replace("http", "ws")}/graphql`,
    connectionParams: { authorization: `Bearer ${app.token}` },
  });
  const client = new Client({
    url: `${app.url}/graphql`,
    fetchOptions: { headers: bearer(app.token) },
    preferGetMethod: false,
    exchanges: [
      cacheExchange({
        schema: { __schema } as Data,
        resolvers: { Query: { elements: relayPagination() } },
        keys: { ElementEvent: () => null },
      }),
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query = "", variables }) => ({
          subscribe: (sink) => ({
            unsubscribe: sockets.subscribe({ query, variables: { ...variables } }, sink as Data),
          }),
        }),
      }),
    ],
  });
  const dispose = async () => {
    await sockets.dispose();
    // Its cache tidies up in a timer of its own.
    await new Promise((resolve) => setTimeout(resolve));
  };
  return { client, [Symbol.asyncDispose]: dispose };
}

Deno.test("urql pages through elements with relayPagination, and reads what it has from its cache", async () => {
  await using app = await startApp();
  await using urql = await connect(app);
  const { client } = urql;
  const projectId = await createProject(app, app.token);
  const captured: string[] = [];
  for (let index = 0; index < 7; index++) captured.unshift(await capture(app, app.token));
  let after: string | null = null;
  let answer: Data = null;
  for (let page = 0; page < 3; page++) {
    answer = await client.query(ELEMENTS, { projectId, first: 3, after }).toPromise();
    assert.equal(answer.error, undefined);
    after = answer.data.elements.pageInfo.endCursor;
  }
  assert.equal(answer.data.elements.pageInfo.hasNextPage, false);
  assert.deepEqual(answer.data.elements.edges.map(({ node }: Data) => node.id), captured);
  await app.stop();
  const cached = client.readQuery(ELEMENTS, { projectId, first: 3, after });
  assert.deepEqual(cached?.data.elements.edges.map(({ node }: Data) => node.id), captured);
});

Deno.test("urql keeps an element by its id: mutation and subscription show in a query, and the schema tells what may be missing", async () => {
  await using app = await startApp();
  await using urql = await connect(app);
  const { client } = urql;
  const projectId = await createProject(app, app.token);
  const id = await capture(app, app.token, captureInput({ note: "before", text: "Pay now" }));
  const notes: string[] = [];
  const changed = Promise.withResolvers<void>();
  const watching = client.query<Data>(NOTE, { id }).subscribe(({ data }) => {
    notes.push(data?.node.note);
    if (data?.node.note === "by another") changed.resolve();
  });
  assert.equal((await client.query<Data>(NOTE, { id }).toPromise()).data.node.note, "before");
  await client.mutation(UPDATE, { input: { id, note: "by a mutation" } }).toPromise();
  const events = client.subscription(EVENTS, { projectId }).subscribe(() => {});
  await app.ask(
    `mutation ($id: ID!) { updateElement(input: { id: $id, note: "by another" }) { id } }`,
    { id },
    app.token,
  );
  await changed.promise;
  assert.deepEqual([notes[0], notes[1], notes.at(-1)], ["before", "by a mutation", "by another"]);
  // `text` may be null, so what is there is shown until the rest has come.
  const partial: Data = client.readQuery(NOTE_AND_TEXT, { id });
  assert.deepEqual([partial.data.node.note, partial.data.node.text, partial.stale], ["by another", null, true]);
  const whole = await client.query<Data>(NOTE_AND_TEXT, { id }, { requestPolicy: "network-only" }).toPromise();
  assert.equal(whole.data.node.text, "Pay now");
  events.unsubscribe();
  watching.unsubscribe();
});

Deno.test("urql sees the code of each error, whatever its status", async () => {
  await using app = await startApp();
  await using urql = await connect(app);
  const codeOf = async (query: string, headers = {}) => {
    const options = { fetchOptions: { headers: { ...bearer(app.token), ...headers } } };
    const { error } = await urql.client.mutation(query, {}, options).toPromise();
    return error?.graphQLErrors[0]?.extensions["code"];
  };
  const never = `mutation { deleteElement(id: "x") }`;
  assert.equal(await codeOf(never), "NOT_FOUND");
  assert.equal(await codeOf(`mutation { signOut(now: true) }`), "GRAPHQL_VALIDATION_FAILED");
  assert.equal(await codeOf(never, bearer("nobody")), "UNAUTHENTICATED");
});
