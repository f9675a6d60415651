import assert from "node:assert/strict";
import {
  ApolloClient,
  ApolloLink,
  CombinedGraphQLErrors,
  gql,
  HttpLink,
  InMemoryCache,
  NetworkStatus,
} from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { relayStylePagination } from "@apollo/client/utilities";
import { createClient } from "graphql-ws";
import { Kind } from "graphql";
import { capture, captureInput, createProject } from "./support/captures.ts";
import { bearer, type Data, type RunningApp, startApp } from "./support/running_app.ts";

const ELEMENT = gql`query ($id: ID!) { element(id: $id) { id note status } }`;
const UPDATE = gql`mutation ($input: UpdateElementInput!) { updateElement(input: $input) { id note } }`;
const ELEMENTS = gql`query ($projectId: ID!, $first: Int, $after: String) {
  elements(projectId: $projectId, first: $first, after: $after) {
    edges { cursor node { id } }
    pageInfo { hasNextPage endCursor hasPreviousPage startCursor }
  }
}`;
const EVENTS = gql`subscription ($projectId: ID!) {
  elementEvents(projectId: $projectId, after: 0) { revision element { id note } }
}`;

/** A client as an application has one: queries over HTTP, subscriptions over a socket. */
function connect(app: RunningApp, token = app.token): { client: ApolloClient } & AsyncDisposable {
  const http = new HttpLink({ uri: `${app.url}/graphql`, headers: bearer(token) });
  const sockets = createClient({
    url: `${app.url.replace("http", "ws")}/graphql`,
    connectionParams: { authorization: `Bearer ${token}` },
  });
  const isSubscription = ({ query }: { query: Data }) =>
    query.definitions.some((node: Data) =>
      node.kind === Kind.OPERATION_DEFINITION && node.operation === "subscription"
    );
  const client = new ApolloClient({
    link: ApolloLink.split(isSubscription, new GraphQLWsLink(sockets), http),
    cache: new InMemoryCache({
      typePolicies: { Query: { fields: { elements: relayStylePagination(["projectId", "filter", "search"]) } } },
    }),
  });
  return {
    client,
    [Symbol.asyncDispose]: async () => {
      client.stop();
      await sockets.dispose();
    },
  };
}

Deno.test("@apollo/client keeps an element by its id: what a mutation and a subscription bring shows in a query's data", async () => {
  await using app = await startApp();
  await using apollo = connect(app);
  const { client } = apollo;
  const projectId = await createProject(app, app.token);
  const id = await capture(app, app.token, captureInput({ note: "before" }));
  const seen: unknown[] = [];
  const changed = Promise.withResolvers<void>();
  const watching = client.watchQuery<Data>({ query: ELEMENT, variables: { id } }).subscribe(({ data }) => {
    if (data?.element) seen.push(data.element.note);
    if (data?.element?.note === "by another") changed.resolve();
  });
  await client.query({ query: ELEMENT, variables: { id } });
  await client.mutate({ mutation: UPDATE, variables: { input: { id, note: "by a mutation" } } });
  const events = client.subscribe<Data>({ query: EVENTS, variables: { projectId } }).subscribe(() => {});
  await app.ask(
    `mutation ($id: ID!) { updateElement(input: { id: $id, note: "by another" }) { id } }`,
    { id },
    app.token,
  );
  await changed.promise;
  assert.deepEqual([seen[0], seen[1], seen.at(-1)], ["before", "by a mutation", "by another"]);
  events.unsubscribe();
  watching.unsubscribe();
});

Deno.test("@apollo/client pages through elements with relayStylePagination", async () => {
  await using app = await startApp();
  await using apollo = connect(app);
  const { client } = apollo;
  const projectId = await createProject(app, app.token);
  const captured: string[] = [];
  for (let index = 0; index < 7; index++) captured.unshift(await capture(app, app.token));
  const query = client.watchQuery<Data>({ query: ELEMENTS, variables: { projectId, first: 3 } });
  const complete = Promise.withResolvers<Data>();
  let pages = 0;
  const watching = query.subscribe({
    next({ data, networkStatus }) {
      if (networkStatus !== NetworkStatus.ready) return;
      pages++;
      const { pageInfo, edges } = data.elements;
      if (!pageInfo.hasNextPage) return complete.resolve(edges);
      query.fetchMore({ variables: { after: pageInfo.endCursor } }).catch(complete.reject);
    },
    error: complete.reject,
  });
  assert.deepEqual((await complete.promise).map(({ node }: Data) => node.id), captured);
  assert.equal(pages, 3);
  watching.unsubscribe();
});

Deno.test("@apollo/client sees the code of each error, whatever its status", async () => {
  await using app = await startApp();
  await using owner = connect(app);
  await using nobody = connect(app, "nobody");
  const codeOf = async ({ client }: { client: ApolloClient }, query: string) => {
    const error = await client.query({ query: gql(query), fetchPolicy: "no-cache" }).then(() => null, (error) => error);
    assert.ok(CombinedGraphQLErrors.is(error), String(error));
    return error.errors[0]?.extensions?.["code"];
  };
  assert.equal(await codeOf(owner, `{ element(id: "x") { id } }`), "NOT_FOUND");
  assert.equal(await codeOf(owner, `{ secrets }`), "GRAPHQL_VALIDATION_FAILED");
  assert.equal(await codeOf(nobody, `{ viewer { id } }`), "UNAUTHENTICATED");
  const lower = `mutation { setRateLimit(input: { action: "graphql", limit: 1, windowSeconds: 60 }) { limit } }`;
  await app.ask(lower, {}, app.token);
  assert.equal(await codeOf(owner, `{ viewer { id } }`), "RATE_LIMITED");
});
