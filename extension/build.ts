import { build } from "esbuild";
import { zipSync } from "fflate";
import { VERSION } from "../src/app/version.ts";
import { makeManifest, OLDEST, type Target, TARGETS } from "./manifest.ts";

/** A built extension's files by their path in it. */
export type Files = Map<string, Uint8Array>;

const FOLDER = new URL("./", import.meta.url).pathname;
/** What a browser loads as a script. */
const SCRIPTS: Record<Target, string[]> = {
  chromium: ["service_worker", "offscreen", "early", "content", "page_world", "popup"],
  firefox: ["background", "early", "content", "page_world", "popup"],
};
const PAGES: Record<Target, string[]> = {
  chromium: ["offscreen.html", "popup.html", "popup.css"],
  firefox: ["popup.html", "popup.css"],
};
const ICONS = [16, 32, 48, 128].map((size) => `icons/${size}.png`);
/** The first day that a zip can say. In local time, as its format has it: the same bytes in every time zone. */
const ZIP_TIME = new Date(1980, 0, 1);

/** Builds the extension for a browser. The same sources give the same bytes. */
export async function buildExtension(target: Target): Promise<Files> {
  const files: Files = new Map();
  const manifest = makeManifest(target, VERSION);
  files.set("manifest.json", new TextEncoder().encode(`${JSON.stringify(manifest, null, 2)}\n`));
  for (const { path, contents } of await bundle(target)) files.set(path, contents);
  for (const name of [...PAGES[target], ...ICONS]) files.set(name, await Deno.readFile(`${FOLDER}${name}`));
  return new Map([...files].toSorted(([one], [other]) => one < other ? -1 : 1));
}

/** Packs files as the stores take them. The same files give the same bytes. */
export function packExtension(files: Files): Uint8Array {
  return zipSync(Object.fromEntries(files), { level: 9, mtime: ZIP_TIME });
}

/** Writes a built extension into a folder, and takes away what was there. */
export async function writeExtension(files: Files, folder: string): Promise<void> {
  await removeFolder(folder);
  for (const [path, bytes] of files) {
    const place = `${folder}/${path}`;
    await Deno.mkdir(place.slice(0, place.lastIndexOf("/")), { recursive: true });
    await Deno.writeFile(place, bytes);
  }
}

async function bundle(target: Target): Promise<{ path: string; contents: Uint8Array }[]> {
  const outdir = "/out/";
  const { outputFiles } = await build({
    entryPoints: SCRIPTS[target].map((name) => `${FOLDER}${name}.ts`),
    bundle: true,
    write: false,
    format: "iife",
    target: `${target === "chromium" ? "chrome" : "firefox"}${OLDEST[target]}`,
    // Readable: stores and people look into it. Names of this machine's folders stay out of the comments.
    absWorkingDir: FOLDER,
    charset: "utf8",
    legalComments: "inline",
    outdir,
    outbase: FOLDER,
    logLevel: "warning",
  });
  return outputFiles.map(({ path, contents }) => ({ path: path.slice(path.lastIndexOf("/") + 1), contents }));
}

async function removeFolder(folder: string): Promise<void> {
  try {
    await Deno.remove(folder, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

if (import.meta.main) {
  for (const target of TARGETS) {
    const files = await buildExtension(target);
    await writeExtension(files, `${FOLDER}dist/${target}`);
    const zip = packExtension(files);
    await Deno.writeFile(`${FOLDER}dist/fingerpost-${target}-${VERSION}.zip`, zip);
    await Deno.stdout.write(
      new TextEncoder().encode(`extension/dist/${target}: ${files.size} files, ${zip.length} bytes zipped\n`),
    );
  }
  Deno.exit(0);
}
