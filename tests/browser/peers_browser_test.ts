import assert from "node:assert/strict";
import { browserTest } from "../support/browser.ts";
import { createProject } from "../support/captures.ts";
import { openFingerpostPage, openSite } from "../support/fingerpost_page.ts";
import { type Data, startApp } from "../support/running_app.ts";

const PAGES = `query ($projectId: ID!) { livePages(projectId: $projectId) { id url title peerId } }`;
const ELEMENT = `query ($id: ID!) { element(id: $id) { live html pageId } }`;

browserTest(
  "a page in Chromium connects to the server's peer, captures, is live, and is gone when it closes",
  async (page) => {
    await using app = await startApp();
    await using site = openSite();
    const projectId = await createProject(app, app.token);
    const client = await openFingerpostPage(page, { site: site.url, app, projectId, pageId: "tab-1" });
    await client.state("webrtc");
    const html = `<ul>${"<li>é 💾</li>".repeat(100_000)}</ul>`;
    const [{ elementId: id, revision }] = await client.run(`(it, given) => it.captureAll(given)`, {
      name: "c",
      count: 1,
      html,
    });
    assert.equal(revision, 1);
    const element = async (): Promise<Data> => (await app.ask(ELEMENT, { id }, app.token)).element;
    assert.deepEqual(await element(), { live: true, html, pageId: "tab-1" });
    const peerId = await client.run(`(it) => it.client.self().id`);
    assert.deepEqual((await app.ask(PAGES, { projectId }, app.token)).livePages, [
      { id: "tab-1", url: site.url, title: "Shop", peerId },
    ]);

    await client.run(`(it) => it.client.close()`);
    const end = performance.now() + 5_000;
    while ((await app.ask(PAGES, { projectId }, app.token)).livePages.length > 0) {
      assert.ok(performance.now() < end, "the page is still live");
    }
    assert.equal((await element()).live, false);
  },
);
