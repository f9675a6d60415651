import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { browserTest } from "../support/browser.ts";
import { createProject } from "../support/captures.ts";
import { type FingerpostPage, openFingerpostPage, openSite } from "../support/fingerpost_page.ts";
import { addPerson } from "../support/people.ts";
import { type Data, type RunningApp, startApp } from "../support/running_app.ts";

const LIVE_PAGES = `query ($projectId: ID!) { livePages(projectId: $projectId) { id url title } }`;
/** How often two pages offer each other a connection at once. */
const GLARES = Number(Deno.env.get("GLARES") ?? "100");

interface TwoPages extends AsyncDisposable {
  app: RunningApp;
  projectId: string;
  first: FingerpostPage;
  /** It joined later: in glare it yields. */
  second: FingerpostPage;
  firstId: string;
  secondId: string;
}

/** Two windows of one browser, connected to the server and in sight of each other. */
async function openTwoPages(page: Page): Promise<TwoPages> {
  await using stack = new AsyncDisposableStack();
  const app = stack.use(await startApp());
  const site = stack.use(openSite());
  const projectId = await createProject(app, app.token);
  const options = { site: site.url, app, projectId };
  const first = await openFingerpostPage(page, { ...options, pageId: "first" });
  await first.state("webrtc");
  const second = await openFingerpostPage(await page.context().newPage(), { ...options, pageId: "second" });
  await second.state("webrtc");
  const [firstId, secondId] = [await idOf(first), await idOf(second)];
  await first.run(`(it, id) => it.until(() => it.client.peers().some((peer) => peer.id === id))`, secondId);
  const opened = stack.move();
  return { app, projectId, first, second, firstId, secondId, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

function idOf(page: FingerpostPage): Promise<string> {
  return page.run(`(it) => it.client.self().id`);
}

browserTest("two pages stream captures to the server and talk to each other", async (page) => {
  await using pages = await openTwoPages(page);
  const { app, projectId, first, second, secondId } = pages;
  const html = `<ul>${"<li>é 💾</li>".repeat(10_000)}</ul>`;
  const captured = await Promise.all(
    [first, second].map((each, index) =>
      each.run<Data[]>(`(it, given) => it.captureAll(given)`, { name: `page${index}`, count: 5, html })
    ),
  );
  for (const each of captured) {
    const revisions = each.map(({ revision }) => revision);
    assert.deepEqual(revisions, revisions.toSorted((one, other) => one - other), "stored in the order of the calls");
  }
  const revisions = captured.flat().map(({ revision }) => revision);
  assert.deepEqual(revisions.toSorted((one, other) => one - other), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  const { livePages } = await app.ask(LIVE_PAGES, { projectId }, app.token);
  assert.deepEqual(livePages.map(({ id, title }: Data) => [id, title]), [["first", "Shop"], ["second", "Shop"]]);

  const channel = await first.run(`(it, id) => it.openChannel(id, "chat")`, secondId);
  assert.equal(await first.run(`(it, channel) => it.say(channel, "hello")`, channel), "echo hello");
});

browserTest(
  "pages that offer each other a connection at once end up with one, on which both channels open",
  async (page) => {
    await using pages = await openTwoPages(page);
    const { first, second, firstId, secondId } = pages;
    for (let round = 0; round < GLARES; round++) {
      const label = `round ${round}`;
      const open = `async (it, { id, label }) => {
      const channel = await it.openChannel(id, label);
      return await it.say(channel, label);
    }`;
      const heard = await Promise.all([
        first.run(open, { id: secondId, label }),
        second.run(open, { id: firstId, label }),
      ]);
      assert.deepEqual(heard, [`echo ${label}`, `echo ${label}`]);
      // Both pages forget the connection, so that the next round begins with two offers again.
      const disconnect = `(it, id) => it.client.disconnect(id)`;
      await Promise.all([first.run(disconnect, secondId), second.run(disconnect, firstId)]);
    }
  },
);

browserTest(
  "an ICE restart gives a connection new credentials, also when both sides ask at once, and its channel lives on",
  async (page) => {
    await using pages = await openTwoPages(page);
    const { first, second, firstId, secondId } = pages;
    const channel = await first.run(`(it, id) => it.openChannel(id, "chat")`, secondId);
    const seen = new Set([await first.run<string>(`(it) => it.credentials()`)]);
    for (let round = 1; round <= 5; round++) {
      const restart = `(it, id) => it.restartIce(id)`;
      await Promise.all([first.run(restart, secondId), ...round % 2 ? [] : [second.run(restart, firstId)]]);
      seen.add(await first.run<string>(`(it) => it.credentials()`));
      assert.equal(seen.size, round + 1);
      assert.equal(await first.run(`(it, channel) => it.say(channel, "again")`, channel), "echo again");
    }
  },
);

browserTest("the client stops, and says why, when the server does not let it in", async (page) => {
  await using app = await startApp();
  await using site = openSite();
  const projectId = await createProject(app, app.token);
  const stranger = await addPerson(app);
  const refused: [Record<string, unknown>, string][] = [
    [{ app: { url: app.url, token: "unknown" }, projectId }, "UNAUTHENTICATED"],
    [{ app: { url: app.url, token: stranger.token }, projectId }, "NOT_FOUND"],
    [{ app, projectId, label: "" }, "INVALID_INPUT"],
  ];
  for (const [options, code] of refused) {
    const client = await openFingerpostPage(page, { site: site.url, app, projectId, ...options });
    const capturing = client.run(`(it) => it.captureAll({ name: "c", count: 1 }).catch(({ code }) => code)`);
    await client.state("refused");
    assert.deepEqual([(await client.states()).at(-1)?.code, await capturing], [code, code]);
  }
});
