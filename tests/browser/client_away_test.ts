import assert from "node:assert/strict";
import { startProxy } from "../support/breakable_proxy.ts";
import { browserTest } from "../support/browser.ts";
import { createProject } from "../support/captures.ts";
import { openFingerpostPage, openSite } from "../support/fingerpost_page.ts";
import { movableClock } from "../support/movable_clock.ts";
import { SEND } from "../support/rooms.ts";
import { startApp } from "../support/running_app.ts";

/** A channel that has not opened by then is tried again over a new connection. */
const ATTEMPT_MS = 4_000;

const SEES = `(it, { id, is }) => it.until(() => it.client.peers().some((peer) => peer.id === id) === is)`;

browserTest("a page that was away too long for the others starts anew with them when it is back", async (page) => {
  await using stack = new AsyncDisposableStack();
  const clock = movableClock();
  const app = stack.use(await startApp({ clock }));
  const proxy = stack.use(startProxy(app));
  const site = stack.use(openSite());
  const options = { site: site.url, projectId: await createProject(app, app.token) };
  const behindProxy = { ...app, url: proxy.url };
  const away = await openFingerpostPage(page, { ...options, app: behindProxy, pageId: "away" });
  // A context of its own, which stays online.
  const elsewhere = await page.context().browser()?.newPage();
  assert.ok(elsewhere);
  stack.defer(() => elsewhere.close());
  const other = await openFingerpostPage(elsewhere, { ...options, app, pageId: "other" });
  await Promise.all([away, other].map((each) => each.state("webrtc")));
  const [awayId, otherId] = await Promise.all(
    [away, other].map((each) => each.run<string>(`(it) => it.client.self().id`)),
  );
  await other.run(SEES, { id: awayId, is: true });
  await away.run(SEES, { id: otherId, is: true });
  const open =
    `async (it, id) => { const startedAt = performance.now(); await it.client.openChannel(id, "talk"); return performance.now() - startedAt; }`;
  await away.run(open, otherId);
  await page.context().setOffline(true);
  proxy.cut();
  const probe = { from: otherId, to: awayId, negotiationId: "probe", kind: "RESTART" };
  while ((await app.ask(SEND, { input: probe }, app.token)).sendSignal.delivered);
  clock.advance(10_000);
  await other.run(SEES, { id: awayId, is: false });
  await page.context().setOffline(false);
  await other.run(SEES, { id: awayId, is: true });
  const took = await away.run<number>(open, otherId);
  const back = await other.run<number>(open, awayId);
  assert.ok(took < ATTEMPT_MS && back < ATTEMPT_MS, `${took} ms, ${back} ms`);
});
