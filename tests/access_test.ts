import assert from "node:assert/strict";
import { CAPTURE, capture, captureInput, createAccessToken, createProject } from "./support/captures.ts";
import { addPerson, setMember } from "./support/people.ts";
import { bearer, type Data, type RunningApp, startApp } from "./support/running_app.ts";
import { ELEMENT_EVENTS, subscribeOverHttp } from "./support/subscription.ts";

/** Who asks: each has its own token in `World`. */
const ACTORS = ["guest", "stranger", "admin", "viewer", "editor", "owner", "dead"] as const;
type ActorName = (typeof ACTORS)[number];

interface World {
  app: RunningApp;
  projectId: string;
  elementId: string;
  tokens: Record<ActorName, string | null>;
}

async function makeWorld(): Promise<World & AsyncDisposable> {
  const app = await startApp();
  const [owner, editor, viewer, stranger] = await Promise.all(Array.from({ length: 4 }, () => addPerson(app)));
  assert.ok(owner && editor && viewer && stranger);
  const projectId = await createProject(app, owner.token);
  setMember(app, { projectId, personId: editor.id, role: "EDITOR" });
  setMember(app, { projectId, personId: viewer.id, role: "VIEWER" });
  const elementId = await capture(app, owner.token);
  const people = { owner: owner.token, editor: editor.token, viewer: viewer.token, stranger: stranger.token };
  const tokens = { ...people, guest: null, admin: app.token, dead: "x".repeat(43) };
  return { app, projectId, elementId, tokens, [Symbol.asyncDispose]: () => app[Symbol.asyncDispose]() };
}

/** The code that each actor gets for an operation; "ok" where it succeeds. */
type Expected = Record<ActorName, string>;

const READ: Expected = {
  guest: "UNAUTHENTICATED",
  dead: "UNAUTHENTICATED",
  stranger: "NOT_FOUND",
  admin: "NOT_FOUND",
  viewer: "ok",
  editor: "ok",
  owner: "ok",
};
const READ_PROJECT: Expected = { ...READ, admin: "FORBIDDEN" };
const WRITE: Expected = { ...READ, viewer: "FORBIDDEN" };
const ADMIN: Expected = {
  ...READ,
  stranger: "FORBIDDEN",
  viewer: "FORBIDDEN",
  editor: "FORBIDDEN",
  owner: "FORBIDDEN",
  admin: "ok",
};
const ANYBODY: Expected = { ...READ, stranger: "ok", admin: "ok" };

interface Operation {
  expected: Expected;
  query: string;
  variables?: (world: World) => Record<string, unknown> | Promise<Record<string, unknown>>;
}

const ofProject = ({ projectId }: World) => ({ id: projectId });
const ofElement = ({ elementId }: World) => ({ id: elementId });
/** An element of its own for each actor, for what can be done once. */
const ofNewElement = async ({ app, projectId, tokens }: World) => ({
  id: await capture(app, tokens.owner ?? "", captureInput({ projectId })),
});

