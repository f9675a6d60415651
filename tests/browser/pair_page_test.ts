import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { findBarriers } from "../support/axe.ts";
import { browserTest } from "../support/browser.ts";
import { createProject } from "../support/captures.ts";
import { openSite } from "../support/fingerpost_page.ts";
import { CLIENT, pollPairing, startPairing } from "../support/pairing.ts";
import { ADMIN, type Data, type RunningApp, startApp } from "../support/running_app.ts";

/** Signs in on the page that is shown. */
async function signIn(page: Page, password = ADMIN.password): Promise<void> {
  await page.getByLabel("E-mail").fill(ADMIN.email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

const heading = (page: Page, name: string | RegExp) => page.getByRole("heading", { level: 1, name }).waitFor();

/** What the page logs and asks of others. */
function watchFaults(page: Page, { url }: RunningApp): string[] {
  const faults: string[] = [];
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  page.on("request", (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith("data:")) faults.push(request.url());
  });
  return faults;
}

browserTest(
  "a person who follows the code's link signs in, sees what asks, and approves it for a project and a time",
  async (page) => {
    await using app = await startApp();
    const projectId = await createProject(app, app.token, "Shop");
    const { deviceCode, userCode, verificationUrlComplete } = await startPairing(app);
    const faults = watchFaults(page, app);
    await page.goto(verificationUrlComplete);
    await heading(page, "Sign in to pair a client");
    assert.deepEqual(await findBarriers(page), []);
    await signIn(page);
    await heading(page, `Let “${CLIENT.clientName}” in?`);
    await page.getByText(userCode, { exact: true }).waitFor();
    assert.deepEqual(await findBarriers(page), []);
    await page.getByLabel("Project").selectOption("Shop");
    await page.getByLabel("For how long").selectOption("1 day");
    await page.getByRole("button", { name: "Approve" }).click();
    await heading(page, "Paired");
    assert.deepEqual(await findBarriers(page), []);
    const { state, accessToken } = await pollPairing(app, deviceCode);
    assert.deepEqual([state, accessToken.name, accessToken.project.id], ["APPROVED", CLIENT.clientName, projectId]);
    const days = (Date.parse(accessToken.expiresAt) - Date.now()) / 86_400_000;
    assert.ok(days > 0.99 && days < 1.01);
    assert.deepEqual(faults, []);
  },
);

browserTest("on a new server a person who has no project yet approves with their first one", async (page) => {
  await using app = await startApp();
  const { deviceCode, verificationUrlComplete } = await startPairing(app);
  await page.goto(verificationUrlComplete);
  await signIn(page);
  await heading(page, `Let “${CLIENT.clientName}” in?`);
  assert.deepEqual(await findBarriers(page), []);
  await page.getByLabel("Your first project").fill("Corner shop");
  await page.getByRole("button", { name: "Approve" }).click();
  await heading(page, "Paired");
  const { accessToken } = await pollPairing(app, deviceCode);
  assert.equal(accessToken.project.name, "Corner shop");
  const { projects } = await app.ask(`{ projects { edges { node { id name } } } }`, {}, app.token);
  assert.deepEqual(projects.edges.map(({ node }: Data) => node), [accessToken.project]);
});

browserTest(
  "a wrong password, a code that nobody shows and a refusal are said, and the code is typed as people type",
  async (page) => {
    await using app = await startApp();
    const { deviceCode, userCode } = await startPairing(app);
    await page.goto(`${app.url}/pair`);
    await signIn(page, "not the password");
    await page.getByRole("alert").getByText("the e-mail or the password is wrong").waitFor();
    assert.equal(await page.getByLabel("E-mail").inputValue(), ADMIN.email);
    await signIn(page);
    await heading(page, "Pair a client");
    const code = page.getByLabel("The code that it shows");
    await code.fill("BBBB-BBBB");
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByRole("alert").getByText("Cannot find a client with this code").waitFor();
    assert.deepEqual(await findBarriers(page), []);
    await code.fill(userCode.toLowerCase().replace("-", " "));
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByRole("button", { name: "Refuse" }).click();
    await heading(page, "Refused");
    assert.equal((await pollPairing(app, deviceCode)).state, "DENIED");
  },
);

browserTest(
  "a link from another site's page finds the person signed in, and that site can post nothing",
  async (page) => {
    await using app = await startApp();
    await using site = openSite();
    const { deviceCode, verificationUrlComplete, userCode } = await startPairing(app);
    const cookie = { name: "fingerpost_session", value: app.token, url: app.url, sameSite: "Lax" } as const;
    await page.context().addCookies([cookie]);
    await page.goto(site.url);
    await page.setContent(`<form method="post" action="${app.url}/pair"><input name="code" value="${userCode}">
    <input name="action" value="approve"><button>Win a prize</button></form><a href="${verificationUrlComplete}">Open</a>`);
    const [response] = await Promise.all([page.waitForResponse(`${app.url}/pair`), page.getByText("Win").click()]);
    assert.equal(response.status(), 403);
    assert.equal((await pollPairing(app, deviceCode)).state, "PENDING");
    await page.goto(site.url);
    await page.setContent(`<a href="${verificationUrlComplete}">Open</a>`);
    await page.getByText("Open").click();
    await heading(page, `Let “${CLIENT.clientName}” in?`);
    await page.getByRole("button", { name: "Not you?" }).click();
    await heading(page, "Sign in to pair a client");
  },
);

browserTest(
  "a click that was meant for what lay over the page decides nothing, and one a moment later does",
  async (page) => {
    await using app = await startApp();
    await using site = openSite();
    const { deviceCode, verificationUrlComplete } = await startPairing(app);
    const cookie = { name: "fingerpost_session", value: app.token, url: app.url, sameSite: "Lax" } as const;
    await page.context().addCookies([cookie]);
    await page.goto(verificationUrlComplete);
    const approve = page.getByRole("button", { name: "Approve" });
    const { x = 0, y = 0 } = await approve.boundingBox() ?? {};
    await page.goto(site.url);
    await page.mouse.move(x + 20, y + 20);
    await page.goto(verificationUrlComplete);
    const clickTwice = async () => {
      await page.mouse.click(x + 20, y + 20, { clickCount: 2 });
      await heading(page, `Let “${CLIENT.clientName}” in?`);
    };
    await clickTwice();
    await page.mouse.move(1, 1);
    const settled = () => document.getAnimations().length === 0;
    await page.waitForFunction(settled);
    await page.mouse.move(x + 20, y + 20);
    await clickTwice();
    assert.equal((await pollPairing(app, deviceCode)).state, "PENDING");
    await approve.click();
    await heading(page, "Paired");
  },
);
