import assert from "node:assert/strict";
import { capture, createAccessToken } from "./captures.ts";
import { type GraphqlPage, openGraphqlPage } from "./graphql_page.ts";
import { CONTENT, markedCapture, PASSING, PASSWORDS, SEALED } from "./known_secrets.ts";
import { addPerson, type Person, setMember } from "./people.ts";
import { APPROVE_PAIRING, PAIRING, pollPairing, START_PAIRING, startPairing } from "./pairing.ts";
import { joinRoom, type RoomPeer, serverPeerOf } from "./rooms.ts";
import type { Data, RunningApp } from "./running_app.ts";
import { makeSession } from "./sessions.ts";
import { candidateOf, sdpOf } from "./signals.ts";
import { ELEMENT_EVENTS, subscribe } from "./subscription.ts";
import { toolExecution } from "./tool_executions.ts";

/** A running server, who uses it, and every credential that it gave out. */
export interface SecretWorld {
  app: RunningApp;
  /** A session of the first admin. */
  admin: string;
  owner: Person;
  member: Person;
  projectId: string;
  elementId: string;
  credentials: string[];
}

/** Uses one root field in earnest, so that it goes through; with secrets wherever it takes or gives some. */
type Step = (world: SecretWorld) => Promise<unknown>;

const query = (selection: string, variables: (world: SecretWorld) => Data = () => ({})): Step => (world) =>
  world.app.ask(selection, variables(world), world.owner.token);
const asAdmin = (selection: string, variables: (world: SecretWorld) => Data | Promise<Data>): Step => async (world) =>
  await world.app.ask(selection, await variables(world), world.admin);
const newPerson = async ({ app }: SecretWorld) => ({ id: (await addPerson(app)).id });
const element = ({ elementId }: SecretWorld) => ({ id: elementId });

