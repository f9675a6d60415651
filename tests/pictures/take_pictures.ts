import type { Page } from "playwright-core";
import sharp from "sharp";
import { createProject } from "../support/captures.ts";
import { openExtensionBrowser } from "../support/extension.ts";
import { elementsOf } from "../support/extension_world.ts";
import { askForCode, overlayOf, pointAt, servePages, startPointing, until, untilMarked } from "../support/pointing.ts";
import { ADMIN, startApp } from "../support/running_app.ts";

// Takes the pictures of docs/pictures, by the extension itself in a real Chromium: `deno task pictures`.

const FOLDER = new URL("../../docs/pictures/", import.meta.url).pathname;
const SHOP = await Deno.readTextFile(new URL("shop.html", import.meta.url));
const SCHEMES = ["light", "dark"] as const;
/** Few colours: pictures of text and flat boxes look the same, at a third of the size. */
const COLOURS = 128;

await using browser = await openExtensionBrowser({ deviceScaleFactor: 2 });
await using app = await startApp({ environment: { FINGERPOST_LOG_LEVEL: "error" } });
await using site = servePages({ "/basket": SHOP });
const projectId = await createProject(app, app.token, "Corner Shop");

const popup = await browser.openPopup();
await popup.setViewportSize({ width: 372, height: 330 });
const code = await askForCode(popup, app.url);
await take(popup, "popup_pairing");
const approval = await openApproval(code);
await take(approval, "pair");
await approval.getByRole("button", { name: /^(Let it in|Approve)/ }).click();
await popup.getByRole("status").filter({ hasText: "Connected" }).waitFor();

const page = await browser.context.newPage();
await page.setViewportSize({ width: 820, height: 420 });
await page.goto(`${site.url}/basket`);
const notes = [[".line:nth-child(2) b", "Wrong name"], [".total", "Larger"], ["h1", "Say whose"]] as const;
for (const [selector, note] of notes) {
  await startPointing(browser, page);
  await pointAt(page, page, selector, note);
  await untilStored(notes.findIndex(([each]) => each === selector) + 1);
  await until(async () => (await popup.locator("#queued").innerText()) === "Nothing", "it is sent");
}
const [first, second] = await elementsOf(app, projectId);
const update = `mutation ($input: UpdateElementInput!) { updateElement(input: $input) { id } }`;
await app.ask(update, { input: { id: first.id, status: "RESOLVED" } }, app.token);
await app.ask(update, { input: { id: second.id, status: "ACKNOWLEDGED" } }, app.token);
await untilMarked(page, "resolved");
await untilMarked(page, "seen");
await popup.getByRole("listitem").filter({ hasText: /Web/ }).waitFor();
await popup.bringToFront();
await popup.setViewportSize({ width: 372, height: 430 });
await take(popup, "popup");
await startPointing(browser, page);
await page.locator("#pay").hover({ force: true });
await page.mouse.down();
await page.mouse.up();
await until(async () => (await overlayOf(page)).some((part) => part.class === "note"), "the note field opens");
await page.keyboard.type("Line this up with the total, and make it the page's green");
await take(page, "overlay");

async function untilStored(count: number): Promise<void> {
  await until(async () => (await elementsOf(app, projectId)).length === count, `${count} are stored`);
}

async function openApproval(userCode: string): Promise<Page> {
  const opened = browser.context.waitForEvent("page");
  await popup.getByRole("button", { name: "Open the approval page" }).click();
  const approval = await opened;
  await approval.setViewportSize({ width: 620, height: 780 });
  await approval.getByLabel("E-mail").fill(ADMIN.email);
  await approval.getByLabel("Password").fill(ADMIN.password);
  await approval.getByRole("button", { name: "Sign in" }).click();
  await approval.getByText(userCode).waitFor();
  return approval;
}

async function take(shown: Page, name: string): Promise<void> {
  for (const colorScheme of SCHEMES) {
    await shown.emulateMedia({ colorScheme });
    const picture = await shown.screenshot();
    const file = `${name}_${colorScheme}.png`;
    const { size } = await sharp(picture).png({ palette: true, colours: COLOURS, effort: 10 }).toFile(
      `${FOLDER}${file}`,
    );
    await Deno.stdout.write(new TextEncoder().encode(`docs/pictures/${file}: ${size} bytes\n`));
  }
}
