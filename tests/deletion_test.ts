import assert from "node:assert/strict";
import sharp from "sharp";
import { CAPTURE, createAccessToken, createProject, fullCaptureInput } from "./support/captures.ts";
import { addPerson, setMember, write } from "./support/people.ts";
import { ADMIN, type RunningApp, startApp } from "./support/running_app.ts";

/** What the surface promises, in ms. */
const GONE_WITHIN_MS = 10_000;

const holds = (path: string, bytes: string) =>
  new TextDecoder("latin1").decode(Deno.readFileSync(path)).toLowerCase().includes(bytes);

/** Which of the markers are in the bytes of a database or of its log. */
function found(app: RunningApp, markers: string[], database: string): string[] {
  const present = new Set(Array.from(Deno.readDirSync(app.dataDir), ({ name }) => name));
  const files = [database, `${database}-wal`].filter((name) => present.has(name)).map((name) =>
    `${app.dataDir}/${name}`
  );
  return markers.filter((marker) => files.some((file) => holds(file, marker)));
}

/** Waits until exactly these markers are left; fails after the time that is promised. */
async function waitFor(
  app: RunningApp,
  markers: string[],
  left: string[],
  database = "fingerpost.db",
): Promise<number> {
  const startedAt = performance.now();
  for (;;) {
    const now = found(app, markers, database);
    if (JSON.stringify(now) === JSON.stringify(left)) return performance.now() - startedAt;
    if (performance.now() - startedAt > GONE_WITHIN_MS) assert.deepEqual(now, left);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** A capture with a word of its own in each field, which words they are, and bytes of its screenshot. */
async function markedCapture() {
  const words: string[] = [];
  const word = (field: string) => {
    words.push(`q${field.toLowerCase()}${crypto.randomUUID().slice(0, 8)}q`);
    return words.at(-1) ?? "";
  };
  const noise = crypto.getRandomValues(new Uint8Array(60_000));
  const png = await sharp(noise, { raw: { width: 200, height: 100, channels: 3 } }).png().toBuffer();
  words.push(new TextDecoder("latin1").decode(png.subarray(40_000, 40_032)).toLowerCase());
  const input = fullCaptureInput({
    pageUrl: `https://a.example/${word("url")}`,
    pageTitle: word("title"),
    selector: `#${word("selector")}`,
    domId: word("dom"),
    classNames: [word("class")],
    attributes: { title: word("attribute") },
    text: `one two ${word("text")} three`,
    html: `<p>${"x".repeat(30_000)}${word("html")}</p>`,
    computedStyles: { content: word("style") },
    accessibility: { role: "button", name: word("name") },
    component: { framework: "react", name: word("component"), file: `src/${word("file")}.tsx` },
    note: word("note"),
    screenshot: { mimeType: "image/png", base64: png.toBase64() },
  });
  return { input, words };
}

Deno.test("what a deleted element held is in the bytes of neither the database nor its log within 10 s", async () => {
  await using app = await startApp();
  await createProject(app, app.token);
  const { input, words } = await markedCapture();
  const { id } = (await app.ask(CAPTURE, { input }, app.token)).captureElement;
  const [firstNote, comment] = [words.at(-1) ?? "", `qcomment${crypto.randomUUID().slice(0, 8)}q`];
  const change = `mutation ($id: ID!, $body: String!) {
    commentOnElement(input: { elementId: $id, body: $body }) { id }
    updateElement(input: { id: $id, note: "another" }) { id }
  }`;
  await app.ask(change, { id, body: comment }, app.token);
  // The changed note is gone as what is deleted is; all else is found, so the search finds what is there.
  const markers = [...words, comment];
  const kept = markers.filter((marker) => marker !== firstNote);
  await waitFor(app, markers, kept);
  await app.ask(`mutation ($id: ID!) { deleteElement(id: $id) }`, { id }, app.token);
  assert.ok(await waitFor(app, markers, []) < GONE_WITHIN_MS);
  const left = write(app, (database) => database.prepare("PRAGMA integrity_check").get());
  assert.equal(left?.["integrity_check"], "ok");
});

Deno.test("a deleted user is gone from the bytes; its captures stay, its sessions and tokens end", async () => {
  await using app = await startApp();
  const person = await addPerson(app);
  const colleague = await addPerson(app);
  const projectId = await createProject(app, person.token);
  setMember(app, { projectId, personId: colleague.id, role: "VIEWER" });
  const { id } = (await app.ask(CAPTURE, { input: fullCaptureInput({ projectId }) }, person.token)).captureElement;
  const accessToken = await createAccessToken(app, person.token, { scopes: ["ELEMENTS_READ"] });
  await waitFor(app, [person.email], [person.email]);
  await app.ask(`mutation ($id: ID!) { deleteUser(id: $id) }`, { id: person.id }, app.token);
  await waitFor(app, [person.email], []);
  for (const token of [person.token, accessToken]) {
    assert.equal((await app.graphql(`{ viewer { id } }`, {}, token)).errors?.[0]?.extensions.code, "UNAUTHENTICATED");
  }
  const { element } = await app.ask(
    `query ($id: ID!) { element(id: $id) { capturedBy { id } } }`,
    { id },
    colleague.token,
  );
  assert.equal(element.capturedBy, null);
});

Deno.test("deleteUser refuses the last admin, also where two admins delete each other at once, and access tokens", async () => {
  await using app = await startApp();
  const { viewer } = await app.ask(`{ viewer { id } }`, {}, app.token);
  const query = `mutation ($id: ID!) { deleteUser(id: $id) }`;
  const code = async (id: string, token: string) =>
    (await app.graphql(query, { id }, token)).errors?.[0]?.extensions.code;
  assert.equal(await code(viewer.id, app.token), "CONFLICT");
  const other = await addPerson(app, "ADMIN");
  const token = await createAccessToken(app, app.token, { scopes: ["AUDIT_READ"] });
  assert.equal(await code(other.id, token), "FORBIDDEN");
  const codes = await Promise.all([code(other.id, app.token), code(viewer.id, other.token)]);
  const admins = write(
    app,
    (database) => database.prepare("SELECT count(*) AS n FROM users WHERE role = 'ADMIN'").get(),
  );
  assert.equal(admins?.["n"], 1, codes.join());
});

Deno.test("what an ended session held is in the bytes of neither the key-value file nor its log within 10 s", async () => {
  await using app = await startApp();
  const person = await addPerson(app);
  const open = async (agent: string) => {
    const response = await fetch(`${app.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", "user-agent": agent },
      body: JSON.stringify({
        query: `mutation ($input: SignInInput!) { signIn(input: $input) { token } }`,
        variables: { input: { email: person.email, password: ADMIN.password } },
      }),
    });
    return (await response.json()).data.signIn.token;
  };
  const agents = ["signed-out", "revoked", "stays"].map((name) => `q${name}${crypto.randomUUID().slice(0, 8)}q`);
  const [signedOut = ""] = await Promise.all(agents.map(open));
  assert.deepEqual(found(app, agents, "kv.db"), agents);
  await app.ask(`mutation { signOut }`, {}, signedOut);
  await waitFor(app, agents, agents.slice(1), "kv.db");
  await app.ask(`mutation ($id: ID!) { deleteUser(id: $id) }`, { id: person.id }, app.token);
  // Also by a stop right after it.
  await app.stop();
  assert.deepEqual(found(app, agents, "kv.db"), []);
});
