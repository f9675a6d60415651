import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { bundlePointerScript } from "../clients/bundle.ts";
import { startApp } from "./support/running_app.ts";

const COMMITTED = new URL("../clients/dist/pointer.js", import.meta.url);
/** Bundled outside of any test: esbuild keeps a process for the next time. */
const BUNDLED = await bundlePointerScript();

/** Copies what is bundled to another folder and bundles it there. */
async function bundleElsewhere(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "fingerpost_bundle_" });
  try {
    const root = new URL("..", import.meta.url).pathname;
    const run = async (command: string, args: string[], cwd: string) => {
      const { success, stderr } = await new Deno.Command(command, { args, cwd }).output();
      assert.ok(success, new TextDecoder().decode(stderr));
    };
    await run("cp", ["-r", "clients", "extension", "deno.json", "deno.lock", folder], root);
    await Deno.remove(`${folder}/clients/dist/pointer.js`);
    await Deno.symlink(`${root}node_modules`, `${folder}/node_modules`);
    await run(Deno.execPath(), ["run", "-A", "--node-modules-dir=manual", "clients/bundle.ts"], folder);
    return await Deno.readTextFile(`${folder}/clients/dist/pointer.js`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the committed page script is what its sources make: deno task pointer writes it anew", async () => {
  const [committed, bundled] = [await Deno.readTextFile(COMMITTED), BUNDLED];
  assert.ok(committed === bundled, "deno task pointer");
  assert.ok(!committed.includes(Deno.cwd()), "no path of the machine is in it");
});

Deno.test("any site's page may load the page script, asks for it anew, and is told when it has it already", async () => {
  await using app = await startApp();
  const ask = async (headers: Record<string, string> = {}, method = "GET") => {
    const response = await fetch(`${app.url}/pointer.js`, { method, headers });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  const { status, headers, text } = await ask({ origin: "https://anywhere.example" });
  assert.deepEqual([status, text.length], [200, (await Deno.readTextFile(COMMITTED)).length]);
  const etag = `"${createHash("sha256").update(text).digest("base64url")}"`;
  const expected = {
    "content-type": "text/javascript; charset=utf-8",
    "cache-control": "no-cache",
    "cross-origin-resource-policy": "cross-origin",
    "access-control-allow-origin": "*",
    "x-content-type-options": "nosniff",
    etag,
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(headers.get(name), value, name);
  for (const known of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
    const again = await ask({ "if-none-match": known });
    assert.deepEqual([again.status, again.text, again.headers.get("etag")], [304, "", etag], known);
  }
  assert.equal((await ask({ "if-none-match": `"other"` })).status, 200);
  assert.deepEqual([(await ask({}, "HEAD")).text, (await ask({}, "POST")).status], ["", 405]);
});

Deno.test("the page script is served on loopback alone, unless the setting says otherwise", async () => {
  const statusOf = async (environment: Record<string, string>) => {
    await using app = await startApp({ environment });
    const response = await fetch(`${app.url.replace("0.0.0.0", "127.0.0.1")}/pointer.js`);
    await response.body?.cancel();
    return response.status;
  };
  assert.equal(await statusOf({}), 200);
  assert.equal(await statusOf({ FINGERPOST_POINTER_SCRIPT: "off" }), 404);
  assert.equal(await statusOf({ FINGERPOST_HOST: "0.0.0.0" }), 404);
  assert.equal(await statusOf({ FINGERPOST_HOST: "0.0.0.0", FINGERPOST_POINTER_SCRIPT: "on" }), 200);
});

Deno.test("the same sources in another folder make the same bytes", async () => {
  assert.ok(await bundleElsewhere() === BUNDLED);
});
