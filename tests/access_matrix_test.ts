import assert from "node:assert/strict";
import { toGlobalId } from "../src/base/ids.ts";
import { type AccessWorld, type ActorName, ACTORS, makeAccessWorld } from "./support/access_world.ts";
import { CAPTURE, capture, captureInput, createAccessToken, createProject } from "./support/captures.ts";
import { addConnections } from "./support/connections.ts";
import { CHANNEL, openGraphqlPage } from "./support/graphql_page.ts";
import { APPROVE_PAIRING, CLIENT, PAIRING, POLL_PAIRING, START_PAIRING, startPairing } from "./support/pairing.ts";
import { addPerson } from "./support/people.ts";
import { type Data } from "./support/running_app.ts";
import { joinRoom, type RoomPeer, serverPeerOf, SIGNALS } from "./support/rooms.ts";
import { makeSession } from "./support/sessions.ts";
import { ELEMENT_EVENTS, subscribeOverHttp } from "./support/subscription.ts";
import { RECORD, toolExecution } from "./support/tool_executions.ts";

/** The table that a reviewer reads; `WRITE_SNAPSHOTS=1` writes it anew. */
const TABLE = new URL("snapshots/access_matrix.txt", import.meta.url);

type Variables = Record<string, unknown>;

/** One way to ask for a root field. Whatever can be done once is made anew for each actor. */
interface Operation {
  query: string;
  variables?: (world: AccessWorld, actor: ActorName) => Variables | Promise<Variables>;
}

const ofProject = ({ projectId }: AccessWorld) => ({ id: projectId });
const ofElement = ({ elementId }: AccessWorld) => ({ id: elementId });
const ofNewPerson = async ({ app }: AccessWorld) => ({ id: (await addPerson(app)).id });
/** Another session of somebody: what they are asked to do may end the one before. */
const as = ({ app, people }: AccessWorld, name: keyof AccessWorld["people"]) => makeSession(app, people[name].id);
const ofNewProject = async (world: AccessWorld, actor: ActorName) => {
  const { app, people } = world;
  const person = people[actor as keyof typeof people];
  const id = await createProject(app, await as(world, "owner"), "Members");
  return { id, userId: person?.id ?? people.member.id };
};
const newElementOf = (captor: "owner" | "editor") => async (world: AccessWorld) => ({
  id: await capture(world.app, await as(world, captor), captureInput({ projectId: world.projectId })),
});

/** A page of the owner's, one for all: nobody has more than eight. */
const pages = new WeakMap<AccessWorld, Promise<RoomPeer>>();
const openPage = async (world: AccessWorld) => {
  const token = await as(world, "owner");
  const peer = world.opened.use(await joinRoom(world.app, token, { projectId: world.projectId }));
  world.opened.use(await openGraphqlPage(world.app, token, peer));
  return peer;
};

