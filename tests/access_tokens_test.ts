import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { CAPTURE, capture, captureInput, createAccessToken, createProject } from "./support/captures.ts";
import { movableClock } from "./support/movable_clock.ts";
import { addPerson, setMember, write } from "./support/people.ts";
import { type Data, type RunningApp, startApp } from "./support/running_app.ts";

const ALL_SCOPES = ["ELEMENTS_READ", "ELEMENTS_WRITE", "SIGNALS", "LIVE_COMMANDS", "AUDIT_READ"];
const TOKENS = `{ viewer { accessTokens { id name prefix scopes lastUsedAt expiresAt createdAt project { id } } } }`;
const CREATE = `mutation ($input: CreateAccessTokenInput!) { createAccessToken(input: $input) { token } }`;
const UPDATE = `mutation ($input: UpdateUserInput!) { updateUser(input: $input) { id } }`;
const ELEMENT = `query ($id: ID!) { element(id: $id) { id } }`;

async function codeOf(app: RunningApp, token: string, query = `{ viewer { id } }`, variables = {}): Promise<string> {
  return (await app.graphql(query, variables, token)).errors?.[0]?.extensions.code ?? "ok";
}

async function listed(app: RunningApp, token: string): Promise<Data[]> {
  return (await app.ask(TOKENS, {}, token)).viewer.accessTokens;
}

Deno.test("an access token is fp_, 256 random bits and a checksum, and is stored as its SHA-256 alone", async () => {
  await using app = await startApp();
  const tokens = await Promise.all(
    Array.from({ length: 10 }, () => createAccessToken(app, app.token, { scopes: ["ELEMENTS_READ"] })),
  );
  for (const token of tokens) {
    const [, random = "", checksum] = /^fp_([\w-]{43})([0-9a-f]{8})$/.exec(token) ?? [];
    assert.equal(Uint8Array.fromBase64(random, { alphabet: "base64url" }).length, 32);
    assert.equal(crc32(random).toString(16).padStart(8, "0"), checksum);
  }
  assert.equal(new Set(tokens).size, tokens.length);
  const rows = write(app, (database) => database.prepare("SELECT * FROM access_tokens").all());
  const hashes = rows.map((row) => (row["token_hash"] as Uint8Array).toHex());
  assert.deepEqual(hashes.sort(), tokens.map((token) => createHash("sha256").update(token).digest("hex")).sort());
  const stored = JSON.stringify(rows);
  for (const token of tokens) assert.ok(!stored.includes(token.slice(9)), "its prefix is all that is seen of it");
  assert.deepEqual(
    (await listed(app, app.token)).map(({ prefix }) => prefix).sort(),
    tokens.map((token) => token.slice(0, 9)).sort(),
  );
});

Deno.test("a mistyped access token is told so, and a well-formed one that nobody holds is not", async () => {
  await using app = await startApp();
  const token = await createAccessToken(app, app.token, { scopes: ["ELEMENTS_READ"] });
  const ask = async (text: string) => {
    const response = await fetch(`${app.url}/graphql?query={viewer{id}}`, {
      headers: { authorization: `Bearer ${text}` },
    });
    const { errors: [error] } = await response.json();
    return [response.status, error.extensions.code, /mistyped/.test(error.message)];
  };
  const other = token.at(20) === "a" ? "b" : "a";
  const swapped = token.slice(0, 10) + token[11] + token[10] + token.slice(12);
  const mistyped = [
    token.slice(0, 20) + other + token.slice(21),
    token.slice(0, -1),
    `${token}0`,
    "fp_",
    "fp_x",
    token.toUpperCase().replace("FP_", "fp_"),
  ];
  if (swapped !== token) mistyped.push(swapped);
  for (const text of mistyped) assert.deepEqual(await ask(text), [401, "UNAUTHENTICATED", true], text);
  const random = "A".repeat(43);
  const unknown = `fp_${random}${crc32(random).toString(16).padStart(8, "0")}`;
  for (const text of [unknown, "x".repeat(43)]) {
    assert.deepEqual(await ask(text), [401, "UNAUTHENTICATED", false], text);
  }
});