/** Every root field; those that are in `ELSEWHERE` have tests of their own. */
const OPERATIONS: Record<string, Operation> = {
  viewer: { expected: { ...ANYBODY, guest: "ok" }, query: `{ viewer { id } }` },
  user: {
    expected: { ...READ, admin: "ok", viewer: "NOT_FOUND", editor: "NOT_FOUND" },
    query: `query ($id: ID!) { user(id: $id) { email sessions { id } accessTokens { id } } }`,
    variables: async ({ app, tokens }) => ({ id: (await app.ask(`{ viewer { id } }`, {}, tokens.owner)).viewer.id }),
  },
  projects: { expected: ANYBODY, query: `{ projects { totalCount } }` },
  project: {
    expected: { ...READ, admin: "ok" },
    query: `query ($id: ID!) { project(id: $id) { id name members { role } } }`,
    variables: ofProject,
  },
  element: { expected: READ, query: `query ($id: ID!) { element(id: $id) { id html } }`, variables: ofElement },
  elements: {
    expected: READ_PROJECT,
    query: `query ($id: ID!) { elements(projectId: $id) { totalCount } }`,
    variables: ofProject,
  },
  pointedElement: {
    expected: READ_PROJECT,
    query: `query ($id: ID!) { pointedElement(projectId: $id) { id } }`,
    variables: ofProject,
  },
  livePages: {
    expected: READ_PROJECT,
    query: `query ($id: ID!) { livePages(projectId: $id) { id } }`,
    variables: ofProject,
  },
  createProject: { expected: ANYBODY, query: `mutation { createProject(input: { name: "Mine" }) { id } }` },
  createAccessToken: {
    expected: { ...READ, admin: "ok" },
    query: `mutation ($id: ID!) {
      createAccessToken(input: { name: "t", scopes: [ELEMENTS_READ], projectId: $id }) { token }
    }`,
    variables: ofProject,
  },
  revokeAccessToken: {
    expected: { ...READ, viewer: "NOT_FOUND", editor: "NOT_FOUND" },
    query: `mutation ($id: ID!) { revokeAccessToken(id: $id) }`,
    variables: async ({ app, tokens }) => {
      await createAccessToken(app, tokens.owner ?? "", { scopes: ["ELEMENTS_READ"] });
      const { viewer } = await app.ask(`{ viewer { accessTokens { id } } }`, {}, tokens.owner);
      return { id: viewer.accessTokens.at(-1).id };
    },
  },
  captureElement: {
    expected: { ...WRITE, admin: "FORBIDDEN" },
    query: CAPTURE,
    variables: ({ projectId }) => ({ input: captureInput({ projectId }) }),
  },
  updateElement: {
    expected: WRITE,
    query: `mutation ($id: ID!) { updateElement(input: { id: $id, note: "x" }) { id } }`,
    variables: ofElement,
  },
  commentOnElement: {
    expected: WRITE,
    query: `mutation ($id: ID!) { commentOnElement(input: { elementId: $id, body: "x" }) { id } }`,
    variables: ofElement,
  },
  deleteElement: {
    expected: WRITE,
    query: `mutation ($id: ID!) { deleteElement(id: $id) }`,
    variables: ofNewElement,
  },
  deleteUser: {
    expected: { ...READ, admin: "ok", viewer: "NOT_FOUND", editor: "NOT_FOUND", owner: "NOT_FOUND" },
    query: `mutation ($id: ID!) { deleteUser(id: $id) }`,
    variables: async ({ app }) => ({ id: (await addPerson(app)).id }),
  },
  appConfig: { expected: ADMIN, query: `{ appConfig { key } }` },
  setConfig: { expected: ADMIN, query: `mutation { setConfig(key: "instance.name", value: "x") { key } }` },
  signOut: { expected: ANYBODY, query: `mutation { signOut }` },
};

/** Root fields that need more than one question: below, in `sessions_test.ts` and in `signalling_test.ts`. */
const ELSEWHERE = ["node", "nodes", "elementEvents", "signIn", "signals", "sendSignal"];

Deno.test("each root field has its line in the table of who may do what", async () => {
  await using app = await startApp();
  const roots = "queryType { fields { name } } mutationType { fields { name } } subscriptionType { fields { name } }";
  const { __schema } = await app.ask(`{ __schema { ${roots} } }`);
  const served = Object.values(__schema).flatMap((type) => (type as Data).fields.map(({ name }: Data) => name));
  assert.deepEqual(served.toSorted(), [...Object.keys(OPERATIONS), ...ELSEWHERE].toSorted());
});

Deno.test("each operation answers guest, stranger, admin, member and owner as the table says", async (test) => {
  await using world = await makeWorld();
  const { app, tokens } = world;
  for (const [name, { expected, query, variables }] of Object.entries(OPERATIONS)) {
    await test.step(name, async () => {
      for (const actor of ACTORS) {
        const { errors } = await app.graphql(query, await variables?.(world), tokens[actor]);
        assert.equal(errors?.[0]?.extensions.code ?? "ok", expected[actor], actor);
      }
    });
  }
});

Deno.test("node() and nodes() are null alone for what the caller may not see", async () => {
  await using world = await makeWorld();
  const { app, tokens, elementId, projectId } = world;
  const query = `query ($id: ID!, $ids: [ID!]!) { node(id: $id) { id } nodes(ids: $ids) { id } }`;
  const unknown = "element_01a20acd-0000-7000-8000-000000000000";
  const variables = { id: elementId, ids: [projectId, "nonsense", elementId, unknown, "user_x"] };
  assert.deepEqual((await app.graphql(query, variables, tokens.stranger)).data, {
    node: null,
    nodes: [null, null, null, null, null],
  });
  assert.deepEqual((await app.graphql(query, variables, tokens.viewer)).data, {
    node: { id: elementId },
    nodes: [{ id: projectId }, null, { id: elementId }, null, null],
  });
  assert.equal((await app.graphql(query, variables, tokens.stranger)).errors, undefined);
});