/** Every root field, some asked for in more than one way: the field's name comes first. */
const OPERATIONS: Record<string, Operation> = {
  "node (element)": { query: `query ($id: ID!) { node(id: $id) { id } }`, variables: ofElement },
  "node (project)": { query: `query ($id: ID!) { node(id: $id) { id } }`, variables: ofProject },
  "node (the owner)": {
    query: `query ($id: ID!) { node(id: $id) { id } }`,
    variables: ({ people }) => ({ id: people.owner.id }),
  },
  "nodes (element)": { query: `query ($id: ID!) { nodes(ids: [$id]) { id } }`, variables: ofElement },
  "viewer": { query: `{ viewer { id } }` },
  "viewer (sessions and tokens)": { query: `{ viewer { sessions { id } accessTokens { id } } }` },
  "user (the owner)": {
    query: `query ($id: ID!) { user(id: $id) { email } }`,
    variables: ({ people }) => ({ id: people.owner.id }),
  },
  "users": { query: `{ users { totalCount } }` },
  "projects": { query: `{ projects { totalCount } }` },
  "project": { query: `query ($id: ID!) { project(id: $id) { name members { role } } }`, variables: ofProject },
  "element": { query: `query ($id: ID!) { element(id: $id) { html } }`, variables: ofElement },
  "elements (all)": { query: `{ elements { totalCount } }` },
  "elements (of the project)": {
    query: `query ($id: ID!) { elements(projectId: $id) { totalCount } }`,
    variables: ofProject,
  },
  "pointedElement": {
    query: `query ($id: ID!) { pointedElement(projectId: $id) { id } }`,
    variables: ofProject,
  },
  "elementChanges (of the project)": {
    query: `query ($id: ID!) { elementChanges(projectId: $id, after: 0) { revision } }`,
    variables: ofProject,
  },
  "elementChanges (of one's own first)": { query: `{ elementChanges { hasMore } }` },
  "livePages": { query: `query ($id: ID!) { livePages(projectId: $id) { id } }`, variables: ofProject },
  "iceServers": { query: `query ($id: ID!) { iceServers(projectId: $id) { urls } }`, variables: ofProject },
  "webrtcConnections (all)": { query: `{ webrtcConnections { totalCount } }` },
  "webrtcConnections (of the project)": {
    query: `query ($id: ID!) { webrtcConnections(projectId: $id) { totalCount } }`,
    variables: ofProject,
  },
  "node (connection)": {
    query: `query ($id: ID!) { node(id: $id) { id } }`,
    variables: ({ app, projectId, people }) => {
      const [id = ""] = addConnections(app, { count: 1, projectIds: [projectId], personIds: [people.owner.id] });
      return { id: toGlobalId("WebrtcConnection", id) };
    },
  },
  "currentToken": { query: `{ currentToken { id } }` },
  "mcpToolExecutions": { query: `{ mcpToolExecutions { totalCount } }` },
  "mcpToolExecutions (the owner's)": {
    query: `query ($id: ID!) { mcpToolExecutions(filter: { actorId: $id }) { totalCount } }`,
    variables: ({ people }) => ({ id: people.owner.id }),
  },
  "node (tool execution of the owner's)": {
    query: `query ($id: ID!) { node(id: $id) { id } }`,
    variables: async (world) => {
      const token = await as(world, "owner");
      await world.app.ask(RECORD, { inputs: [toolExecution()] }, token);
      const { mcpToolExecutions } = await world.app.ask(`{ mcpToolExecutions { edges { node { id } } } }`, {}, token);
      return mcpToolExecutions.edges[0].node;
    },
  },
  "recordToolExecutions": { query: RECORD, variables: () => ({ inputs: [toolExecution()] }) },
  "securityEvents": { query: `{ securityEvents { totalCount } }` },
  "node (security event)": {
    query: `query ($id: ID!) { node(id: $id) { id } }`,
    variables: async ({ app }) => {
      const { securityEvents } = await app.ask(`{ securityEvents(first: 1) { edges { node { id } } } }`, {}, app.token);
      return securityEvents.edges[0].node;
    },
  },
  "verifyAudit": { query: `{ verifyAudit { valid } }` },
  "appConfig": { query: `{ appConfig { key } }` },
  "systemStatus": { query: `{ systemStatus { version } }` },
  "rateLimits": { query: `{ rateLimits { action } }` },
  "signIn": {
    query: `mutation { signIn(input: { email: "nobody@example.org", password: "x" }) { token } }`,
  },
  "signOut": { query: `mutation { signOut }` },
  "revokeSession (own)": {
    query: `mutation ($id: ID!) { revokeSession(id: $id) }`,
    variables: async ({ app, people }, actor) => {
      const person = people[actor as keyof typeof people] ?? people.owner;
      const token = await makeSession(app, person.id);
      const { viewer } = await app.ask(`{ viewer { sessions { id current } } }`, {}, token);
      return { id: viewer.sessions.find(({ current }: Data) => current).id };
    },
  },
  "revokeSession (the owner's)": {
    query: `mutation ($id: ID!) { revokeSession(id: $id) }`,
    variables: async (world) => {
      const { viewer } = await world.app.ask(`{ viewer { sessions { id current } } }`, {}, await as(world, "owner"));
      return { id: viewer.sessions.find(({ current }: Data) => current).id };
    },
  },
  "revokeOtherSessions": { query: `mutation { revokeOtherSessions }` },
  "revokeUserSessions (somebody's)": {
    query: `mutation ($id: ID!) { revokeUserSessions(userId: $id) }`,
    variables: ofNewPerson,
  },
  "changePassword (wrong)": {
    query: `mutation {
      changePassword(input: { currentPassword: "not this one", newPassword: "an entirely new one" })
    }`,
  },
  "createUser": {
    query: `mutation ($input: CreateUserInput!) { createUser(input: $input) { id } }`,
    variables: () => ({
      input: {
        email: `${crypto.randomUUID()}@example.org`,
        name: "New",
        role: "VIEWER",
        password: "a password nobody has",
      },
    }),
  },
  "updateUser": {
    query: `mutation ($id: ID!) { updateUser(input: { id: $id, name: "Other" }) { id } }`,
    variables: ofNewPerson,
  },
  "updateUser (oneself)": {
    query: `mutation ($id: ID!) { updateUser(input: { id: $id, name: "Other" }) { id } }`,
    variables: ({ people }, actor) => ({ id: (people[actor as keyof typeof people] ?? people.owner).id }),
  },
  "unlockUser": { query: `mutation ($id: ID!) { unlockUser(id: $id) { id } }`, variables: ofNewPerson },
  "deleteUser": { query: `mutation ($id: ID!) { deleteUser(id: $id) }`, variables: ofNewPerson },
  "createAccessToken": {
    query: `mutation { createAccessToken(input: { name: "t", scopes: [AUDIT_READ] }) { token } }`,
  },
  "createAccessToken (of the project)": {
    query: `mutation ($id: ID!) {
      createAccessToken(input: { name: "t", scopes: [ELEMENTS_READ], projectId: $id }) { token }
    }`,
    variables: ofProject,
  },
  "revokeAccessToken (the owner's)": {
    query: `mutation ($id: ID!) { revokeAccessToken(id: $id) }`,
    variables: async (world) => {
      const token = await as(world, "owner");
      await createAccessToken(world.app, token, { scopes: ["ELEMENTS_READ"] });
      const { viewer } = await world.app.ask(`{ viewer { accessTokens { id } } }`, {}, token);
      return { id: viewer.accessTokens.at(-1).id };
    },
  },
  "startPairing": { query: START_PAIRING, variables: () => ({ input: CLIENT }) },
  "pollPairing": { query: POLL_PAIRING, variables: ({ app }) => startPairing(app) },
  "pairing": { query: PAIRING, variables: ({ app }) => startPairing(app) },
  "approvePairing": {
    query: APPROVE_PAIRING,
    variables: async ({ app }) => ({ input: { userCode: (await startPairing(app)).userCode, approve: true } }),
  },
  "approvePairing (of the project)": {
    query: APPROVE_PAIRING,
    variables: async ({ app, projectId }) => ({
      input: { userCode: (await startPairing(app)).userCode, approve: true, projectId },
    }),
  },
  "createProject": { query: `mutation { createProject(input: { name: "Mine" }) { id } }` },
  "setProjectMember (oneself into another's)": {
    query: `mutation ($id: ID!, $userId: ID!) {
      setProjectMember(input: { projectId: $id, userId: $userId, role: EDITOR }) { id }
    }`,
    variables: async (world, actor) =>
      actor === "owner" ? { id: world.projectId, userId: world.people.editor.id } : await ofNewProject(world, actor),
  },
  "setProjectMember (somebody into it)": {
    query: `mutation ($id: ID!, $userId: ID!) {
      setProjectMember(input: { projectId: $id, userId: $userId, role: VIEWER }) { id }
    }`,
    variables: async ({ app, projectId }) => ({ id: projectId, userId: (await addPerson(app)).id }),
  },
  "captureElement": { query: CAPTURE, variables: ({ projectId }) => ({ input: captureInput({ projectId }) }) },
  "updateElement": {
    query: `mutation ($id: ID!) { updateElement(input: { id: $id, note: "x" }) { id } }`,
    variables: ofElement,
  },
  "commentOnElement": {
    query: `mutation ($id: ID!) { commentOnElement(input: { elementId: $id, body: "x" }) { id } }`,
    variables: ofElement,
  },
  "commandElement (no page)": {
    query: `mutation ($id: ID!) { commandElement(input: { elementId: $id, command: HIGHLIGHT }) { id } }`,
    variables: ofElement,
  },
  "commandPage (of the project)": {
    query: `mutation ($id: ID!) { commandPage(input: { projectId: $id, command: HIGHLIGHT }) { id } }`,
    variables: ofProject,
  },
  "commandPage (the element's)": {
    query: `mutation ($id: ID!) { commandPage(input: { elementId: $id, command: HIGHLIGHT }) { id } }`,
    variables: ofElement,
  },
  "commandPage (any)": { query: `mutation { commandPage(input: { command: HIGHLIGHT }) { id } }` },
  "deleteElement (the owner's)": {
    query: `mutation ($id: ID!) { deleteElement(id: $id) }`,
    variables: newElementOf("owner"),
  },
  "deleteElement (the editor's)": {
    query: `mutation ($id: ID!) { deleteElement(id: $id) }`,
    variables: newElementOf("editor"),
  },
  "sendSignal (as nobody)": {
    query: `mutation { sendSignal(input: { from: "x", to: "y", negotiationId: "z", kind: BYE }) { sequence } }`,
  },
  "sendSignal (as the owner's peer)": {
    query: `mutation ($from: ID!, $to: ID!) {
      sendSignal(input: { from: $from, to: $to, negotiationId: "z", kind: BYE }) { sequence }
    }`,
    variables: async (world) => {
      const peer = world.opened.use(
        await joinRoom(world.app, await as(world, "owner"), { projectId: world.projectId }),
      );
      return { from: peer.id, to: serverPeerOf(peer).id };
    },
  },
  "sendChannelMessage (as nobody)": {
    query: `mutation { sendChannelMessage(input: { from: "x", message: { type: "ping", id: "1" } }) }`,
  },
  "sendChannelMessage (as the owner's peer)": {
    query: `mutation ($from: ID!) { sendChannelMessage(input: { from: $from, message: { type: "ping", id: "1" } }) }`,
    variables: async (world) => ({ from: (await pages.getOrInsertComputed(world, openPage)).id }),
  },
  "setConfig": { query: `mutation { setConfig(key: "instance.name", value: "x") { key } }` },
  "setRateLimit": {
    query: `mutation { setRateLimit(input: { action: "mcp", limit: 1000000, windowSeconds: 60 }) { action } }`,
  },
  "elementEvents": { query: ELEMENT_EVENTS, variables: ({ projectId }) => ({ projectId, after: 0 }) },
  "securityEventRecorded": { query: `subscription { securityEventRecorded(after: 0) { sequence } }` },
  "signals": {
    query: SIGNALS,
    variables: ({ projectId }) => ({ input: { projectId, label: "x", kind: "VIEWER" } }),
  },
  "channelMessages (of the owner's peer)": {
    query: CHANNEL,
    variables: async (world) => {
      const peer = world.opened.use(
        await joinRoom(world.app, await as(world, "owner"), { projectId: world.projectId }),
      );
      return { from: peer.id };
    },
  },
};

