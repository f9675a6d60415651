import assert from "node:assert/strict";
import { CAPTURE, capture, captureInput, createAccessToken, createProject } from "./support/captures.ts";
import { addPerson, setMember } from "./support/people.ts";
import { bearer, type RunningApp, startApp } from "./support/running_app.ts";
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
