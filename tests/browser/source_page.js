import { findComponent } from "../../clients/source/source.ts";
import { answerSourceQuestions, askForComponent } from "../../clients/source/source_bridge.ts";

const fetched = [];
const fetchText = async (url) => {
  fetched.push(url);
  const response = await fetch(url);
  return response.ok ? await response.text() : null;
};

/** What development tools show of themselves. */
const TOOLS = "nextjs-portal, astro-dev-toolbar, [data-v-inspector-ignore], [data-v-inspector-ignore] *";

function listElements() {
  return [...document.querySelectorAll("body *")].filter((element) => !element.matches(`script, style, ${TOOLS}`));
}

async function find(element) {
  const start = performance.now();
  const component = await findComponent(element, { fetchText });
  return { tag: element.localName, component, milliseconds: performance.now() - start };
}

/** What tests call in the page, or in a content script's world. */
globalThis.source = {
  find: (selector) => find(document.querySelector(selector)),
  /** What is found of each element of the page, in document order. */
  findAll: async () => {
    const found = [];
    for (const element of listElements()) found.push(await find(element));
    return found;
  },
  /** Where each element of the page says that it was written. */
  readTruth: () =>
    listElements().map((element) => ({
      tag: element.localName,
      truth: element.closest("[data-truth]")?.getAttribute("data-truth") ?? null,
    })),
  fetched: () => fetched,
  ask: (selector) => askForComponent(document.querySelector(selector)),
  answer: () => answerSourceQuestions(window),
};