Deno.test("each root field has its line in the table of who may do what", async () => {
  await using world = await makeAccessWorld();
  const roots = "queryType { fields { name } } mutationType { fields { name } } subscriptionType { fields { name } }";
  const { __schema } = await world.app.ask(`{ __schema { ${roots} } }`);
  const served = Object.values(__schema).flatMap((type) => (type as Data).fields.map(({ name }: Data) => name));
  const covered = new Set(Object.keys(OPERATIONS).map((name) => name.split(" ")[0]));
  assert.deepEqual(served.filter((name) => !covered.has(name)), []);
  assert.deepEqual([...covered].filter((name) => !served.includes(name)), []);
});

Deno.test("each operation answers each kind of actor as the checked-in table says", async () => {
  await using world = await makeAccessWorld();
  const actors = Object.keys(ACTORS) as ActorName[];
  const rows: string[][] = [];
  for (const [name, operation] of Object.entries(OPERATIONS)) {
    const cells: string[] = [];
    for (const actor of actors) cells.push(shorten(await outcome(world, actor, operation)));
    rows.push([name, ...cells]);
  }
  const table = draw(actors, rows);
  if (Deno.env.get("WRITE_SNAPSHOTS") === "1") await Deno.writeTextFile(TABLE, table);
  assert.equal(table, await Deno.readTextFile(TABLE));
});