Deno.test("of sixty access tokens made at once fifty are", async () => {
  await using app = await startApp();
  const input = { name: "x", scopes: ["ELEMENTS_READ"] };
  const codes = await Promise.all(Array.from({ length: 60 }, () => codeOf(app, app.token, CREATE, { input })));
  const counts = Object.groupBy(codes, (code) => code);
  assert.deepEqual([counts["ok"]?.length, counts["CONFLICT"]?.length], [50, 10]);
  const [first] = await listed(app, app.token);
  await app.ask(`mutation ($id: ID!) { revokeAccessToken(id: $id) }`, { id: first.id }, app.token);
  assert.equal(await codeOf(app, app.token, CREATE, { input }), "ok", "in the place of a revoked one");
});

Deno.test("an access token's last use is written at most once a minute", async () => {
  const clock = movableClock();
  await using app = await startApp({ clock });
  const token = await createAccessToken(app, app.token, { scopes: ["ELEMENTS_READ"] });
  const lastUsedAt = async () => (await listed(app, app.token))[0].lastUsedAt;
  assert.equal(await lastUsedAt(), null);
  await Promise.all(Array.from({ length: 20 }, () => codeOf(app, token)));
  const first = await lastUsedAt();
  assert.ok(Math.abs(Date.parse(first) - clock.now()) < 10_000);
  clock.advance(45_000);
  await codeOf(app, token);
  assert.equal(await lastUsedAt(), first);
  clock.advance(16_000);
  await codeOf(app, token);
  assert.ok(Date.parse(await lastUsedAt()) - Date.parse(first) >= 60_000);
});

Deno.test("an access token does at most what its owner may at that moment", async () => {
  await using app = await startApp();
  const [owner, person] = [await addPerson(app), await addPerson(app, "ADMIN")];
  const projectId = await createProject(app, owner.token);
  const elementId = await capture(app, owner.token, captureInput({ projectId }));
  const token = await createAccessToken(app, person.token, { scopes: ALL_SCOPES });
  const abilities = async () => [
    await codeOf(app, token, ELEMENT, { id: elementId }),
    await codeOf(app, token, CAPTURE, { input: captureInput({ projectId }) }),
    await codeOf(app, token, `query ($id: ID!) { project(id: $id) { id } }`, { id: projectId }),
  ];
  const update = (change: Data) => app.ask(UPDATE, { input: { id: person.id, ...change } }, app.token);
  const member = (role: "EDITOR" | "VIEWER" | null) => setMember(app, { projectId, personId: person.id, role });
  assert.deepEqual(await abilities(), ["NOT_FOUND", "FORBIDDEN", "ok"], "an admin who is no member");
  member("EDITOR");
  assert.deepEqual(await abilities(), ["ok", "ok", "ok"]);
  await update({ role: "VIEWER" });
  assert.deepEqual(await abilities(), ["ok", "FORBIDDEN", "ok"], "a viewer of the instance");
  await update({ role: "DEVELOPER" });
  member("VIEWER");
  assert.deepEqual(await abilities(), ["ok", "FORBIDDEN", "ok"], "a viewer of the project");
  member(null);
  assert.deepEqual(await abilities(), ["NOT_FOUND", "NOT_FOUND", "NOT_FOUND"]);
  await update({ status: "DISABLED" });
  assert.deepEqual(await abilities(), ["UNAUTHENTICATED", "UNAUTHENTICATED", "UNAUTHENTICATED"]);
});

Deno.test("an access token makes no other, and is good neither for accounts nor for its owner's sessions", async () => {
  await using app = await startApp();
  const token = await createAccessToken(app, app.token, { scopes: ALL_SCOPES });
  const { viewer: { id } } = await app.ask(`{ viewer { id } }`, {}, token);
  const [own] = await listed(app, app.token);
  const sessionOnly: [string, Data?][] = [
    [CREATE, { input: { name: "x", scopes: ["ELEMENTS_READ"] } }],
    [`mutation ($id: ID!) { revokeAccessToken(id: $id) }`, { id: own.id }],
    [`mutation { signOut }`],
    [`mutation { revokeOtherSessions }`],
    [`mutation ($id: ID!) { revokeUserSessions(userId: $id) }`, { id }],
    [`mutation { changePassword(input: { currentPassword: "x", newPassword: "an entirely new one" }) }`],
    [UPDATE, { input: { id, name: "Other" } }],
    [`mutation ($id: ID!) { unlockUser(id: $id) { id } }`, { id }],
    [`mutation ($id: ID!) { deleteUser(id: $id) }`, { id }],
    [`{ users { totalCount } }`],
    [`{ viewer { sessions { id } } }`],
    [TOKENS],
    [`mutation { createProject(input: { name: "x" }) { id } }`],
  ];
  for (const [query, variables] of sessionOnly) {
    assert.equal(await codeOf(app, token, query, variables), "FORBIDDEN", query);
  }
  assert.equal(await codeOf(app, token), "ok");
});

