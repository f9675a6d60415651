// deno-lint-ignore-file no-console -- the figures are what a bench is for
import { createProject } from "../tests/support/captures.ts";
import { openExtensionBrowser } from "../tests/support/extension.ts";
import { overlayOf, pairBrowser, servePages, startPointing, until, untilMarked } from "../tests/support/pointing.ts";
import { startApp } from "../tests/support/running_app.ts";
import { ELEMENT_EVENTS, subscribe } from "../tests/support/subscription.ts";

// How long it takes from the key that sends a capture to the event at a subscriber, in a real Chromium with the extension.

const COUNT = Number(Deno.args[0] ?? "30");
const PAGE = `<!doctype html><title>Shop</title><main>${
  Array.from({ length: 200 }, (_, index) => `<p>Line ${index} <button id="b${index}">Pay</button></p>`).join("")
}</main>`;

await using browser = await openExtensionBrowser();
await using app = await startApp({
  environment: { FINGERPOST_LOG_LEVEL: "error", FINGERPOST_RTC_HOSTS: Deno.env.get("FINGERPOST_RTC_HOSTS") ?? "" },
});
await using site = servePages({ "/": PAGE });
const projectId = await createProject(app, app.token);
await pairBrowser(browser, app, projectId);
const page = await browser.context.newPage();
await page.goto(site.url);
await using events = subscribe(app, { query: ELEMENT_EVENTS, variables: { projectId }, token: app.token });
for (const screenshots of [true, false]) {
  await setScreenshots(screenshots);
  const times: number[] = [];
  for (let index = 0; index < COUNT; index++) times.push(await sendOne(index));
  const sorted = times.slice(1).toSorted((one, other) => one - other);
  const at = (share: number): string => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(0);
  console.log(
    `${screenshots ? "with" : "without"} a screenshot: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, ${sorted.length} sent`,
  );
}

async function sendOne(index: number): Promise<number> {
  await startPointing(browser, page);
  const box = await page.locator(`#b${index % 20}`).boundingBox();
  if (box === null) throw new Error("No box");
  await page.mouse.move(box.x + 4, box.y + 4);
  await page.mouse.click(box.x + 5, box.y + 5);
  await until(async () => (await overlayOf(page)).some((part) => part.class === "note"), "the note field opens");
  await page.keyboard.type("Faster");
  // Chromium lets an extension take two pictures a second.
  await new Promise((resolve) => setTimeout(resolve, 1_050));
  const arrived = events.next();
  const startedAt = performance.now();
  await page.keyboard.press("Enter");
  await arrived;
  const took = performance.now() - startedAt;
  await untilMarked(page, "sent");
  return took;
}

async function setScreenshots(screenshots: boolean): Promise<void> {
  const popup = await browser.openPopup();
  await popup.getByLabel("Send a screenshot").setChecked(screenshots);
  await popup.close();
}
