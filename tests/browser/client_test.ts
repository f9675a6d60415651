import assert from "node:assert/strict";
import { browserTest } from "../support/browser.ts";
import { createProject } from "../support/captures.ts";
import { openFingerpostPage, openSite } from "../support/fingerpost_page.ts";
import { startApp } from "../support/running_app.ts";

browserTest("the client connects over WebRTC and its captures are stored in order", async (page) => {
  await using app = await startApp();
  await using site = openSite();
  const projectId = await createProject(app, app.token);
  const client = await openFingerpostPage(page, { site: site.url, app, projectId });
  console.log(await client.state("webrtc"));
  const html = `<ul>${"<li>é 💾</li>".repeat(10_000)}</ul>`;
  const captured = await client.run(`(it, given) => it.captureAll(given)`, { name: "c", count: 10, html });
  assert.deepEqual(captured.map(({ revision }: { revision: number }) => revision), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  console.log(await client.states());
});