Deno.test("an access token for one project shows that one, in whatever way it is asked", async () => {
  await using app = await startApp();
  const [own, other] = [await createProject(app, app.token), await createProject(app, app.token, "Other")];
  const elementId = await capture(app, app.token, captureInput({ projectId: other }));
  const token = await createAccessToken(app, app.token, { scopes: ALL_SCOPES, projectId: own });
  const { projects, elements, node, nodes } = await app.ask(
    `query ($id: ID!, $ids: [ID!]!) { projects { totalCount edges { node { id } } } elements { totalCount }
      node(id: $id) { id } nodes(ids: $ids) { id } }`,
    { id: other, ids: [elementId, own] },
    token,
  );
  assert.deepEqual([projects, elements, node, nodes], [
    { totalCount: 1, edges: [{ node: { id: own } }] },
    { totalCount: 0 },
    null,
    [null, { id: own }],
  ]);
  const unseen = await createProject(app, (await addPerson(app)).token);
  const input = { name: "x", scopes: ["ELEMENTS_READ"], projectId: unseen };
  assert.equal(await codeOf(app, (await addPerson(app)).token, CREATE, { input }), "NOT_FOUND");
  assert.equal((await listed(app, app.token))[0].project.id, own);
});

Deno.test("the access tokens of many users come by one statement, and each sees its own alone", async () => {
  await using app = await startApp();
  const people = [await addPerson(app), await addPerson(app), await addPerson(app)];
  for (const { token } of people.slice(1)) await createAccessToken(app, token, { scopes: ["ELEMENTS_READ"] });
  const query = `{ users(first: 100) { edges { node { accessTokens { id } } } } }`;
  const { users } = await app.ask(query, {}, app.token);
  assert.deepEqual(users.edges.map(({ node }: Data) => node.accessTokens.length), [1, 1, 0, 0]);
  const [own, other] = people;
  const projectId = await createProject(app, own?.token ?? "");
  setMember(app, { projectId, personId: other?.id ?? "", role: "VIEWER" });
  const members = `query ($id: ID!) { project(id: $id) { members { user { accessTokens { id } } } } }`;
  assert.equal(await codeOf(app, own?.token ?? "", members, { id: projectId }), "FORBIDDEN");
  await app.stop();
  const { statements } = JSON.parse(await Deno.readTextFile(`${app.dataDir}/statements.json`));
  const listing = statements.find(({ sql }: Data) => /FROM access_tokens WHERE user_id IN/.test(sql));
  // Two for the limit of fifty, one for the users, one for the members.
  assert.equal(listing?.count, 4);
});

Deno.test("currentToken is the token that asks, null for a session, and UNAUTHENTICATED for a guest or after its end", async () => {
  await using app = await startApp();
  const token = await createAccessToken(app, app.token, { scopes: ["SIGNALS", "ELEMENTS_READ"] });
  const query = `{ currentToken { id scopes prefix } }`;
  const { currentToken } = await app.ask(query, {}, token);
  assert.deepEqual([currentToken.scopes, token.startsWith(currentToken.prefix)], [["SIGNALS", "ELEMENTS_READ"], true]);
  assert.equal((await app.ask(query, {}, app.token)).currentToken, null);
  const code = async (credential: string | null) =>
    (await app.graphql(query, {}, credential)).errors?.[0]?.extensions.code;
  assert.equal(await code(null), "UNAUTHENTICATED");
  await app.ask(`mutation ($id: ID!) { revokeAccessToken(id: $id) }`, currentToken, app.token);
  assert.equal(await code(token), "UNAUTHENTICATED");
});
