import assert from "node:assert/strict";
import { dictionary } from "@zxcvbn-ts/language-common";
import { createPasswords } from "../src/users/_passwords.ts";
import { findWeakness } from "../src/users/password_policy.ts";
import { hashPasswords } from "../src/users/user_import.ts";
import { movableClock } from "./support/movable_clock.ts";
import { addPerson, write } from "./support/people.ts";
import { ADMIN, type Data, type RunningApp, startApp } from "./support/running_app.ts";
import { runTask } from "./support/tasks.ts";

const OWNER = { email: "ada.lovelace@example.org", name: "Ada Lovelace" };
const CREATE = `mutation ($input: CreateUserInput!) { createUser(input: $input) { id } }`;
const CHANGE = `mutation ($input: ChangePasswordInput!) { changePassword(input: $input) }`;
const SIGN_IN = `mutation ($input: SignInInput!) { signIn(input: $input) { token } }`;

/** A password of exactly 72 bytes in 37 characters. */
const LONGEST = `${"é".repeat(35)}xy`;

const issuesOf = async (answer: Promise<Data>) => (await answer).errors?.[0]?.extensions.issues;

function create(app: RunningApp, password: string, owner = OWNER): Promise<Data> {
  return app.graphql(CREATE, { input: { ...owner, role: "VIEWER", password } }, app.token);
}

async function signsIn(app: RunningApp, email: string, password: string): Promise<boolean> {
  return (await app.graphql(SIGN_IN, { input: { email, password } })).errors === undefined;
}

Deno.test("a password has 12 characters at least and 72 bytes at most", async () => {
  await using app = await startApp();
  const faults: [string, RegExp][] = [
    ["", /at least 12 characters/],
    ["elevenchars", /at least 12 characters/],
    ["😀".repeat(11), /at least 12 characters/],
    [`${LONGEST}z`, /at most 72 bytes/],
    ["😀".repeat(19), /at most 72 bytes/],
    ["x".repeat(100_000), /1000 characters|at most 72 bytes/],
    ["null\0inside a password", /NUL/],
    ["lone surrogate \ud800", /lone surrogate/],
  ];
  for (const [password, message] of faults) {
    const [issue] = await issuesOf(create(app, password));
    assert.deepEqual(issue.path, ["input", "password"]);
    assert.match(issue.message, message);
  }
});

Deno.test("a password of 72 bytes counts to its last byte, and neither more nor a NUL passes for it", async () => {
  await using app = await startApp();
  assert.equal((await create(app, LONGEST)).errors, undefined);
  const variants = [`${LONGEST.slice(0, -1)}z`, `${LONGEST}z`, LONGEST.slice(0, -1), `${LONGEST}\0`];
  for (const variant of variants) assert.equal(await signsIn(app, OWNER.email, variant), false, variant);
  assert.equal(await signsIn(app, OWNER.email, LONGEST), true);
  // bcrypt takes a password again and again with a NUL in between.
  assert.equal(await signsIn(app, ADMIN.email, `${ADMIN.password}\0${ADMIN.password}`), false);
});

Deno.test("there are no rules of composition", async () => {
  for (const password of ["a lowercase phrase", "            ", "ααααααααβββ1", "731946285017", "aaaaaaaaaaaab"]) {
    assert.equal(await findWeakness(password, OWNER), null, password);
  }
});

Deno.test("each of the most common passwords is refused, in whatever letters", async () => {
  const common: readonly string[] = dictionary["passwords-common"].map(String);
  assert.ok(common.length >= 10_000, String(common.length));
  for (const password of common) assert.equal(await findWeakness(password, OWNER), "is a common one", password);
  for (const password of ["1Q2w3E4r5T6y", "QWERTY123456", "ｑｗｅｒｔｙ１２３４５６", " qwerty123456 "]) {
    assert.equal(await findWeakness(password, OWNER), "is a common one", password);
  }
});

Deno.test("a password is refused that is the e-mail, the name or the product with little around it", async () => {
  const weakness = "is mostly the account's own e-mail or name, or Fingerpost's";
  const refused = [
    OWNER.email,
    "ADA.LOVELACE@EXAMPLE.ORG",
    "ada.lovelace@example.org!1",
    "ada.lovelace",
    "Ada Lovelace 1815",
    "Fingerpost2026!",
    "AdaLovelace1",
    "Ada-Lovelace-1",
    "ada_lovelace_2026",
    "A.d.a.L.o.v.e.l.a.c.e",
    "ａｄａ　ｌｏｖｅｌａｃｅ",
  ];
  for (const password of refused) assert.equal(await findWeakness(password, OWNER), weakness, password);
  const taken = ["the countess ada lovelace wrote programs", "lovely adam ace", "example.org rocks"];
  for (const password of taken) assert.equal(await findWeakness(password, OWNER), null, password);
  assert.equal(await findWeakness("an entirely new one", { email: "an@b", name: "An" }), null, "too short to tell");
});

