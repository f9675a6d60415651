import { type Component, findComponent } from "./source.ts";
import { isElement, read, readCount, readText } from "./_untrusted.ts";

const QUESTION = "fingerpost:source-question";
const ANSWER = "fingerpost:source-answer";
const TIME_LIMIT_MS = 2_000;
const MAX_ANSWER_LENGTH = 10_000;
/** Megabytes of a script or source map; a longer one is not read to its end. */
const MAX_FETCHED_BYTES = 24_000_000;
/** Questions at once; a page that asks itself more gets no answers. */
const MAX_ASKED = 20;

const answering = new WeakSet<Window>();

/** In the page's world: answers questions from an isolated content script about elements of this window, by events on the element. */
export function answerSourceQuestions(window: Window): void {
  if (answering.has(window)) return;
  answering.add(window);
  const fetchText = createFetch(window);
  let asked = 0;
  window.addEventListener(QUESTION, (event) => {
    const element = event.composedPath()[0];
    const id = readText(100, event, "detail");
    if (id === null || !isElement(element) || asked >= MAX_ASKED) return;
    event.stopImmediatePropagation();
    asked++;
    findComponent(element, { fetchText }).then((component) => {
      element.dispatchEvent(new CustomEvent(ANSWER, { detail: JSON.stringify({ id, component }) }));
    }).finally(() => asked--);
  }, { capture: true });
}

/** In a content script's isolated world: asks. Answers are untrusted: checked, bounded. null after 2 s. */
export function askForComponent(element: Element): Promise<Component | null> {
  const id = `${Date.now()}_${Math.random()}`;
  const { promise, resolve } = Promise.withResolvers<Component | null>();
  const timer = setTimeout(resolve, TIME_LIMIT_MS, null);
  const listener = (event: Event): void => {
    const answer = parseAnswer(readText(MAX_ANSWER_LENGTH, event, "detail"), id);
    if (answer !== undefined) resolve(answer);
  };
  element.addEventListener(ANSWER, listener);
  // Texts are what both worlds can read of each other's events in every browser.
  element.dispatchEvent(new CustomEvent(QUESTION, { detail: id, bubbles: true, composed: true }));
  return promise.finally(() => {
    clearTimeout(timer);
    element.removeEventListener(ANSWER, listener);
  });
}

// Undefined: not an answer to this question.
function parseAnswer(text: string | null, id: string): Component | null | undefined {
  if (text === null) return undefined;
  try {
    const answer: unknown = JSON.parse(text);
    return read(answer, "id") === id ? readComponent(read(answer, "component")) : undefined;
  } catch {
    return undefined;
  }
}

function readComponent(value: unknown): Component | null {
  const framework = readText(100, value, "framework");
  const name = readText(1_000, value, "name");
  const file = readText(4_096, value, "file");
  const [line, column] = [readCount(value, "line"), readCount(value, "column")];
  if (framework === null || name === null) return null;
  if (file === null) return { framework, name };
  return { framework, name, file, ...(line === null ? {} : { line }), ...(column === null ? {} : { column }) };
}

// The page may replace its `fetch` later; this one is from before.
function createFetch(window: Window): (url: string) => Promise<string | null> {
  const fetch = window.fetch.bind(window);
  return async (url) => {
    const response = await fetch(url, { credentials: "same-origin", signal: AbortSignal.timeout(TIME_LIMIT_MS) });
    if (!response.ok || response.body === null) return null;
    return await readBounded(response.body);
  };
}

async function readBounded(body: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string | null> {
  const decoder = new TextDecoder();
  let [text, length] = ["", 0];
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    length += value.length;
    if (length > MAX_FETCHED_BYTES) {
      await reader.cancel();
      return null;
    }
    text += decoder.decode(value, { stream: true });
  }
}
