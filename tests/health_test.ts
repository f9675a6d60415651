import assert from "node:assert/strict";
import { startApp } from "./support/running_app.ts";

Deno.test("the health paths answer without credentials and tell no details", async () => {
  await using app = await startApp();
  const ask = async (path: string) => {
    const response = await fetch(`${app.url}${path}`);
    return [response.status, await response.json()];
  };
  assert.deepEqual(await ask("/health/live"), [200, { status: "ok", checks: {} }]);
  assert.deepEqual(await ask("/health/ready"), [200, { status: "ok", checks: { database: "ok", kv: "ok" } }]);
});
