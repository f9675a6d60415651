import assert from "node:assert/strict";
import { parse } from "node-html-parser";
import { captureInput, createProject } from "./support/captures.ts";
import { write } from "./support/people.ts";
import { ADMIN, startApp } from "./support/running_app.ts";
import { securityEvents } from "./support/security_events.ts";
import { runTask } from "./support/tasks.ts";

const TABLES = [
  "users",
  "projects",
  "project_members",
  "elements",
  "element_comments",
  "element_events",
  "demo_rows",
  "app_config",
  "rate_limits",
];

const counts = (dataDir: string) =>
  write(
    { dataDir },
    (database) => TABLES.map((table) => Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.["n"])),
  );

async function withFolder(work: (dataDir: string) => Promise<void>): Promise<void> {
  const parent = await Deno.makeTempDir({ prefix: "fingerpost_seeds_" });
  try {
    await work(`${parent}/data`);
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
}

Deno.test("db:seed gives an empty instance its defaults, changes none that is there, and says so", async () => {
  await withFolder(async (dataDir) => {
    assert.match((await runTask("db:seed", [], dataDir)).stderr, /^0 rate limits and 4 settings added\n$/);
    write({ dataDir }, (database) => {
      database.exec(
        "DELETE FROM rate_limits WHERE action = 'mcp'; UPDATE rate_limits SET max_count = 7 WHERE action = 'socket'",
      );
      database.exec(`UPDATE app_config SET value = '"Ours"' WHERE key = 'instance.name'`);
    });
    assert.match((await runTask("db:seed", [], dataDir)).stderr, /^1 rate limits and 0 settings added\n$/);
    write({ dataDir }, (database) => {
      const rule = (action: string) =>
        database.prepare("SELECT max_count AS n FROM rate_limits WHERE action = ?").get(action)?.["n"];
      assert.deepEqual([rule("mcp"), rule("socket")], [600, 7]);
      assert.equal(
        database.prepare("SELECT value FROM app_config WHERE key = 'instance.name'").get()?.["value"],
        `"Ours"`,
      );
    });
  });
});

Deno.test("db:seed --demo makes a team that can sign in, once, and --clear removes it and nothing else", async () => {
  await withFolder(async (dataDir) => {
    await (await startApp({ dataDir })).stop();
    assert.equal((await runTask("db:seed", [], dataDir)).code, 0);
    const before = counts(dataDir);
    const startedAt = performance.now();
    const { code, stdout, stderr } = await runTask("db:seed", ["--demo"], dataDir);
    assert.equal(code, 0, stderr);
    assert.ok(performance.now() - startedAt < 20_000);
    const passwords = new Map(stdout.trim().split("\n").map((line) => line.split(/\s+/) as [string, string]));
    assert.equal(passwords.size, 6);
    assert.equal(new Set(passwords.values()).size, 6);
    const seeded = counts(dataDir);
    const again = await runTask("db:seed", ["--demo"], dataDir);
    assert.deepEqual([again.code, again.stdout, counts(dataDir)], [0, "", seeded]);
    assert.match(again.stderr, /\n0 users, 0 projects and 0 elements added\n$/);
    await using app = await startApp({ dataDir });
    const token = await app.signIn("tom@demo.example", passwords.get("tom@demo.example"));
    const { projects, elements } = await app.ask(
      `{ projects { totalCount edges { node { name members { role } } } }
         elements(first: 100) { totalCount edges { node { selector pageUrl html note status createdAt comments { body } component { file line } } } } }`,
      {},
      token,
    );
    assert.equal(projects.totalCount, 3);
    assert.ok(elements.totalCount >= 300);
    const times = elements.edges.map((edge: { node: { createdAt: string } }) => edge.node.createdAt);
    assert.deepEqual(times, times.toSorted().toReversed(), "newest first");
    const search = await app.ask(`{ elements(search: "basket contrast") { totalCount } }`, {}, token);
    assert.ok(search.elements.totalCount > 0);
    // A real element in a demo project is not lost silently.
    const mine = await createProject(app, await app.signIn());
    await app.stop();
    write({ dataDir }, (database) => {
      const [admin] = database.prepare("SELECT id FROM users WHERE email = ?").all(ADMIN.email);
      database.prepare("UPDATE elements SET captured_by = ? WHERE id = (SELECT min(id) FROM elements)").run(
        String(admin?.["id"]),
      );
    });
    const cleared = await runTask("db:seed", ["--clear"], dataDir);
    assert.match(
      cleared.stderr,
      /1 elements in the demo's projects were captured by others; they are in the backup .*before-change-.*\.tar\n/,
    );
    const after = counts(dataDir);
    assert.deepEqual(
      after,
      before.map((count, index) => count + (["projects", "project_members"].includes(TABLES[index] ?? "") ? 1 : 0)),
    );
    assert.ok(mine.length > 0);
    const gone = ["project.deleted", "user.deleted"].map((kind) => securityEvents({ dataDir }, kind).length);
    assert.deepEqual(gone, [3, 6], "each that went is in the audit log");
    assert.equal((await runTask("db:seed", ["--clear"], dataDir)).code, 0);
    assert.deepEqual(counts(dataDir), after);
    assert.match(
      (await runTask("db:seed", ["--demo"], dataDir)).stderr,
      /6 users, 3 projects and \d{3} elements added/,
    );
  });
});

Deno.test("each selector of the demo finds exactly its element in the demo page", async () => {
  const { makeDemoSeed } = await import("../src/app/seed_demo.ts");
  const page = parse(await Deno.readTextFile(new URL("../seeds/demo_page.html", import.meta.url)));
  const { elements = [] } = await makeDemoSeed(Date.now());
  for (const { selector, html } of elements) {
    const found = page.querySelectorAll(selector);
    assert.deepEqual(found.map((element) => element.outerHTML), [html], selector);
  }
});

Deno.test("db:seed --file adds people, projects and elements once; faults are refused as a whole, each with its path", async () => {
  await withFolder(async (dataDir) => {
    const file = `${dataDir}-seed.json`;
    const seed = (text: unknown) => {
      Deno.writeTextFileSync(file, typeof text === "string" ? text : JSON.stringify(text));
      return runTask("db:seed", ["--file", file], dataDir);
    };
    const element = {
      ...captureInput({ note: "from a file" }),
      clientId: crypto.randomUUID(),
      project: "Site",
      capturedBy: "ada@example.org",
      status: "RESOLVED",
      comments: [{ author: "bob@example.org", body: "Fine" }],
    };
    const sound = {
      users: [
        { email: "ada@example.org", name: "Ada", role: "DEVELOPER", password: "analytical engine" },
        { email: "bob@example.org", name: "Bob", role: "VIEWER" },
      ],
      projects: [{ name: "Site", owner: "ada@example.org", members: [{ email: "bob@example.org", role: "VIEWER" }] }],
      elements: [element],
    };
    const first = await seed(sound);
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stdout, /^bob@example\.org +\S{24}\n$/, "no password that the file gave is shown");
    const stored = counts(dataDir);
    assert.equal((await seed(sound)).code, 0);
    assert.deepEqual(counts(dataDir), stored);
    const faulty = await seed({
      users: [{ email: "no address", name: "", role: "ROOT", password: "short", admin: true }],
      projects: [{ name: "Site", owner: "nobody@example.org" }, { name: "Site", owner: "ada@example.org" }],
      elements: [{ ...element, box: { x: 0, y: 0, width: "wide", height: 1 }, selector: "" }],
    });
    assert.equal(faulty.code, 2);
    for (
      const path of [
        "users[0].email",
        "users[0].name",
        "users[0].role",
        "users[0].password",
        "users[0]",
        "elements[0].box.width",
        "elements[0].selector",
      ]
    ) {
      assert.ok(faulty.stderr.includes(`\n  ${path}: `), `${path} in ${faulty.stderr}`);
    }
    const broken = await seed({
      users: [{ email: "eva@example.org", name: "Eva", role: "VIEWER", password: "1q2w3e4r5t6y" }],
      projects: [{ name: "Site", owner: "nobody@example.org" }, { name: "Site", owner: "ada@example.org" }],
      elements: [{ ...element, project: "Other", comments: [{ author: "eve@example.org", body: "x" }] }],
    });
    assert.equal(broken.code, 2);
    assert.deepEqual(broken.stderr.split("\n").filter((line) => line.startsWith("  ")), [
      `  projects[1].name: the seed has another project of this name`,
      `  users[0].password: is a common one`,
      `  projects[0].owner: there is no user "nobody@example.org"`,
      `  elements[0].project: the seed has no project "Other"`,
      `  elements[0].comments[0].author: there is no user "eve@example.org"`,
    ]);
    const image = { mimeType: "image/png", base64: "AAAA" };
    const twice = await seed({
      users: [...sound.users, { email: "ＡDA@example.org", name: "Ada again", role: "ADMIN" }],
      projects: [{
        ...sound.projects[0],
        members: ["bob@example.org", "BOB@example.org"].map((email) => ({ email, role: "VIEWER" })),
      }],
      elements: [element, { ...element, clientId: element.clientId.toUpperCase(), screenshot: image }],
    });
    assert.equal(twice.code, 2);
    assert.deepEqual(twice.stderr.split("\n").filter((line) => line.startsWith("  ")), [
      "  users[2].email: the seed has another user with this address",
      "  projects[0].members[1].email: the seed has another such member",
      "  elements[1].clientId: the seed has another element with this id",
      "  elements[1].screenshot: Cannot take the screenshot: it is not the image/png that it claims to be",
    ]);
    const early = await seed({ users: [{ ...sound.users[0], createdAt: "1969-12-31T23:59:59Z" }] });
    assert.match(early.stderr, /\n {2}users\[0\]\.createdAt: must not be before 1970\n$/);
    for (const text of ["{", "[]", "null", `{"unknown": 1}`]) assert.equal((await seed(text)).code, 2, text);
    assert.equal((await runTask("db:seed", ["--file", `${dataDir}/nothing.json`], dataDir)).code, 2);
    assert.deepEqual(counts(dataDir), stored, "nothing of what was refused is there");
  });
});

Deno.test("db:seed refuses a running server, pending migrations and wrong usage", async () => {
  await using app = await startApp();
  assert.match((await runTask("db:seed", ["--demo"], app.dataDir)).stderr, /another server has it open/);
  await app.stop();
  assert.equal((await runTask("db:seed", ["--demo", "--clear"], app.dataDir)).code, 2);
  assert.equal((await runTask("db:seed", ["--dmeo"], app.dataDir)).code, 2);
  assert.equal((await runTask("db:rollback", ["--allow-destructive"], app.dataDir)).code, 0);
  const { code, stderr } = await runTask("db:seed", [], app.dataDir);
  assert.deepEqual([code, /run `deno task db:migrate` first/.test(stderr)], [1, true]);
});
