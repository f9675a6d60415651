import assert from "node:assert/strict";
import { browserTest } from "../support/browser.ts";
import { createProject } from "../support/captures.ts";
import { openFingerpostPage, openSite } from "../support/fingerpost_page.ts";
import { type Data, startApp } from "../support/running_app.ts";
import { subscribe } from "../support/subscription.ts";

const COMMAND = `mutation ($input: CommandElementInput!) { commandElement(input: $input) { id text } }`;
const EVENTS = `subscription ($projectId: ID!) {
  elementEvents(projectId: $projectId, after: 0) { kind element { text staleSince } }
}`;

for (const way of ["webrtc", "websocket"]) {
  browserTest(`over ${way} a page keeps its elements fresh, and does what is asked of it`, async (page) => {
    await using app = await startApp();
    await using site = openSite();
    const projectId = await createProject(app, app.token);
    const client = await openFingerpostPage(page, {
      site: site.url,
      app,
      projectId,
      blocked: way === "websocket",
      commandResult: { text: "as it is now" },
    });
    await client.state(way);
    await using events = subscribe(app, { query: EVENTS, variables: { projectId }, token: app.token });
    const [{ elementId }] = await client.run<Data>(`(it, given) => it.captureAll(given)`, { name: "c", count: 1 });
    assert.equal((await events.next()).kind, "CAPTURED");
    await client.run(`(it, id) => it.client.update(id, { text: "fresh" })`, elementId);
    assert.deepEqual(await events.next(), { kind: "UPDATED", element: { text: "fresh", staleSince: null } });

    const command = async (command: string) => await app.graphql(COMMAND, { input: { elementId, command } }, app.token);
    assert.equal((await command("INSPECT")).data?.commandElement.text, "as it is now");
    assert.deepEqual(await client.run(`(it) => it.commands`), [
      { command: "INSPECT", elementId, selector: "#c-0" },
    ]);
    assert.equal((await events.next()).element.text, "as it is now");
    await client.run(`(it) => it.refuseCommands("The element is gone")`);
    assert.equal((await command("HIGHLIGHT")).errors?.[0]?.extensions.code, "UNAVAILABLE");

    await client.run(`(it, id) => it.client.stale(id)`, elementId);
    assert.equal((await events.next()).kind, "STALE");
    await client.run(`(it) => it.client.update("element_unknown", { text: "x" })`);
    await client.run(`(it) => it.until(() => it.refused.length > 0)`);
    assert.deepEqual(await client.run(`(it) => it.refused`), [{ elementId: "element_unknown", code: "NOT_FOUND" }]);
  });
}

browserTest("a page is told of an update that was refused after what came behind it was answered", async (page) => {
  await using app = await startApp();
  await using site = openSite();
  const projectId = await createProject(app, app.token);
  const client = await openFingerpostPage(page, { site: site.url, app, projectId });
  await client.state("webrtc");
  // What comes within a tenth of a second of the one before is stored at its end.
  const elementId = `element_${crypto.randomUUID()}`;
  for (const name of ["a", "b"]) {
    await client.run(`(it, { elementId, name }) => it.client.update(elementId, { text: name })`, { elementId, name });
    await client.run(`(it, given) => it.captureAll(given)`, { name, count: 1 });
  }
  await client.run(`(it) => it.until(() => it.refused.length === 2)`);
});
