import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createPersistedDocuments } from "../src/api/persisted_documents.ts";
import { readTrustedDocuments } from "../src/app/trusted_documents.ts";
import { systemActor } from "../src/base/actor.ts";
import { securityEvents } from "./support/security_events.ts";
import { startApp } from "./support/running_app.ts";
import { runTask } from "./support/tasks.ts";
import { type Asking, TRANSPORTS } from "./support/transports.ts";

const hashOf = (text: string) => createHash("sha256").update(text).digest("hex");
const named = (text: string, query?: string): Asking => ({
  ...(query === undefined ? {} : { query }),
  extensions: { persistedQuery: { version: 1, sha256Hash: hashOf(text) } },
});
const NOTHING = { find: () => undefined, has: () => false };
const GUEST = { kind: "guest", origin: { ipAddress: null, userAgent: null } } as const;

for (const [transport, ask] of Object.entries(TRANSPORTS)) {
  Deno.test(`automatic persisted queries over ${transport}: unknown at first, then known by their hash`, async () => {
    await using app = await startApp();
    const query = `{ viewer { role } } # ${transport}`;
    const unknown = await ask(app, named(query), app.token);
    assert.deepEqual(unknown.errors?.map(({ message, extensions }) => [message, extensions.code]), [
      ["PersistedQueryNotFound", "NOT_FOUND"],
    ]);
    assert.equal((await ask(app, named(query, query), app.token)).data.viewer.role, "ADMIN");
    assert.equal((await ask(app, named(query), app.token)).data.viewer.role, "ADMIN");
    const documentId = `sha256:${hashOf(query)}`;
    assert.equal((await ask(app, { documentId }, app.token)).data?.viewer.role, "ADMIN", "by documentId too");
    const wrong = await ask(app, named("another", query), app.token);
    assert.equal(wrong.errors?.[0]?.extensions.code, "INVALID_INPUT");
    assert.equal((await ask(app, named("another"), app.token)).errors?.[0]?.message, "PersistedQueryNotFound");
  });
}