async function outcome(world: AccessWorld, actor: ActorName, operation: Operation): Promise<string> {
  const variables = await operation.variables?.(world, actor) ?? {};
  const credential = await world.credential(actor);
  if (operation.query.startsWith("subscription")) {
    await using events = await subscribeOverHttp(world.app, { query: operation.query, variables, token: credential });
    return await events.next().then(() => "ok", (error: Error) => error.message);
  }
  const { data, errors } = await world.app.graphql(operation.query, variables, credential);
  if (errors !== undefined) return errors[0]?.extensions.code ?? "?";
  const [answer] = Object.values(data ?? {}).flat();
  return answer === null ? "null" : "ok";
}

const SHORT: Record<string, string> = {
  ok: "ok",
  null: "null",
  UNAUTHENTICATED: "401",
  FORBIDDEN: "403",
  NOT_FOUND: "404",
  CONFLICT: "409",
  INVALID_INPUT: "400",
  INVALID_CREDENTIALS: "cred",
  PEER_UNAVAILABLE: "peer",
};

function shorten(code: string): string {
  return SHORT[code] ?? code;
}

function draw(actors: ActorName[], rows: string[][]): string {
  const legend = Object.entries(ACTORS).map(([name, meaning]) => `${name.padEnd(14)}${meaning}`);
  const codes = Object.entries(SHORT).filter(([code]) => code !== "ok" && code !== "null")
    .map(([code, short]) => `${short} ${code}`).join(", ");
  const table = [["", ...actors], ...rows];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = table.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd());
  return [
    "Who gets what for each root field. Written by tests/access_matrix_test.ts; read by whoever changes it.",
    `null: answered with null and no error; ${codes}`,
    "",
    ...legend,
    "",
    ...lines,
    "",
  ].join("\n");
}
