import assert from "node:assert/strict";
import { createProject } from "../support/captures.ts";
import { elementsOf, SHOP } from "../support/extension_world.ts";
import { firefoxTest } from "../support/firefox.ts";
import { servePages, until } from "../support/pointing.ts";
import { startApp } from "../support/running_app.ts";

const APPROVE = `mutation ($input: ApprovePairingInput!) { approvePairing(input: $input) }`;
const OVERLAY = "[data-fingerpost]";

firefoxTest(
  "in Firefox too a person pairs, points, notes and sends, and the mark outlives a reload",
  async (firefox) => {
    await using app = await startApp();
    await using site = servePages({ "/shop": SHOP });
    const projectId = await createProject(app, app.token);
    await firefox.openPopup();
    await until(() => firefox.has("#unpaired:not([hidden])"), "the window asks for a server");
    await firefox.fill("#server", app.url);
    await firefox.click("#unpaired button");
    await until(() => firefox.has("#pending:not([hidden])"), "the window shows a code");
    const userCode = await firefox.text("#code");
    await app.ask(APPROVE, { input: { userCode, projectId, approve: true } }, app.token);
    await until(async () => await firefox.text("#connection") === "Connected", "the window says that it is connected");

    await firefox.open(`${site.url}/shop`);
    await firefox.clickButton();
    await until(() => firefox.has(OVERLAY), "pointing begins");
    await firefox.click("#pay");
    await until(() => hasFocus(), "the note field opens");
    await firefox.typeLine("Make it green");
    await until(async () => (await elementsOf(app, projectId)).length === 1, "it is stored");
    const [stored] = await elementsOf(app, projectId);
    assert.deepEqual([stored.selector, stored.note, stored.pageTitle], ["#pay", "Make it green", "Shop"]);
    assert.ok(stored.screenshot.width > 50, "with its screenshot");
    await firefox.reload();
    await until(() => firefox.has(OVERLAY), "the mark comes back");
    const inspect = `mutation ($input: CommandElementInput!) { commandElement(input: $input) { text } }`;
    const input = { elementId: stored.id, command: "INSPECT" };
    await until(async () => {
      const { data } = await app.graphql(inspect, { input }, app.token);
      return data?.commandElement?.text === "Pay now";
    }, "the page says what the element is like");

    // The overlay's field is in a closed shadow root: the page sees the overlay have the focus.
    function hasFocus(): Promise<boolean> {
      return firefox.has(`${OVERLAY}:focus-within, ${OVERLAY}:focus`);
    }
  },
);
