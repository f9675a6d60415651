import { dev } from "astro";

// Astro's development server: `serve.ts astro=/path/of/app`. Says its address, then serves until it is ended.
const [name, root] = (Deno.args[0] ?? "").split("=");
const server = await dev({
  root,
  logLevel: "error",
  server: { host: "127.0.0.1", port: 0 },
  vite: { server: { fs: { strict: false }, watch: null } },
});
console.log(`${name} http://127.0.0.1:${server.address.port}/\nready`);