/** Every root field, in the order of use. */
export const STEPS: Record<string, Step> = {
  signIn: async (world) => {
    const signIn = `mutation ($input: SignInInput!) { signIn(input: $input) { token } }`;
    for (const [email, password] of [["admin@localhost", PASSWORDS.guessed], [PASSWORDS.asEmail, PASSWORDS.guessed]]) {
      assert.equal(await codeOf(world, signIn, { input: { email, password } }, null), "INVALID_CREDENTIALS");
    }
    const input = { email: "admin@localhost", password: PASSWORDS.admin };
    world.admin = keep(world, (await world.app.ask(signIn, { input })).signIn.token);
    world.owner = await addPerson(world.app);
    world.member = await addPerson(world.app, "VIEWER");
    world.credentials.push(world.owner.token, world.member.token);
  },
  createProject: async (world) => {
    const created = await world.app.ask(
      `mutation { createProject(input: { name: "Shop" }) { id } }`,
      {},
      world.owner.token,
    );
    world.projectId = created.createProject.id;
  },
  setProjectMember: query(
    `mutation ($input: SetProjectMemberInput!) { setProjectMember(input: $input) { id } }`,
    ({ projectId, member }) => ({ input: { projectId, userId: member.id, role: "VIEWER" } }),
  ),
  captureElement: async (world) => {
    const capture = `mutation ($input: CaptureElementInput!) { captureElement(input: $input) { id } }`;
    world.elementId = (await world.app.ask(capture, { input: markedCapture() }, world.owner.token)).captureElement.id;
    const refused = markedCapture({ note: CONTENT.refused, selector: "", attributes: [CONTENT.refused] });
    assert.equal(await codeOf(world, capture, { input: refused }), "INVALID_INPUT");
    assert.equal(await codeOf(world, capture, { input: { ...refused, box: CONTENT.refused } }), "BAD_USER_INPUT");
    assert.equal(await codeOf(world, capture, { input: markedCapture() }, world.member.token), "FORBIDDEN");
  },
  updateElement: query(
    `mutation ($id: ID!, $note: String) { updateElement(input: { id: $id, note: $note }) { note } }`,
    ({ elementId }) => ({ id: elementId, note: CONTENT.changed }),
  ),
  commentOnElement: query(
    `mutation ($id: ID!, $body: String!) { commentOnElement(input: { elementId: $id, body: $body }) { id } }`,
    ({ elementId }) => ({ id: elementId, body: CONTENT.comment }),
  ),
  node: query(`query ($id: ID!) { node(id: $id) { ... on Element { html note } } }`, element),
  nodes: query(`query ($id: ID!) { nodes(ids: [$id]) { ... on Element { html note } } }`, element),
  viewer: query(`{ viewer { email sessions { id } accessTokens { id } } }`),
  user: query(`query ($id: ID!) { user(id: $id) { email } }`, ({ owner }) => ({ id: owner.id })),
  users: asAdmin(`query ($search: String) { users(search: $search) { totalCount } }`, () => ({
    search: PASSING.argument,
  })),
  project: query(`query ($id: ID!) { project(id: $id) { name } }`, ({ projectId }) => ({ id: projectId })),
  projects: query(`{ projects { totalCount } }`),
  element: query(`query ($id: ID!) { element(id: $id) { html computedStyles comments { body } } }`, element),
  elements: async (world) => {
    const filter = { pageUrlPrefix: CONTENT.url, pageId: CONTENT.search, tagName: CONTENT.search };
    const list = `query ($search: String, $filter: ElementFilter) {
      elements(search: $search, filter: $filter) { totalCount } }`;
    await world.app.ask(list, { search: CONTENT.search, filter }, world.owner.token);
    await world.app.ask(list, { search: `"${CONTENT.note}"` }, world.owner.token);
  },
  elementChanges: query(`{ elementChanges(after: 0) { changes { element { html note } } } }`),
  pointedElement: query(`{ pointedElement { html text note } }`),
  iceServers: query(
    `query ($projectId: ID!) { iceServers(projectId: $projectId) { urls username } }`,
    ({ projectId }) => ({
      projectId,
    }),
  ),
  livePages: query(`{ livePages { url title } }`),
  webrtcConnections: query(`{ webrtcConnections { totalCount edges { node { state } } } }`),
  currentToken: query(`{ currentToken { name } }`),
  mcpToolExecutions: query(`{ mcpToolExecutions { edges { node { tool argumentHash } } } }`),
  recordToolExecutions: async (world) => {
    const record = `mutation ($inputs: [RecordToolExecutionInput!]!) { recordToolExecutions(inputs: $inputs) }`;
    await world.app.ask(record, { inputs: [toolExecution()] }, world.owner.token);
    for (const wrong of [{ tool: PASSING.argument }, { argumentHash: PASSING.argument }]) {
      assert.equal(await codeOf(world, record, { inputs: [toolExecution(wrong)] }), "INVALID_INPUT");
    }
  },
  setConfig: async (world) => {
    const set = `mutation ($key: String!, $value: JSON!, $secret: Boolean) {
      setConfig(key: $key, value: $value, secret: $secret) { value } }`;
    await world.app.ask(set, { key: "turn.secret", value: SEALED.secret }, world.admin);
    await world.app.ask(set, { key: "instance.name", value: SEALED.name, secret: true }, world.admin);
    const unknown = { key: PASSING.argument, value: SEALED.secret };
    assert.equal(await codeOf(world, set, unknown, world.admin), "INVALID_INPUT");
    assert.equal(await codeOf(world, set, { key: "turn.urls", value: SEALED.secret }, world.admin), "INVALID_INPUT");
    assert.equal(await codeOf(world, set, { key: "turn.secret", value: SEALED.secret }), "FORBIDDEN");
  },
  appConfig: asAdmin(`{ appConfig { key value } }`, () => ({})),
  systemStatus: asAdmin(`{ systemStatus { version } }`, () => ({})),
  rateLimits: asAdmin(`{ rateLimits { action limit } }`, () => ({})),
  setRateLimit: async (world) => {
    const set = `mutation ($input: SetRateLimitInput!) { setRateLimit(input: $input) { action } }`;
    await world.app.ask(set, { input: { action: "sign_in", limit: 1_000, windowSeconds: 60 } }, world.admin);
    const unknown = { action: PASSING.argument, limit: 1_000, windowSeconds: 60 };
    assert.equal(await codeOf(world, set, { input: unknown }, world.admin), "INVALID_INPUT");
  },
  securityEvents: async (world) => {
    const list =
      `query ($filter: SecurityEventFilter) { securityEvents(filter: $filter) { edges { node { details } } } }`;
    await world.app.ask(list, {}, world.admin);
    const unknown = { filter: { kind: [PASSING.argument] } };
    assert.equal(await codeOf(world, list, unknown, world.admin), "INVALID_INPUT");
    assert.equal(await codeOf(world, list, unknown), "FORBIDDEN");
  },
  verifyAudit: asAdmin(`{ verifyAudit { valid } }`, () => ({})),
  createUser: async (world) => {
    const create = `mutation ($input: CreateUserInput!) { createUser(input: $input) { id } }`;
    const input = { email: "new@example.org", name: "New", role: "VIEWER", password: PASSWORDS.created };
    await world.app.ask(create, { input }, world.admin);
    for (const [password, code] of [[PASSWORDS.refused, "INVALID_INPUT"], [PASSWORDS.created, "CONFLICT"]]) {
      assert.equal(await codeOf(world, create, { input: { ...input, password } }, world.admin), code);
    }
  },
  updateUser: asAdmin(`mutation ($id: ID!) { updateUser(input: { id: $id, status: DISABLED }) { id } }`, newPerson),
  unlockUser: asAdmin(`mutation ($id: ID!) { unlockUser(id: $id) { id } }`, newPerson),
  deleteUser: asAdmin(`mutation ($id: ID!) { deleteUser(id: $id) }`, newPerson),
  createAccessToken: async (world) => {
    const token = keep(world, await createAccessToken(world.app, world.owner.token, { scopes: ["ELEMENTS_READ"] }));
    await world.app.ask(`{ viewer { id } }`, {}, token);
    assert.equal(await codeOf(world, `mutation { signOut }`, {}, token), "FORBIDDEN");
    assert.equal(
      await codeOf(world, `{ viewer { id } }`, {}, keep(world, `${token.slice(0, -1)}x`)),
      "UNAUTHENTICATED",
    );
  },
  revokeAccessToken: async (world) => {
    const token = keep(world, await createAccessToken(world.app, world.owner.token, { scopes: ["SIGNALS"] }));
    const { viewer } = await world.app.ask(`{ viewer { accessTokens { id } } }`, {}, world.owner.token);
    const revoke = `mutation ($id: ID!) { revokeAccessToken(id: $id) }`;
    await world.app.ask(revoke, { id: viewer.accessTokens.at(-1).id }, world.owner.token);
    assert.equal(await codeOf(world, `{ viewer { id } }`, {}, token), "UNAUTHENTICATED");
    assert.equal(await codeOf(world, revoke, { id: token }), "NOT_FOUND");
  },
  startPairing: async (world) => {
    const { deviceCode } = await startPairing(world.app);
    keep(world, deviceCode);
    const input = { clientName: `${PASSING.argument}\n`, scopes: ["SIGNALS"] };
    assert.equal(await codeOf(world, START_PAIRING, { input }, null), "INVALID_INPUT");
  },
  pairing: async (world) => {
    const { deviceCode, userCode } = await startPairing(world.app);
    keep(world, deviceCode);
    await world.app.ask(PAIRING, { userCode }, world.owner.token);
    assert.equal(await codeOf(world, PAIRING, { userCode: PASSING.argument }), "NOT_FOUND");
  },
  pollPairing: async ({ app }) => void await pollPairing(app, PASSING.argument),
  approvePairing: async (world) => {
    const { deviceCode, userCode } = await startPairing(world.app);
    await world.app.ask(APPROVE_PAIRING, { input: { userCode, approve: true } }, world.owner.token);
    keep(world, deviceCode);
    keep(world, (await pollPairing(world.app, deviceCode)).token);
    const wrong = { input: { userCode: PASSING.argument, approve: true } };
    assert.equal(await codeOf(world, APPROVE_PAIRING, wrong), "NOT_FOUND");
  },
  elementEvents: async ({ app, projectId, owner }) => {
    const variables = { projectId, after: 0 };
    await using events = subscribe(app, { query: ELEMENT_EVENTS, variables, token: owner.token });
    await events.next();
  },
  securityEventRecorded: async ({ app, admin }) => {
    const query = `subscription { securityEventRecorded(after: 0) { kind details } }`;
    await using events = subscribe(app, { query, variables: {}, token: admin });
    await events.next();
  },
  signals: (world) => inRoom(world, () => Promise.resolve()),
  sendSignal: (world) =>
    inRoom(world, async (peer) => {
      const to = serverPeerOf(peer).id;
      await peer.send({ to, kind: "OFFER", payload: `${sdpOf()}a=x-${PASSING.sdp}\r\n` });
      const candidate = `${JSON.parse(candidateOf(9)).candidate} x ${PASSING.candidate}`;
      await peer.send({ to, kind: "CANDIDATE", payload: JSON.stringify({ candidate }) });
      await assert.rejects(peer.send({ to, kind: "CANDIDATE", payload: `{"candidate": ${PASSING.candidate}` }));
      await assert.rejects(peer.send({ to, kind: "OFFER", payload: `v=0\r\no=${PASSING.sdp}` }));
      await assert.rejects(peer.send({ to: PASSING.argument, kind: "OFFER", payload: PASSING.sdp }));
    }),
  channelMessages: (world) => onChannel(world, (page) => page.ask({ type: "ping", id: PASSING.argument })),
  sendChannelMessage: (world) =>
    onChannel(world, async (page) => {
      assert.equal((await page.ask({ type: "capture", id: "1", ...markedCapture() })).type, "captured");
      const refused = markedCapture({ note: CONTENT.refused, selector: "", html: CONTENT.refused });
      assert.equal((await page.ask({ type: "capture", id: "2", ...refused })).code, "INVALID_INPUT");
    }),
  commandElement: commanding(
    `mutation ($id: ID!) { commandElement(input: { elementId: $id, command: INSPECT }) { text } }`,
  ),
  commandPage: commanding(`mutation ($id: ID!) { commandPage(input: { elementId: $id, command: INSPECT }) { text } }`),
  changePassword: async (world) => {
    const change = `mutation ($input: ChangePasswordInput!) { changePassword(input: $input) }`;
    const input = { currentPassword: PASSWORDS.admin, newPassword: PASSWORDS.next };
    const { owner: { token } } = world;
    const refused = { ...input, newPassword: PASSWORDS.refused };
    assert.equal(await codeOf(world, change, { input: refused }, token), "INVALID_INPUT");
    const wrong = { ...input, currentPassword: PASSWORDS.guessed };
    assert.equal(await codeOf(world, change, { input: wrong }, token), "INVALID_CREDENTIALS");
    await world.app.ask(change, { input }, token);
  },
  deleteElement: async ({ app, owner }) => {
    const id = await capture(app, owner.token, markedCapture());
    await app.ask(`mutation ($id: ID!) { deleteElement(id: $id) }`, { id }, owner.token);
  },
  revokeOtherSessions: query(`mutation { revokeOtherSessions }`),
  revokeUserSessions: asAdmin(`mutation ($id: ID!) { revokeUserSessions(userId: $id) }`, newPerson),
  revokeSession: async (world) => {
    const token = keep(world, await makeSession(world.app, world.owner.id));
    const { viewer } = await world.app.ask(`{ viewer { sessions { id current } } }`, {}, token);
    const { id } = viewer.sessions.find(({ current }: Data) => current);
    await world.app.ask(`mutation ($id: ID!) { revokeSession(id: $id) }`, { id }, world.owner.token);
    assert.equal(await codeOf(world, `{ viewer { id } }`, {}, token), "UNAUTHENTICATED");
  },
  signOut: async (world) => {
    const token = keep(world, await makeSession(world.app, world.owner.id));
    await world.app.ask(`mutation { signOut }`, {}, token);
    assert.equal(await codeOf(world, `mutation { signOut }`, {}, token), "UNAUTHENTICATED");
  },
};

