import assert from "node:assert/strict";
import { browserTest } from "../support/browser.ts";
import { startProxy } from "../support/breakable_proxy.ts";
import { createProject } from "../support/captures.ts";
import { openFingerpostPage, openSite } from "../support/fingerpost_page.ts";
import { decidePairing, pollPairing, startPairing } from "../support/pairing.ts";
import { openUdpPath } from "../support/udp_path.ts";
import { type Data, type RunningApp, startApp } from "../support/running_app.ts";

const ELEMENTS = `query ($projectId: ID!, $after: String) {
  elements(projectId: $projectId, first: 100, after: $after) { nodes: edges { node { selector } } pageInfo { hasNextPage endCursor } }
}`;
const REVOKE = `mutation ($id: ID!) { revokeAccessToken(id: $id) }`;
/** A page must be back by itself within this. */
const BACK_MS = 5_000;
/** A page must have noticed that UDP is blocked within this. */
const NOTICED_MS = 3_000;

/** The selectors of all elements, in the order of their capture. */
async function storedSelectors(app: RunningApp, projectId: string): Promise<string[]> {
  const selectors: string[] = [];
  for (let after: string | null = null;;) {
    const { elements }: Data = await app.ask(ELEMENTS, { projectId, after }, app.token);
    selectors.push(...elements.nodes.map(({ node }: Data) => node.selector));
    if (!elements.pageInfo.hasNextPage) return selectors.reverse();
    after = elements.pageInfo.endCursor;
  }
}

function namesOf(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `#${name}-${index}`);
}

browserTest(
  "pages are back within 5 s after the server restarted, and all that they captured meanwhile is stored once",
  async (page) => {
    await using stack = new AsyncDisposableStack();
    const app = stack.use(await startApp());
    const { port } = new URL(app.url);
    await using site = openSite();
    const projectId = await createProject(app, app.token);
    const pages = await Promise.all(
      [page, await page.context().newPage()].map((each, index) =>
        openFingerpostPage(each, { site: site.url, app, projectId, pageId: `tab-${index}` })
      ),
    );
    await Promise.all(pages.map((each) => each.state("webrtc")));
    const capturing = Promise.all(
      pages.map((each, index) =>
        each.run<Data[]>(`(it, given) => it.captureAll(given)`, {
          name: `page${index}`,
          count: 40,
          everyMs: 20,
          html: "x".repeat(60_000),
        })
      ),
    );
    await pages[0]?.run(`(it) => it.untilCaptured(10)`);
    await app.stop();
    await Promise.all(pages.map((each) => each.state("connecting")));
    const again = stack.use(await startApp({ dataDir: app.dataDir, environment: { FINGERPOST_PORT: port } }));
    const startedAt = performance.now();
    await Promise.all(pages.map((each) => each.state("webrtc")));
    const backMs = performance.now() - startedAt;
    assert.ok(backMs < BACK_MS, `${backMs} ms`);
    const captured = await capturing;
    const stored = await storedSelectors({ ...again, token: app.token }, projectId);
    assert.equal(stored.length, 80);
    for (const index of [0, 1]) {
      const expected = namesOf(`page${index}`, 40);
      assert.deepEqual(stored.filter((selector) => expected.includes(selector)), expected, "in order, each once");
      assert.equal(new Set(captured[index]?.map(({ elementId }) => elementId)).size, 40);
    }
  },
);

browserTest("a socket that breaks does not end the data channel", async (page) => {
  await using app = await startApp();
  await using proxy = startProxy(app);
  await using site = openSite();
  const projectId = await createProject(app, app.token);
  const client = await openFingerpostPage(page, { site: site.url, app: { ...app, url: proxy.url }, projectId });
  await client.state("webrtc");
  for (let round = 0; round < 3; round++) {
    proxy.cut();
    await client.run(`(it, given) => it.captureAll(given)`, { name: `round${round}`, count: 3 });
    await client.run(`(it, taken) => it.untilEntered(taken)`, round + 2);
  }
  assert.deepEqual((await client.states()).map(({ state }) => state), ["webrtc"]);
  assert.deepEqual((await storedSelectors(app, projectId)).length, 9);
});

browserTest(
  "a page in which UDP is blocked changes over to the WebSocket within 3 s, and back when it is not any more",
  async (page) => {
    await using app = await startApp();
    await using site = openSite();
    const projectId = await createProject(app, app.token);
    const client = await openFingerpostPage(page, { site: site.url, app, projectId, blocked: true });
    const capturing = client.run(`(it, given) => it.captureAll(given)`, { name: "early", count: 5 });
    const noticedMs = await client.state("websocket");
    assert.ok(noticedMs < NOTICED_MS, `${noticedMs} ms`);
    await capturing;
    const large = { name: "large", count: 1, html: `<p>${"é".repeat(700_000)}</p>` };
    await client.run(`(it, given) => it.captureAll(given)`, large);
    await client.run(`(it) => it.unblock()`);
    const later = client.run(`(it, given) => it.captureAll(given)`, { name: "later", count: 40, everyMs: 50 });
    await client.state("webrtc");
    await later;
    const expected = [...namesOf("early", 5), ...namesOf("large", 1), ...namesOf("later", 40)];
    assert.deepEqual(await storedSelectors(app, projectId), expected);
  },
);

