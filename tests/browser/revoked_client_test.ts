import assert from "node:assert/strict";
import { browserTest } from "../support/browser.ts";
import { createProject } from "../support/captures.ts";
import { openFingerpostPage, openSite } from "../support/fingerpost_page.ts";
import { decidePairing, pollPairing, startPairing } from "../support/pairing.ts";
import { startApp } from "../support/running_app.ts";

const REVOKE = `mutation ($id: ID!) { revokeAccessToken(id: $id) }`;

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