Deno.test("createUser() and changePassword() refuse weak passwords", async () => {
  await using app = await startApp();
  const { token } = await addPerson(app);
  const change = (newPassword: string) =>
    app.graphql(CHANGE, { input: { currentPassword: ADMIN.password, newPassword } }, token);
  const [created] = await issuesOf(create(app, "1q2w3e4r5t6y"));
  const [changed] = await issuesOf(change("1q2w3e4r5t6y"));
  const [same] = await issuesOf(change(ADMIN.password));
  assert.deepEqual([created.path, changed.path], [["input", "password"], ["input", "newPassword"]]);
  assert.match(same.message, /the present one/);
  assert.equal((await change("an entirely new one")).data.changePassword, true);
});

Deno.test("a weak FINGERPOST_ADMIN_PASSWORD stops the start with one line and exit code 2", async () => {
  const weak: [string, RegExp][] = [
    ["😀".repeat(11), /^FINGERPOST_ADMIN_PASSWORD must have at least 12 characters\n$/],
    ["1q2w3e4r5t6y", /^FINGERPOST_ADMIN_PASSWORD is a common one\n$/],
    ["admin@localhost", /^FINGERPOST_ADMIN_PASSWORD is mostly the account's own e-mail or name, or Fingerpost's\n$/],
  ];
  const dataDir = await Deno.makeTempDir();
  for (const [password, line] of weak) {
    const settings = { FINGERPOST_ADMIN_PASSWORD: password, FINGERPOST_PORT: "0" };
    const { code, stdout, stderr } = await runTask("start", [], dataDir, settings);
    assert.deepEqual([code, stdout], [2, ""], password);
    assert.match(stderr, line);
  }
  await Deno.remove(dataDir, { recursive: true });
});

Deno.test("a hash of a lower cost is replaced at sign-in, and by nothing else", async () => {
  await using app = await startApp();
  const { email } = await addPerson(app);
  const old = await createPasswords(4).hash(ADMIN.password);
  write(app, (database) => database.prepare("UPDATE users SET password_hash = ? WHERE email = ?").run(old, email));
  assert.equal(await signsIn(app, email, "not the right one"), false);
  assert.equal(storedHash(app, email), old);
  assert.equal(await signsIn(app, email, ADMIN.password), true);
  const renewed = storedHash(app, email);
  assert.match(renewed, /^\$2[by]\$12\$/);
  assert.equal(await signsIn(app, email, ADMIN.password), true);
  assert.equal(storedHash(app, email), renewed, "once");
});

Deno.test("a password is good for as long as nobody changes it", async () => {
  const clock = movableClock();
  await using app = await startApp({ clock });
  clock.advance(10 * 365 * 24 * 3_600_000);
  assert.equal(await signsIn(app, ADMIN.email, ADMIN.password), true);
});

Deno.test("the queue of passwords is bounded, and works on when it was full", async () => {
  const passwords = createPasswords(4);
  const passwordHash = await passwords.hash("x");
  const atOnce = navigator.hardwareConcurrency;
  const checks = Array.from({ length: atOnce + 128 + 50 }, () => passwords.verify("x", passwordHash));
  const outcomes = await Promise.allSettled(checks);
  const refused = outcomes.filter(({ status }) => status === "rejected");
  assert.equal(refused.length, 50);
  for (const { reason } of refused as PromiseRejectedResult[]) assert.equal(reason.code, "UNAVAILABLE");
  assert.ok(outcomes.every((outcome) => outcome.status === "rejected" || outcome.value));
  assert.equal(await passwords.verify("x", passwordHash), true);
});

Deno.test("a seed's passwords are hashed however many there are, each in its place", async () => {
  const passwords = createPasswords(4);
  const texts = Array.from({ length: 300 }, (_, index) => `password ${index}`);
  let hashed = 0;
  const hashes = await hashPasswords(texts, { onHashed: () => hashed++, cost: 4 });
  assert.deepEqual([hashes.length, hashed], [300, 300]);
  for (const [index, text] of texts.entries()) assert.equal(await passwords.verify(text, hashes[index] ?? null), true);
});

Deno.test("no more passwords are hashed at once than there are cores, in the order in which they came", async () => {
  const passwords = createPasswords(10);
  const rounds = 4;
  const order: number[] = [];
  await passwords.hash("warm up");
  const startedAt = performance.now();
  let firstAt = 0;
  const count = rounds * navigator.hardwareConcurrency;
  await Promise.all(Array.from({ length: count }, async (_, index) => {
    await passwords.hash("x");
    if (order.push(index) === 1) firstAt = performance.now() - startedAt;
  }));
  // All at once would share the cores, and the first would end about when the last does.
  const allAt = performance.now() - startedAt;
  assert.ok(firstAt < allAt / 2, `the first after ${firstAt} ms, all after ${allAt} ms`);
  const cores = navigator.hardwareConcurrency;
  for (const [place, index] of order.entries()) assert.ok(Math.abs(place - index) <= cores, order.join());
});

function storedHash(app: RunningApp, email: string): string {
  const query = "SELECT password_hash AS hash FROM users WHERE email = ?";
  return write(app, (database) => String(database.prepare(query).get(email)?.["hash"]));
}
