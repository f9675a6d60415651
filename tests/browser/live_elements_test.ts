import assert from "node:assert/strict";
import { browserTest } from "../support/browser.ts";
import { openLivePage } from "../support/live_page.ts";

const CARD = `<style>.dark #card { color: red } #card { transition: none }</style>
  <main><div id="list"></div><p id="card" class="card" data-testid="card">Card <b>one</b></p></main>
  <div style="height: 3000px"></div>`;

browserTest("a change of an element is told once, with the fields that changed and no others", async (page) => {
  const run = await openLivePage(page, CARD);
  const change = (action: string) =>
    run(`async (it) => {
      ${/held/.test(action) ? "" : ""}const from = it.events.length;
      (${action})(card);
      const { change } = await it.after(from, ({ what }) => what === "update");
      await new Promise((resolve) => setTimeout(resolve, 250));
      const more = it.events.length - from - 1;
      return { fields: Object.keys(change).sort().join(), change, more };
    }`);
  await run(`(it) => it.watch(card)`);
  const text = await change(`(card) => card.querySelector("b").firstChild.data = "two"`);
  assert.deepEqual([text.fields, text.change.text, text.more], ["html,text", "Card two", 0]);
});
