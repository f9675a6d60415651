import assert from "node:assert/strict";
import { CAPTURE, capture, captureInput, createProject } from "./support/captures.ts";
import { addPerson, type Person, write } from "./support/people.ts";
import { ADMIN, type Data, type RunningApp, startApp } from "./support/running_app.ts";
import { securityEvents } from "./support/security_events.ts";

const PASSWORD = "staple my battery horse";
const CREATE =
  `mutation ($input: CreateUserInput!) { createUser(input: $input) { id email name role status lockedUntil } }`;
const UPDATE = `mutation ($input: UpdateUserInput!) { updateUser(input: $input) { name role status } }`;
const DELETE = `mutation ($id: ID!) { deleteUser(id: $id) }`;
const USERS = `query ($filter: UserFilter, $search: String, $first: Int, $after: String, $last: Int, $before: String) {
  users(filter: $filter, search: $search, first: $first, after: $after, last: $last, before: $before) {
    totalCount edges { cursor node { id email name } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`;

const codeOf = async (answer: Promise<Data>) => (await answer).errors?.[0]?.extensions.code ?? "ok";
const uuidOf = (globalId: string) => globalId.slice(globalId.indexOf("_") + 1);

Deno.test("createUser() makes an account that may sign in, with its event", async () => {
  await using app = await startApp();
  const input = { email: "Ada@Example.org", name: "Ada Lovelace", role: "DEVELOPER", password: PASSWORD };
  const { createUser: { id, ...user } } = await app.ask(CREATE, { input }, app.token);
  assert.deepEqual(user, {
    email: "Ada@Example.org",
    name: "Ada Lovelace",
    role: "DEVELOPER",
    status: "ACTIVE",
    lockedUntil: null,
  });
  const token = await app.signIn("ada@example.org", PASSWORD);
  assert.deepEqual(await app.ask(`{ viewer { id role } }`, {}, token), { viewer: { id, role: "DEVELOPER" } });
  const [, created] = securityEvents(app, "user.created");
  assert.deepEqual([created?.subjectId, created?.details], [uuidOf(id), { role: "DEVELOPER" }]);
});

Deno.test("an e-mail is one account in whatever form it is typed", async () => {
  await using app = await startApp();
  const create = (email: string) =>
    codeOf(app.graphql(CREATE, { input: { email, name: "A", role: "VIEWER", password: PASSWORD } }, app.token));
  assert.equal(await create("ﬁshİ@example.org"), "ok");
  const spellings = [
    "fishİ@example.org",
    "FISHİ@EXAMPLE.ORG",
    "ｆｉｓｈİ@ｅｘａｍｐｌｅ.org",
    "fishi\u0307@example.org",
  ];
  for (const spelling of spellings) {
    assert.equal(await create(spelling), "CONFLICT", spelling);
    assert.match(await app.signIn(` ${spelling}\t`, PASSWORD), /./, spelling);
  }
  assert.equal(await create("fishi@example.org"), "ok", "İ in lower case is i with a dot above, not i");
  for (const email of ["", "a", "a@", "@b", "a b@c", "a@b ", `${"a".repeat(253)}@b`, "a\0@b"]) {
    assert.equal(await create(email), "INVALID_INPUT", email);
  }
});

Deno.test("two accounts made at once with one e-mail are one", async () => {
  await using app = await startApp();
  const create = (email: string) =>
    codeOf(app.graphql(CREATE, { input: { email, name: "A", role: "VIEWER", password: PASSWORD } }, app.token));
  const codes = await Promise.all(["twin@example.org", "TWIN@example.org"].map(create));
  assert.deepEqual(codes.sort(), ["CONFLICT", "ok"]);
});

