import { build } from "esbuild";

const ROOT = new URL("..", import.meta.url).pathname;
/** What every browser of the last years runs: `Safari` 16.4, of March 2023, is the oldest that has all of it. */
const TARGETS = ["chrome111", "firefox111", "safari16.4"];

/** The page script as one file; the same bytes from the same sources, wherever the folder lies. */
export async function bundlePointerScript(): Promise<string> {
  const { outputFiles: [file] } = await build({
    absWorkingDir: ROOT,
    entryPoints: ["clients/page_script/pointer_script.ts"],
    bundle: true,
    write: false,
    format: "iife",
    minify: true,
    charset: "utf8",
    target: TARGETS,
    // Licences of what is bundled stay with it.
    legalComments: "eof",
    banner: { js: "/*! Fingerpost's page script, MIT licence: see docs/pairing.md */" },
    tsconfigRaw: "{}",
  });
  return file?.text ?? "";
}

if (import.meta.main) {
  await Deno.writeTextFile(`${ROOT}clients/dist/pointer.js`, await bundlePointerScript());
  // esbuild keeps a process for the next time.
  Deno.exit(0);
}