Deno.test("who asks by an unknown hash gets status 200, so that its client reads the answer", async () => {
  await using app = await startApp();
  const response = await fetch(`${app.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(named("{ viewer { id } }")),
  });
  assert.deepEqual([response.status, (await response.json()).errors[0].message], [200, "PersistedQueryNotFound"]);
});

Deno.test("a request that names its document in no known way is INVALID_INPUT", () => {
  const { resolve } = createPersistedDocuments({ trusted: NOTHING, only: false });
  const hash = hashOf("{ a }");
  for (
    const request of [
      {},
      { query: "" },
      { extensions: { persistedQuery: { version: 2, sha256Hash: hash } } },
      { extensions: { persistedQuery: { version: 1, sha256Hash: hash.toUpperCase() } } },
      { extensions: { persistedQuery: { version: 1 } } },
      { extensions: { persistedQuery: "x" } },
      { documentId: 5 },
      { documentId: "md5:abc" },
      { documentId: "sha256:abc" },
      { documentId: "", extensions: {} },
      { documentId: `sha256:${hash}`, query: "{ a }" },
    ]
  ) {
    assert.throws(() => resolve(request, systemActor), { code: "INVALID_INPUT" }, JSON.stringify(request));
  }
});

Deno.test("the store of automatic documents is bounded, keeps what is used, and guests push out nothing of others", () => {
  const { resolve } = createPersistedDocuments({ trusted: NOTHING, only: false });
  const teach = (text: string, actor: typeof GUEST | typeof systemActor) => resolve(named(text, text), actor);
  const knows = (text: string) => {
    try {
      return resolve(named(text), GUEST).query === text;
    } catch {
      return false;
    }
  };
  teach("{ used }", systemActor);
  for (let index = 0; index < 300; index++) teach(`{ guest${index} }`, GUEST);
  assert.ok(knows("{ used }"));
  assert.deepEqual([knows("{ guest0 }"), knows("{ guest299 }")], [false, true]);
  for (let index = 0; index < 1_500; index++) {
    teach(`{ user${index} }`, systemActor);
    if (index % 100 === 0) assert.ok(knows("{ used }"), "what is asked for stays");
  }
  assert.deepEqual([knows("{ user0 }"), knows("{ user1499 }"), knows("{ guest299 }")], [false, true, true]);
  const long = (index: number) => `{ a } # ${index} ${"x".repeat(49_000)}`;
  for (let index = 0; index < 100; index++) teach(long(index), systemActor);
  assert.deepEqual([knows(long(0)), knows(long(99)), knows("{ user1499 }")], [false, true, false], "by their size too");
  teach(`{ b } # ${"x".repeat(50_000)}`, systemActor);
  assert.equal(knows(`{ b } # ${"x".repeat(50_000)}`), false, "the longest are not kept");
});

const TRUSTED = `query Me { ...Who } fragment Who on Query { viewer { role } }`;

async function withFolder(files: Record<string, string>, work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "fingerpost_documents_" });
  try {
    await Deno.mkdir(`${folder}/inner`);
    for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(`${folder}/${name}`, text);
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("where only trusted documents are run, those that deno task documents extracted are, over each transport, MCP and doctor too", async () => {
  const files = {
    "inner/me.graphql": "query Me { ...Who }",
    "who.graphql": "fragment Who on Query { viewer { role } }",
  };
  await withFolder(files, async (folder) => {
    await using first = await startApp();
    await first.stop();
    const extracted = await runTask("documents", [folder], first.dataDir);
    assert.deepEqual([extracted.code, extracted.stderr], [0, ""]);
    const manifest: Record<string, string> = JSON.parse(
      await Deno.readTextFile(`${first.dataDir}/trusted_documents.json`),
    );
    for (const [id, text] of Object.entries(manifest)) assert.equal(id, hashOf(text));
    const me = Object.values(manifest).find((text) => text.startsWith("query Me")) ?? "";
    assert.equal(me.replace(/\s+/g, " "), TRUSTED.replace(/\s+/g, " "));
    const environment = { FINGERPOST_TRUSTED_DOCUMENTS: "only" };
    await using app = await startApp({ dataDir: first.dataDir, environment });
    for (const [transport, ask] of Object.entries(TRANSPORTS)) {
      for (const request of [{ query: me }, named(me), named(me, me), { documentId: `sha256:${hashOf(me)}` }]) {
        assert.equal((await ask(app, request, first.token)).data?.viewer.role, "ADMIN", transport);
      }
      const other = `{ viewer { role } }`;
      for (const request of [{ query: other }, named(other), named(other, other), { documentId: "x" }]) {
        const { errors } = await ask(app, request, first.token);
        assert.equal(errors?.[0]?.extensions.code, "FORBIDDEN", `${transport} ${JSON.stringify(request)}`);
        assert.match(errors[0].message, /trusted/);
      }
    }
    assert.ok(securityEvents(app, "access.denied").length > 0, "the audit log tells what was tried");
    for (const folder of ["operations", "resources", "prompts"]) {
      const path = new URL(`../src/mcp/${folder}/`, import.meta.url);
      const [file] = (await Array.fromAsync(Deno.readDir(path))).filter(({ name }) => name.endsWith(".graphql"));
      const query = await Deno.readTextFile(new URL(file?.name ?? "", path));
      assert.doesNotMatch(
        JSON.stringify(await app.graphql(query, {}, first.token)),
        /trusted/,
        `${folder} of deno task mcp`,
      );
    }
    const doctor = await runTask("doctor", ["--url", app.url, "--token", first.token], first.dataDir);
    assert.match(doctor.stdout, /All legs hold/);
  });
});

Deno.test("a start without the manifest that it needs ends with 2 and names the file", async () => {
  await withFolder({}, async (folder) => {
    const environment = { FINGERPOST_PORT: "0", FINGERPOST_TRUSTED_DOCUMENTS: "only" };
    const { code, stderr } = await runTask("start", [], folder, environment);
    assert.equal(code, 2);
    assert.match(stderr, /^Cannot use the trusted documents in ".*trusted_documents\.json": it is not there.*\n$/);
  });
});

Deno.test("a broken manifest is refused by its name in every mode, and Relay's and Apollo's are read", async () => {
  await withFolder({}, async (folder) => {
    const path = `${folder}/manifest.json`;
    const read = async (text: string) => {
      await Deno.writeTextFile(path, text);
      return await readTrustedDocuments(path, { isNeeded: false });
    };
    for (const broken of ["{", "[]", `{"${hashOf("{ a }")}": "{ b }"}`, `{"format": "other", "version": 1}`]) {
      await assert.rejects(read(broken), {
        code: "INVALID_INPUT",
        message: /trusted documents in ".*manifest\.json": /,
      });
    }
    const operations = [{ id: "my-id", name: "A", type: "query", body: "{ a }" }];
    const apollo = { format: "apollo-persisted-query-manifest", version: 1, operations };
    for (const manifest of [{ "my-id": "{ a }" }, apollo]) {
      const trusted = await read(JSON.stringify(manifest));
      assert.deepEqual([trusted.find("my-id"), trusted.find(hashOf("{ a }"))], ["{ a }", "{ a }"]);
      assert.deepEqual([trusted.has("{ a }"), trusted.has("{ b }"), trusted.find("b")], [true, false, undefined]);
    }
    assert.equal((await readTrustedDocuments(`${folder}/none.json`, { isNeeded: false })).has("{ a }"), false);
  });
});

Deno.test("deno task documents refuses with 2 what has no name, is there twice or does not fit the schema, and names it", async () => {
  const refused: [Record<string, string>, RegExp][] = [
    [{ "a.graphql": "{ viewer { id } }" }, /a\.graphql": an operation has no name/],
    [
      { "a.graphql": "query A { viewer { id } }", "b.gql": "query A { viewer { id } }" },
      /b\.gql": the name "A" is there twice/,
    ],
    [{ "a.graphql": "query A { nobody { id } }" }, /the operation "A": Cannot query field "nobody"/],
    [{ "a.graphql": "query A { ...F }" }, /the operation "A": Unknown fragment "F"/],
    [{ "a.graphql": "query A {" }, /a\.graphql": Syntax Error/],
  ];
  for (const [files, told] of refused) {
    await withFolder(files, async (folder) => {
      const { code, stderr } = await runTask("documents", [folder, "--out", `${folder}/out.json`], folder);
      assert.equal(code, 2, stderr);
      assert.match(stderr, told);
    });
  }
});