browserTest("a page whose UDP stops changes over within 3 s of a capture, and nothing is lost", async (page) => {
  await using app = await startApp();
  await using site = openSite();
  await using path = openUdpPath();
  await path.lead(page);
  const projectId = await createProject(app, app.token);
  const client = await openFingerpostPage(page, { site: site.url, app, projectId });
  await client.state("webrtc");
  await client.run(`(it, given) => it.captureAll(given)`, { name: "before", count: 5 });
  assert.ok(path.passed() > 0);
  path.set({ loss: 1, delayMs: 0 });
  const stoppedAt = performance.now();
  const capturing = client.run(`(it, given) => it.captureAll(given)`, { name: "after", count: 60, everyMs: 50 });
  await client.state("websocket");
  const noticedMs = performance.now() - stoppedAt;
  assert.ok(noticedMs < NOTICED_MS, `${noticedMs} ms`);
  await capturing;
  assert.deepEqual(await storedSelectors(app, projectId), [...namesOf("before", 5), ...namesOf("after", 60)]);
});

browserTest(
  "captures arrive once and in order where 5 % of the packets are lost and each takes 100 ms",
  async (page) => {
    await using app = await startApp();
    await using site = openSite();
    await using path = openUdpPath();
    path.set({ loss: 0.05, delayMs: 100 });
    await path.lead(page);
    const projectId = await createProject(app, app.token);
    const client = await openFingerpostPage(page, { site: site.url, app, projectId });
    await client.state("webrtc");
    await client.run(`(it, given) => it.captureAll(given)`, {
      name: "c",
      count: 12,
      everyMs: 20,
      html: `<p>${"x".repeat(4_000)}</p>`,
    });
    assert.ok(path.dropped() > 0);
    assert.deepEqual(await storedSelectors(app, projectId), namesOf("c", 12));
  },
);

browserTest("a page on whose channel the server refused a frame says again what was not acknowledged", async (page) => {
  await using app = await startApp();
  await using site = openSite();
  const projectId = await createProject(app, app.token);
  const client = await openFingerpostPage(page, { site: site.url, app, projectId });
  await client.state("webrtc");
  const capturing = client.run(`(it, given) => it.captureAll(given)`, { name: "c", count: 20, everyMs: 10 });
  await client.run(`(it) => it.untilCaptured(1)`);
  await client.run(`(it, frames) => it.sendRaw(frames)`, ["", [], "text", [1, 2, 3], [0, 0, 0, 9, 0, 0, 0, 1, 255]]);
  await capturing;
  assert.deepEqual((await client.states()).slice(0, 2).map(({ state }) => state), ["webrtc", "connecting"]);
  assert.deepEqual(await storedSelectors(app, projectId), namesOf("c", 20));
});

browserTest(
  "a page whose paired token is revoked says so within a second, and one whose server is gone goes on trying",
  async (page) => {
    await using app = await startApp();
    await using site = openSite();
    const projectId = await createProject(app, app.token);
    const pair = async () => {
      const { deviceCode, userCode } = await startPairing(app);
      await decidePairing(app, app.token, { userCode, projectId });
      return await pollPairing(app, deviceCode);
    };
    const [revoked, other] = [await pair(), await pair()];
    const open = async ({ token }: { token: string }, blocked: boolean) => {
      const shown = await page.context().newPage();
      return await openFingerpostPage(shown, { site: site.url, app: { url: app.url, token }, projectId, blocked });
    };
    const [overWebrtc, overSocket, stays] = await Promise.all([
      open(revoked, false),
      open(revoked, true),
      open(other, false),
    ]);
    await Promise.all([overWebrtc.state("webrtc"), overSocket.state("websocket"), stays.state("webrtc")]);
    const startedAt = performance.now();
    await app.ask(REVOKE, { id: revoked.accessToken.id }, app.token);
    await Promise.all([overWebrtc.state("refused"), overSocket.state("refused")]);
    const took = performance.now() - startedAt;
    assert.ok(took < 1_000, `${took} ms`);
    for (const client of [overWebrtc, overSocket]) {
      assert.equal((await client.states()).at(-1)?.code, "FORBIDDEN");
    }
    assert.equal(await stays.run(`(it) => it.client.state()`), "webrtc");
    await app.stop();
    await stays.state("connecting");
    assert.deepEqual((await stays.states()).filter(({ code }) => code !== null), []);
  },
);
