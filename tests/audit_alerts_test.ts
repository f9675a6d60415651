import assert from "node:assert/strict";
import { createAccessToken, createProject } from "./support/captures.ts";
import { movableClock } from "./support/movable_clock.ts";
import { addPerson } from "./support/people.ts";
import { bearer, type Data, type RunningApp, startApp } from "./support/running_app.ts";

const EVENTS = `query ($kind: [String!]) {
  securityEvents(filter: { kind: $kind }, first: 100) {
    totalCount edges { node { severity kind actor { id } subjectId ipAddress details } }
  }
}`;

async function events(app: RunningApp, ...kind: string[]): Promise<Data[]> {
  return (await app.ask(EVENTS, { kind }, app.token)).securityEvents.edges.map(({ node }: Data) => node);
}

const MINUTE_MS = 60_000;
const ALERTS = ["alert.sign_in_failures", "alert.token_new_address", "alert.escalation", "alert.denials"];

Deno.test("many failed sign-ins from one address raise one CRITICAL alert in ten minutes", async () => {
  const clock = movableClock();
  await using app = await startApp({ clock });
  // Sign-ins with an e-mail that is locked: each is refused, and none costs more than the one hash.
  const attempt = () => app.graphql(`mutation { signIn(input: { email: "x@y", password: "x" }) { token } }`);
  for (let index = 0; index < 9; index++) await attempt();
  assert.deepEqual(await events(app, ...ALERTS), []);
  await attempt();
  await attempt();
  const alert = {
    severity: "CRITICAL",
    kind: "alert.sign_in_failures",
    actor: null,
    subjectId: null,
    ipAddress: "127.0.0.1",
  };
  const details = { by: "address", count: 10, minutes: 10 };
  assert.deepEqual(await events(app, ...ALERTS), [{ ...alert, details }]);
  clock.advance(11 * MINUTE_MS);
  for (let index = 0; index < 10; index++) await attempt();
  assert.equal((await events(app, ...ALERTS)).length, 2);
});

Deno.test("who becomes an admin, or lets themselves into a project, raises a CRITICAL alert", async () => {
  await using app = await startApp();
  const { id } = await addPerson(app);
  const other = await addPerson(app);
  const projectId = await createProject(app, other.token);
  const { viewer } = await app.ask(`{ viewer { id } }`, {}, app.token);
  const update = `mutation ($id: ID!, $role: UserRole) { updateUser(input: { id: $id, role: $role }) { id } }`;
  await app.ask(update, { id, role: "VIEWER" }, app.token);
  assert.deepEqual(await events(app, ...ALERTS), []);
  await app.ask(update, { id, role: "ADMIN" }, app.token);
  const enter = `mutation ($projectId: ID!, $userId: ID!) {
    setProjectMember(input: { projectId: $projectId, userId: $userId, role: VIEWER }) { id }
  }`;
  await app.ask(enter, { projectId, userId: id }, app.token);
  await app.ask(enter, { projectId, userId: viewer.id }, app.token);
  const alert = { severity: "CRITICAL", kind: "alert.escalation", actor: { id: viewer.id }, ipAddress: "127.0.0.1" };
  assert.deepEqual(await events(app, ...ALERTS), [
    { ...alert, subjectId: projectId, details: { by: "project.member_changed" } },
    { ...alert, subjectId: id, details: { by: "user.role_changed" } },
  ]);
});

Deno.test("who is refused ten times raises an alert, and more than twenty refusals in a minute are told with their number", async () => {
  const clock = movableClock();
  await using app = await startApp({ clock });
  const stranger = await addPerson(app);
  const attempt = () => app.graphql(`{ users { totalCount } }`, {}, stranger.token);
  for (let index = 0; index < 9; index++) await attempt();
  assert.deepEqual(await events(app, ...ALERTS), []);
  await attempt();
  const [alert] = await events(app, ...ALERTS);
  assert.deepEqual([alert.kind, alert.severity, alert.actor.id, alert.details.by], [
    "alert.denials",
    "WARNING",
    stranger.id,
    "actor",
  ]);
  for (let index = 10; index < 50; index++) await attempt();
  assert.equal((await events(app, "access.denied")).length, 20);
  clock.advance(MINUTE_MS);
  await attempt();
  const denied = await events(app, "access.denied");
  assert.equal(denied.length, 22);
  const repeated = denied.filter(({ details }) => details.repeated !== undefined);
  assert.deepEqual(repeated.map(({ details }) => details), [{ operation: "users", code: "FORBIDDEN", repeated: 30 }]);
});

Deno.test("an access token that is used from an address for the first time raises an alert, but for its first one", async () => {
  await using app = await startApp({ environment: { FINGERPOST_TRUSTED_PROXIES: "127.0.0.1" } });
  const { id, token } = await addPerson(app);
  const accessToken = await createAccessToken(app, token, { scopes: ["ELEMENTS_READ"] });
  const use = async (address: string) => {
    const headers = { "content-type": "application/json", "x-forwarded-for": address, ...bearer(accessToken) };
    const body = JSON.stringify({ query: `{ viewer { id } }` });
    await (await fetch(`${app.url}/graphql`, { method: "POST", headers, body })).json();
  };
  await use("192.0.2.1");
  await use("192.0.2.1");
  assert.deepEqual(await events(app, ...ALERTS), []);
  for (const address of ["2001:db8::5", "192.0.2.1", "2001:db8::5", "2001:db8::77"]) await use(address);
  const alert = {
    severity: "WARNING",
    kind: "alert.token_new_address",
    actor: { id },
    ipAddress: "2001:db8::5",
    details: {},
  };
  assert.deepEqual((await events(app, ...ALERTS)).map(({ subjectId: _, ...rest }) => rest), [alert]);
});

Deno.test("what was only counted is recorded when the server stops", async () => {
  await using app = await startApp();
  const stranger = await addPerson(app);
  for (let index = 0; index < 25; index++) await app.graphql(`{ users { totalCount } }`, {}, stranger.token);
  await app.stop();
  await using again = await startApp({ dataDir: app.dataDir });
  const denied = (await again.ask(EVENTS, { kind: ["access.denied"] }, app.token)).securityEvents;
  assert.equal(denied.totalCount, 21);
  assert.equal(denied.edges[0].node.details.repeated, 5);
});
