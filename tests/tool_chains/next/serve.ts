import { createServer } from "node:http";
import next from "next";

// Next.js's development server with Turbopack: `serve.ts next=/path/of/app`. Says its address when its pages are compiled, then serves until
// it is ended.
const [name, dir] = (Deno.args[0] ?? "").split("=");
const app = next({ dev: true, dir, turbopack: true, hostname: "127.0.0.1", quiet: true });
await app.prepare();
const server = createServer(app.getRequestHandler());
server.on("upgrade", app.getUpgradeHandler());
server.listen(0, "127.0.0.1", async () => {
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/`;
  for (const path of ["", "truth"]) await (await fetch(url + path)).text();
  console.log(`${name} ${url}\nready`);
});
