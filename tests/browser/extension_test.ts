import assert from "node:assert/strict";
import { extensionTest } from "../support/extension.ts";

extensionTest(
  "the extension is loaded, shows how to pair, and its worker can be stopped and starts again",
  async (browser) => {
    const popup = await browser.openPopup();
    await popup.getByLabel("Your Fingerpost server").waitFor();
    assert.equal(await popup.getByLabel("Your Fingerpost server").inputValue(), "http://127.0.0.1:8000");
    await browser.stopWorker();
    await popup.reload();
    await popup.getByRole("button", { name: "Pair this browser" }).waitFor();
  },
);
