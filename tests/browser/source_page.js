import { findComponent } from "../../clients/source/source.ts";

const fetchText = async (url) => {
  const response = await fetch(url);
  return response.ok ? await response.text() : null;
};

/** What is found of each element of the page, in document order. */
globalThis.findAll = async (limit) => {
  const elements = [...document.querySelectorAll("body *")].filter((element) =>
    !element.matches("script, style, vite-error-overlay")
  );
  const found = [];
  for (const element of elements.slice(0, limit)) {
    const start = performance.now();
    const component = await findComponent(element, { fetchText });
    found.push({ tag: element.localName, component, milliseconds: performance.now() - start });
  }
  return found;
};

/** Where each element of the page says that it was written. */
globalThis.readTruth = (limit) => {
  const elements = [...document.querySelectorAll("body *")].filter((element) =>
    !element.matches("script, style, vite-error-overlay")
  );
  return elements.slice(0, limit).map((element) => ({
    tag: element.localName,
    truth: element.closest("[data-truth]")?.getAttribute("data-truth") ?? null,
  }));
};
