import assert from "node:assert/strict";
import { capture, captureInput, createAccessToken, createProject } from "./support/captures.ts";
import { addPerson, write } from "./support/people.ts";
import { ADMIN, type RunningApp, startApp } from "./support/running_app.ts";

interface EventRow {
  kind: string;
  actor_kind: string;
  ip_address: string | null;
}

const events = (app: RunningApp) =>
  write(
    app,
    (database) =>
      database.prepare("SELECT kind, actor_kind, ip_address FROM security_events ORDER BY sequence").all()
        .map((row) => ({ ...row }) as unknown as EventRow),
  );

const signIn = `mutation ($input: SignInInput!) { signIn(input: $input) { token } }`;

interface Facts {
  id: string;
  tokenId: string;
  personId: string;
}

/** Each change that the API makes, and the kind of its security event. */
const CHANGES: [string, (app: RunningApp, facts: Facts) => Promise<unknown>][] = [
  ["user.sign_in.succeeded", (app) => app.ask(signIn, { input: ADMIN })],
  ["user.sign_in.failed", (app) => app.graphql(signIn, { input: { ...ADMIN, password: "wrong horse battery" } })],
  ["project.created", (app) => createProject(app, app.token)],
  ["token.created", (app) => createAccessToken(app, app.token, { scopes: ["ELEMENTS_READ"] })],
  ["element.captured", (app) => capture(app, app.token)],
  [
    "element.updated",
    (app, { id }) =>
      app.ask(`mutation ($id: ID!) { updateElement(input: { id: $id, note: "x" }) { id } }`, { id }, app.token),
  ],
  [
    "element.commented",
    (app, { id }) =>
      app.ask(
        `mutation ($id: ID!) { commentOnElement(input: { elementId: $id, body: "x" }) { id } }`,
        { id },
        app.token,
      ),
  ],
  ["element.deleted", (app, { id }) => app.ask(`mutation ($id: ID!) { deleteElement(id: $id) }`, { id }, app.token)],
  [
    "token.revoked",
    (app, { tokenId }) => app.ask(`mutation ($id: ID!) { revokeAccessToken(id: $id) }`, { id: tokenId }, app.token),
  ],
  [
    "user.deleted",
    (app, { personId }) => app.ask(`mutation ($id: ID!) { deleteUser(id: $id) }`, { id: personId }, app.token),
  ],
  [
    "config.changed",
    (app) => app.ask(`mutation { setConfig(key: "instance.name", value: "x") { key } }`, {}, app.token),
  ],
  ["user.signed_out", (app) => app.ask(`mutation { signOut }`, {}, app.token)],
];

async function prepare(app: RunningApp): Promise<Facts> {
  await createProject(app, app.token);
  const id = await capture(app, app.token);
  await createAccessToken(app, app.token, { scopes: ["ELEMENTS_READ"] });
  const { viewer } = await app.ask(`{ viewer { accessTokens { id } } }`, {}, app.token);
  return { id, tokenId: viewer.accessTokens[0].id, personId: (await addPerson(app)).id };
}

Deno.test("each change writes one security event that says who and from where", async () => {
  await using app = await startApp();
  const facts = await prepare(app);
  for (const [kind, change] of CHANGES) {
    const before = events(app).length;
    await change(app, facts);
    const actor = kind === "user.sign_in.failed" ? "guest" : "user";
    assert.deepEqual(events(app).slice(before), [{ kind, actor_kind: actor, ip_address: "127.0.0.1" }]);
  }
  await app.stop();
  assert.equal(events(app).at(-1)?.kind, "server.stopped");
});

Deno.test("where the security event can't be written, the change does not happen", async () => {
  await using app = await startApp();
  const facts = await prepare(app);
  const tables = [
    "users",
    "app_config",
    "access_tokens",
    "projects",
    "project_members",
    "elements",
    "element_comments",
    "element_events",
  ];
  const everything = () =>
    write(app, (database) => JSON.stringify(tables.map((table) => database.prepare(`SELECT * FROM ${table}`).all())));
  write(
    app,
    (database) =>
      database.exec(
        "CREATE TRIGGER no_room BEFORE INSERT ON security_events BEGIN SELECT RAISE(ABORT, 'no room'); END",
      ),
  );
  const before = everything();
  for (const [kind, change] of CHANGES) {
    await Promise.resolve(change(app, facts)).catch(() => {});
    assert.equal(everything(), before, kind);
  }
  assert.equal((await app.graphql(`{ viewer { id } }`, {}, app.token)).errors, undefined, "still signed in");
  // The server writes its own end, too.
  write(app, (database) => database.exec("DROP TRIGGER no_room"));
});

Deno.test("security events can be neither changed nor deleted, and hold no content of captures and no secrets", async () => {
  await using app = await startApp();
  await createProject(app, app.token);
  const token = await createAccessToken(app, app.token, { scopes: ["ELEMENTS_READ"] });
  await capture(
    app,
    app.token,
    captureInput({ note: "marker-7f3a", text: "marker-7f3a", pageUrl: "https://a.example/marker-7f3a" }),
  );
  write(app, (database) => {
    assert.throws(() => database.exec("UPDATE security_events SET kind = 'x'"), /append-only/);
    assert.throws(() => database.exec("DELETE FROM security_events"), /append-only/);
    const all = JSON.stringify(database.prepare("SELECT * FROM security_events").all());
    for (const secret of ["marker-7f3a", token, app.token, ADMIN.password]) assert.ok(!all.includes(secret));
  });
});
