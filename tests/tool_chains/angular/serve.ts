import { performCompilation, readConfiguration } from "@angular/compiler-cli";
import { buildSync, stop } from "esbuild";

// Angular's compiler in its development mode, bundled by esbuild as Angular's command line does: `serve.ts angular=/path/of/app`. Says its
// address, then serves until it is ended.
const [name, root = ""] = (Deno.args[0] ?? "").split("=");
const { rootNames, options } = readConfiguration(`${root}/tsconfig.json`);
const { diagnostics } = performCompilation({ rootNames, options });
if (diagnostics.length > 0) throw new Error(diagnostics.map(({ messageText }) => messageText).join("\n"));
const bundle = (folder: string) =>
  buildSync({ entryPoints: [`${root}/out/${folder}src/main.js`], bundle: true, write: false, format: "esm" })
    .outputFiles[0]?.contents ?? null;
const bundles: Record<string, BodyInit | null> = { "/main.js": bundle(""), "/truth/main.js": bundle("truth/") };
await stop();

const PAGE = `<!doctype html><title>Shop</title><shop-app></shop-app><script type="module" src="./main.js"></script>`;
const onListen = ({ port }: { port: number }) => console.log(`${name} http://127.0.0.1:${port}/\nready`);
Deno.serve({ hostname: "127.0.0.1", port: 0, onListen }, (request) => {
  const script = bundles[new URL(request.url).pathname];
  return script
    ? new Response(script, { headers: { "content-type": "text/javascript" } })
    : new Response(PAGE, { headers: { "content-type": "text/html" } });
});