Deno.test("updateUser() changes what it is given and writes an event for each change", async () => {
  await using app = await startApp();
  const { id } = await addPerson(app);
  const update = async (change: Data) => (await app.ask(UPDATE, { input: { id, ...change } }, app.token)).updateUser;
  assert.deepEqual(await update({ name: "Grace" }), { name: "Grace", role: "DEVELOPER", status: "ACTIVE" });
  assert.deepEqual(await update({ role: "ADMIN", name: null }), { name: "Grace", role: "ADMIN", status: "ACTIVE" });
  assert.deepEqual(await update({ status: "DISABLED" }), { name: "Grace", role: "ADMIN", status: "DISABLED" });
  assert.deepEqual(await update({ status: "ACTIVE" }), { name: "Grace", role: "ADMIN", status: "ACTIVE" });
  assert.deepEqual(await update({}), { name: "Grace", role: "ADMIN", status: "ACTIVE" }, "nothing changed: no event");
  const events = securityEvents(app, "user.updated", "user.role_changed", "user.disabled");
  assert.deepEqual(events.map(({ kind, details }) => [kind, details]), [
    ["user.updated", { changed: "name" }],
    ["user.role_changed", { from: "DEVELOPER", to: "ADMIN" }],
    ["user.disabled", {}],
    ["user.updated", { changed: "status" }],
  ]);
  for (const name of ["", "x".repeat(201), "a\0b"]) {
    assert.equal(await codeOf(app.graphql(UPDATE, { input: { id, name } }, app.token)), "INVALID_INPUT");
  }
});

Deno.test("deleteUser() takes the account with its sessions, tokens and memberships and leaves what it captured", async () => {
  await using app = await startApp();
  const { id, token } = await addPerson(app);
  await createProject(app, token);
  await capture(app, token);
  assert.deepEqual(await app.ask(DELETE, { id }, app.token), { deleteUser: true });
  const counts = ["users WHERE role = 'DEVELOPER'", "project_members", "access_tokens", "elements"].map((source) =>
    write(app, (database) => database.prepare(`SELECT count(*) AS count FROM ${source}`).get()?.["count"])
  );
  assert.deepEqual(counts, [0, 0, 0, 1]);
  assert.equal(await codeOf(app.graphql(`{ viewer { id } }`, {}, token)), "UNAUTHENTICATED");
  assert.equal(await codeOf(app.graphql(DELETE, { id }, app.token)), "NOT_FOUND");
  assert.deepEqual(securityEvents(app, "user.deleted").map(({ subjectId }) => subjectId), [uuidOf(id)]);
});

Deno.test("what is under way when its account is deleted is done or refused, and is no unexpected error", async () => {
  await using app = await startApp();
  const codes = new Set<string>();
  for (let round = 0; round < 10; round++) {
    const { id, token } = await addPerson(app);
    const projectId = await createProject(app, token);
    const underWay = Array.from({ length: 6 }, () => [
      app.graphql(CAPTURE, { input: captureInput({ projectId }) }, token),
      app.graphql(`mutation { createProject(input: { name: "x" }) { id } }`, {}, token),
      app.graphql(`mutation { createAccessToken(input: { name: "x", scopes: [ELEMENTS_READ] }) { token } }`, {}, token),
    ]).flat();
    const deleted = app.ask(DELETE, { id }, app.token);
    for (const code of await Promise.all(underWay.map(codeOf))) codes.add(code);
    await deleted;
  }
  codes.delete("ok");
  for (const code of codes) assert.ok(["UNAUTHENTICATED", "NOT_FOUND", "CONFLICT"].includes(code), code);
});

Deno.test("the last admin who may sign in can't be removed, disabled or demoted, by nobody", async () => {
  await using app = await startApp();
  const { viewer: { id } } = await app.ask(`{ viewer { id } }`, {}, app.token);
  const asLast = async () => [
    await codeOf(app.graphql(UPDATE, { input: { id, role: "DEVELOPER" } }, app.token)),
    await codeOf(app.graphql(UPDATE, { input: { id, status: "DISABLED" } }, app.token)),
    await codeOf(app.graphql(UPDATE, { input: { id, status: "DISABLED", role: "ADMIN" } }, app.token)),
    await codeOf(app.graphql(DELETE, { id }, app.token)),
  ];
  const conflicts = ["CONFLICT", "CONFLICT", "CONFLICT", "CONFLICT"];
  assert.deepEqual(await asLast(), conflicts);
  const other = await addPerson(app, "ADMIN");
  await app.ask(UPDATE, { input: { id: other.id, status: "DISABLED" } }, app.token);
  assert.deepEqual(await asLast(), conflicts, "a disabled admin is none");
  await app.ask(UPDATE, { input: { id: other.id, status: "ACTIVE" } }, app.token);
  assert.equal(await codeOf(app.graphql(DELETE, { id }, app.token)), "ok", "one of two may go");
});

