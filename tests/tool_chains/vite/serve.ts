import { svelte } from "@sveltejs/vite-plugin-svelte";
import react from "@vitejs/plugin-react";
import vue from "@vitejs/plugin-vue";
import { createServer, type PluginOption } from "vite";
import solid from "vite-plugin-solid";

// Vite's development server as an app's own configuration starts it: `serve.ts react /path/of/app`. Says its address, then serves until it is ended.
const [framework = "", root = ""] = Deno.args;
const PLUGINS: Record<string, () => PluginOption> = { react, vue, svelte: () => svelte({ configFile: false }), solid };

const server = await createServer({
  configFile: false,
  root,
  cacheDir: `${root}/.vite`,
  logLevel: "error",
  appType: "mpa",
  server: { host: "127.0.0.1", port: 0, fs: { strict: false }, watch: null },
  plugins: [PLUGINS[framework]?.()],
});
await server.listen();
console.log(`serving ${server.resolvedUrls?.local[0]}`);
