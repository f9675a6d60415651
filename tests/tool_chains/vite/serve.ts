import { svelte } from "@sveltejs/vite-plugin-svelte";
import react from "@vitejs/plugin-react";
import vue from "@vitejs/plugin-vue";
import { createServer, type InlineConfig } from "vite";
import solid from "vite-plugin-solid";
import inspector from "vite-plugin-vue-inspector";

// Vite's development servers as apps' own configurations start them: `serve.ts react=/path/of/app vue=/path/of/another`. Says their
// addresses, then serves until it is ended.
const PACKAGES = new URL("node_modules/.deno/", import.meta.url).pathname;
const CONFIGURATIONS: Record<string, () => InlineConfig> = {
  react: () => ({ plugins: [react()] }),
  react18: () => ({ plugins: [react()], resolve: { alias: reactOf("18.3.1") } }),
  react17: () => ({ plugins: [react({ jsxRuntime: "classic" })], resolve: { alias: reactOf("17.0.2") } }),
  react16: () => ({ plugins: [react({ jsxRuntime: "classic" })], resolve: { alias: reactOf("16.14.0") } }),
  vue: () => ({ plugins: [vue()] }),
  vueinspector: () => ({ plugins: [vue(), inspector()] }),
  svelte: () => ({ plugins: [svelte({ configFile: false })] }),
  solid: () => ({ plugins: [solid()] }),
};

for (const [name, root] of Deno.args.map((argument) => argument.split("="))) {
  const server = await createServer({
    configFile: false,
    root,
    cacheDir: `${root}/.vite`,
    logLevel: "error",
    appType: "mpa",
    server: { host: "127.0.0.1", port: 0, fs: { strict: false }, watch: null },
    ...CONFIGURATIONS[name?.replace(/_.*/, "") ?? ""]?.(),
  });
  await server.listen();
  console.log(`${name} ${server.resolvedUrls?.local[0]}`);
}
console.log("ready");

// Several versions of React lie beside each other; an app has one.
function reactOf(version: string): Record<string, string> {
  return {
    "react-dom": `${PACKAGES}react-dom@${version}/node_modules/react-dom`,
    "react": `${PACKAGES}react@${version}/node_modules/react`,
  };
}