for (
  const [way, act] of Object.entries({
    demote: (app: RunningApp, { token }: Person, { id }: Person) =>
      app.graphql(UPDATE, { input: { id, role: "VIEWER" } }, token),
    disable: (app: RunningApp, { token }: Person, { id }: Person) =>
      app.graphql(UPDATE, { input: { id, status: "DISABLED" } }, token),
    delete: (app: RunningApp, { token }: Person, { id }: Person) => app.graphql(DELETE, { id }, token),
  })
) {
  Deno.test(`of two admins who ${way} each other at once, one stays`, async () => {
    await using app = await startApp();
    const { viewer } = await app.ask(`{ viewer { id } }`, {}, app.token);
    for (let round = 0; round < 10; round++) {
      const [one, two] = [await addPerson(app, "ADMIN"), await addPerson(app, "ADMIN")];
      // The first admin is out of the way, so that these two are the last.
      setStatus(app, viewer.id, "DISABLED");
      const codes = await Promise.all([codeOf(act(app, one, two)), codeOf(act(app, two, one))]);
      assert.equal(codes.filter((code) => code === "ok").length, 1, codes.join());
      assert.equal(activeAdmins(app), 1);
      setStatus(app, viewer.id, "ACTIVE");
      for (const { id } of [one, two]) await app.graphql(DELETE, { id }, app.token);
    }
  });
}

Deno.test("users() filters, searches and pages both ways, and counts all", async () => {
  await using app = await startApp();
  const people: Person[] = [];
  for (const role of ["DEVELOPER", "VIEWER", "DEVELOPER", "VIEWER", "DEVELOPER"] as const) {
    people.push(await addPerson(app, role));
  }
  const rename = (person: Person | undefined, name: string) =>
    app.ask(UPDATE, { input: { id: person?.id, name } }, app.token);
  await rename(people[0], "ÉLODIE 100%");
  await rename(people[1], "Élodie Straße");
  const list = async (variables: Data) => (await app.ask(USERS, variables, app.token)).users;
  const emails = async (variables: Data) => (await list(variables)).edges.map(({ node }: Data) => node.email);
  const newest = [...people].reverse().map(({ email }) => email);
  assert.deepEqual(await emails({}), [...newest, ADMIN.email]);
  assert.deepEqual(await emails({ filter: { role: ["VIEWER"] } }), [newest[1], newest[3]]);
  assert.deepEqual(await emails({ filter: { role: ["ADMIN", "VIEWER"], status: ["ACTIVE"] } }), [
    newest[1],
    newest[3],
    ADMIN.email,
  ]);
  assert.deepEqual(await emails({ filter: { status: ["DISABLED"] } }), []);
  assert.deepEqual(await emails({ filter: { role: [] } }), []);
  assert.deepEqual(await emails({ search: "élodie" }), [newest[3], newest[4]]);
  assert.deepEqual(await emails({ search: "ÉLODIE", filter: { role: ["VIEWER"] } }), [newest[3]]);
  assert.deepEqual(await emails({ search: "０%" }), [newest[4]], "no pattern");
  assert.deepEqual(await emails({ search: "_" }), []);
  assert.deepEqual(await emails({ search: " ADMIN@local" }), [ADMIN.email]);
  const first = await list({ first: 2, search: "developer." });
  assert.deepEqual([first.totalCount, first.pageInfo.hasNextPage], [3, true]);
  const next = await list({ first: 2, after: first.pageInfo.endCursor, search: "developer." });
  assert.deepEqual(next.edges.map(({ node }: Data) => node.email), [newest[4]]);
  assert.equal(next.pageInfo.hasNextPage, false);
  const last = await list({ last: 2, before: next.pageInfo.startCursor, search: "developer." });
  assert.deepEqual(last.edges, first.edges);
  for (const wrong of [{ first: 0 }, { first: 101 }, { last: -1 }, { first: 1, last: 1 }, { after: "nonsense" }]) {
    assert.equal(await codeOf(app.graphql(USERS, wrong, app.token)), "INVALID_INPUT", JSON.stringify(wrong));
  }
});

function setStatus(app: RunningApp, id: string, status: string): void {
  write(app, (database) => database.prepare("UPDATE users SET status = ? WHERE id = ?").run(status, uuidOf(id)));
}

function activeAdmins(app: RunningApp): unknown {
  const query = "SELECT count(*) AS count FROM users WHERE role = 'ADMIN' AND status = 'ACTIVE'";
  return write(app, (database) => database.prepare(query).get()?.["count"]);
}