Deno.test("elements and projects of others are in nobody's lists", async () => {
  await using world = await makeWorld();
  const { app, tokens } = world;
  const count = async (actor: ActorName) => {
    const { elements, projects, pointedElement } = await app.ask(
      `{ elements { totalCount } projects { totalCount } pointedElement { id } }`,
      {},
      tokens[actor],
    );
    return [elements.totalCount, projects.totalCount, pointedElement !== null];
  };
  assert.deepEqual(await Promise.all((["stranger", "admin", "viewer"] as const).map(count)), [
    [0, 0, false],
    [0, 1, false],
    [1, 1, true],
  ]);
});

Deno.test("a subscription and a screenshot are refused like the element itself", async () => {
  await using world = await makeWorld();
  const { app, tokens, projectId, elementId } = world;
  const statuses = await Promise.all(ACTORS.map(async (actor) => {
    const response = await fetch(`${app.url}/screenshots/${elementId}`, { headers: bearer(tokens[actor]) });
    await response.body?.cancel();
    return [actor, response.status];
  }));
  // The element has no screenshot, so those who see it get 404 too: the image itself is in elements_test.ts.
  assert.deepEqual(Object.fromEntries(statuses), {
    guest: 401,
    dead: 401,
    stranger: 404,
    admin: 404,
    viewer: 404,
    editor: 404,
    owner: 404,
  });
  for (const [actor, code] of [["stranger", "NOT_FOUND"], ["admin", "FORBIDDEN"]] as const) {
    const token = tokens[actor] ?? "";
    await using events = await subscribeOverHttp(app, {
      query: ELEMENT_EVENTS,
      variables: { projectId, after: 0 },
      token,
    });
    await assert.rejects(events.next(), { message: code });
  }
});

Deno.test("a VIEWER of the instance changes nothing, whatever its role in a project", async () => {
  await using app = await startApp();
  const projectId = await createProject(app, app.token);
  const elementId = await capture(app, app.token);
  const { id: personId, token } = await addPerson(app, "VIEWER");
  setMember(app, { projectId, personId, role: "OWNER" });
  const codes = await Promise.all([
    app.graphql(`query ($id: ID!) { element(id: $id) { id } }`, { id: elementId }, token),
    app.graphql(CAPTURE, { input: captureInput({ projectId }) }, token),
    app.graphql(`mutation ($id: ID!) { deleteElement(id: $id) }`, { id: elementId }, token),
    app.graphql(`mutation { createProject(input: { name: "x" }) { id } }`, {}, token),
  ]);
  assert.deepEqual(codes.map(({ errors }) => errors?.[0]?.extensions.code), [
    undefined,
    "FORBIDDEN",
    "FORBIDDEN",
    "FORBIDDEN",
  ]);
});

Deno.test("an access token does what its scopes and its project allow and no more", async () => {
  await using app = await startApp();
  const [first, second] = [await createProject(app, app.token), await createProject(app, app.token, "Other")];
  const elementId = await capture(app, app.token, captureInput({ projectId: second }));
  const reader = await createAccessToken(app, app.token, { scopes: ["ELEMENTS_READ"] });
  const writer = await createAccessToken(app, app.token, { scopes: ["ELEMENTS_WRITE"], projectId: first });
  const code = async (query: string, variables: Record<string, unknown>, token: string) =>
    (await app.graphql(query, variables, token)).errors?.[0]?.extensions.code;
  const ELEMENT = `query ($id: ID!) { element(id: $id) { id } }`;
  assert.equal(await code(ELEMENT, { id: elementId }, reader), undefined);
  assert.equal(await code(CAPTURE, { input: captureInput() }, reader), "FORBIDDEN");
  assert.equal(await code(CAPTURE, { input: captureInput() }, writer), undefined);
  assert.equal(await code(CAPTURE, { input: captureInput({ projectId: second }) }, writer), "NOT_FOUND");
  assert.equal(await code(ELEMENT, { id: elementId }, writer), "NOT_FOUND");
  for (
    const sessionOnly of [
      `mutation { signOut }`,
      `mutation { createProject(input: { name: "x" }) { id } }`,
      `mutation { createAccessToken(input: { name: "x", scopes: [AUDIT_READ] }) { token } }`,
      `mutation { revokeAccessToken(id: "x") }`,
    ]
  ) assert.equal(await code(sessionOnly, {}, reader), "FORBIDDEN", sessionOnly);
  const { projects } = await app.ask(`{ projects { edges { node { id } } } }`, {}, writer);
  assert.deepEqual(projects.edges, [{ node: { id: first } }]);
});
