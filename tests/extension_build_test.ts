import assert from "node:assert/strict";
import { buildExtension, packExtension, writeExtension } from "../extension/build.ts";
import { makeManifest, REASONS, type Target, TARGETS } from "../extension/manifest.ts";

const ROOT = new URL("../", import.meta.url).pathname;
// It is large, so it has a configuration and a lock file of its own: nobody who only starts the server loads it.
const WEB_EXT = new URL("web_ext/deno.json", import.meta.url).pathname;

interface Finding {
  file: string;
  message: string;
}

/** Built once, outside of any test: esbuild keeps a process. */
const built = new Map<Target, [Map<string, Uint8Array>, Map<string, Uint8Array>]>();
for (const target of TARGETS) built.set(target, [await buildExtension(target), await buildExtension(target)]);

function filesOf(target: Target): Map<string, Uint8Array> {
  const [files] = built.get(target) ?? [];
  if (files === undefined) throw new Error(`${target} was not built`);
  return files;
}

for (const target of TARGETS) {
  Deno.test(`the extension for ${target} is the same bytes twice, and names no folder of the machine`, () => {
    const [one, other] = built.get(target)?.map(packExtension) ?? [];
    assert.ok(one !== undefined && other !== undefined && one.length > 10_000);
    assert.deepEqual(one, other);
    for (const [path, bytes] of filesOf(target)) {
      assert.ok(!new TextDecoder().decode(bytes).includes(ROOT.slice(0, -1)), `${path} names the project's folder`);
    }
  });

  Deno.test(`the manifest for ${target} names files that are there, and no permission without a reason`, () => {
    const files = filesOf(target);
    const manifest = JSON.stringify(makeManifest(target, "1.0"));
    for (const [, path = ""] of manifest.matchAll(/"([\w./]+\.(?:js|html|png))"/g)) assert.ok(files.has(path), path);
    for (const permission of permissionsOf(target)) assert.ok(REASONS[permission], `${permission} has no reason`);
    for (const page of ["popup.html", ...target === "chromium" ? ["offscreen.html"] : []]) {
      const text = new TextDecoder().decode(files.get(page));
      for (const [, path = ""] of text.matchAll(/(?:src|href)="([^"]+)"/g)) assert.ok(files.has(path), path);
    }
  });
}

Deno.test("docs/extension.md gives each permission with its reason", async () => {
  const text = await Deno.readTextFile(`${ROOT}docs/extension.md`);
  const asked = new Set(TARGETS.flatMap(permissionsOf));
  assert.deepEqual(Object.keys(REASONS).toSorted(), [...asked].toSorted());
  for (const [permission, reason] of Object.entries(REASONS)) {
    assert.ok(
      text.includes(`| \`${permission}\` | ${reason} |`),
      `docs/extension.md: | \`${permission}\` | ${reason} |`,
    );
  }
});

Deno.test("web-ext finds nothing in the extension for Firefox but what is known to be harmless", async () => {
  const folder = await Deno.makeTempDir({ prefix: "fingerpost_web_ext_" });
  try {
    await writeExtension(filesOf("firefox"), folder);
    assert.deepEqual(await lint(folder), []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

function permissionsOf(target: Target): string[] {
  const { permissions, host_permissions, optional_host_permissions } = makeManifest(target, "1.0");
  return [permissions, host_permissions, optional_host_permissions].flat().map(String);
}

async function lint(folder: string): Promise<string[]> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--allow-all", "--config", WEB_EXT, "npm:web-ext@10.7.0", "lint", "--source-dir", folder],
      ...["--boring", "--output", "json", "--no-config-discovery", "--no-input"],
    ],
    env: { NO_COLOR: "1" },
  }).output();
  const [text, faults] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (!text?.startsWith("{")) throw new Error(faults);
  const { errors, warnings }: Record<string, Finding[]> = JSON.parse(text);
  return [...errors ?? [], ...warnings ?? []].map(({ file, message }) => `${file}: ${message}`);
}