function keep({ credentials }: SecretWorld, credential: string): string {
  credentials.push(credential);
  return credential;
}

async function codeOf(
  { app, owner }: SecretWorld,
  document: string,
  variables: Record<string, unknown>,
  token: string | null = owner?.token ?? null,
): Promise<string | undefined> {
  return (await app.graphql(document, variables, token)).errors?.[0]?.extensions.code;
}

async function inRoom(world: SecretWorld, work: (peer: RoomPeer) => Promise<void>): Promise<void> {
  setMember(world.app, { projectId: world.projectId, personId: world.owner.id, role: "OWNER" });
  await using peer = await joinRoom(world.app, world.owner.token, { projectId: world.projectId });
  world.credentials.push(peer.joined.resumeToken);
  await work(peer);
}

function onChannel(world: SecretWorld, work: (page: GraphqlPage) => Promise<unknown>): Promise<void> {
  return inRoom(world, async (peer) => {
    await using page = await openGraphqlPage(world.app, world.owner.token, peer);
    await work(page);
  });
}

/** Has a page answer with what a person captured, and with what is refused. */
function commanding(query: string): Step {
  return (world) =>
    onChannel(world, async (page) => {
      const { pageId: _, ...capture } = markedCapture();
      const { elementId } = await page.ask({ type: "capture", id: "1", ...capture });
      for (const [answer, outcome] of [[CONTENT.changed, undefined], [{ no: CONTENT.refused }, "PEER_UNAVAILABLE"]]) {
        const asked = codeOf(world, query, { id: elementId });
        const { id } = await page.heard();
        await page.say({ type: "result", id, elementId, text: answer });
        assert.equal(await asked, outcome);
      }
      assert.equal((await page.heard()).code, "INVALID_INPUT");
    });
}
