import assert from "node:assert/strict";
import type { CDPSession, Page } from "playwright-core";
import { browserTest } from "../support/browser.ts";
import type { Data } from "../support/running_app.ts";
import { addSource, SOURCE_SCRIPT } from "../support/source_page.ts";

const BODY = `<main data-source="src/pages/home.html:4:3"><p id="near">a</p></main>
<p id="url" data-source="https://example.org/a.js:1:1"></p><p id="word" data-source="newsletter"></p>
<p id="deep"></p><p id="lying"></p><p id="slow"></p><p id="huge"></p><p id="closed"></p>`;

/** A page on loopback, with the finder in it; `routes` answer for other paths. */
async function openPage(page: Page, routes: Record<string, string> = {}): Promise<AsyncDisposable & { url: string }> {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { pathname } = new URL(request.url);
    const headers = { "content-type": pathname === "/" ? "text/html" : "text/javascript" };
    if (pathname === "/") return new Response(`<!doctype html><title>Page</title><body>${BODY}`, { headers });
    return new Response(routes[pathname] ?? null, { headers, status: pathname in routes ? 200 : 404 });
  });
  const url = `http://127.0.0.1:${server.addr.port}/`;
  await page.goto(url);
  await addSource(page);
  return { url, [Symbol.asyncDispose]: () => server.shutdown() };
}

/** Runs code in the page's own world. */
function run<Result = Data>(page: Page, code: string): Promise<Result> {
  return page.evaluate(code);
}

/** A content script's world of the page: it sees the same document, and none of the page's objects. */
async function openIsolatedWorld(page: Page): Promise<(code: string) => Promise<Data>> {
  const session: CDPSession = await page.context().newCDPSession(page);
  const { frameTree } = await session.send("Page.getFrameTree");
  const { executionContextId: contextId } = await session.send("Page.createIsolatedWorld", {
    frameId: frameTree.frame.id,
    worldName: "content",
  });
  const evaluate = async (expression: string): Promise<Data> => {
    const options = { expression, contextId, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await session.send("Runtime.evaluate", options);
    assert.equal(exceptionDetails, undefined);
    return result.value ?? null;
  };
  await evaluate(SOURCE_SCRIPT);
  return evaluate;
}

browserTest("askForComponent() is told from an isolated world what only the page's own world knows", async (page) => {
  await using _site = await openPage(page);
  await run(page, `source.answer()`);
  const source = `{ fileName: "/shop/src/Deep.jsx", lineNumber: 7, columnNumber: 3 }`;
  await run(
    page,
    `void (document.querySelector("#deep").__reactFiber$x =
    { _debugOwner: { type: function Deep() {} }, _debugSource: ${source}, child: null })`,
  );
  const ask = await openIsolatedWorld(page);
  const found = { framework: "react", name: "Deep", file: "/shop/src/Deep.jsx", line: 7, column: 3 };
  assert.deepEqual(await ask(`source.ask("#deep")`), found);
  assert.deepEqual(
    await ask(`source.find("#deep").then(({ component }) => component)`),
    null,
    "its own world knows none",
  );
  assert.deepEqual((await ask(`source.ask("#near")`)).file, "src/pages/home.html");
});

browserTest("askForComponent() believes no forged answer and gives up after 2 s", async (page) => {
  await using _site = await openPage(page);
  await run(
    page,
    `addEventListener("fingerpost:source-question", ({ target, detail }) => {
    const say = (detail) => target.dispatchEvent(new CustomEvent("fingerpost:source-answer", { detail }));
    const component = { framework: "react", name: "Forged", file: "x.js", line: 1 };
    if (target.id === "near") say(JSON.stringify({ id: detail, component: { ...component, line: -1, column: "1", extra: "x" } }));
    for (const forged of ["", "{", "null", 7, JSON.stringify({ id: "other", component })]) say(forged);
    say(JSON.stringify({ id: detail, component: { ...component, file: "x".repeat(20_000) } }));
  }, { capture: true })`,
  );
  const ask = await openIsolatedWorld(page);
  assert.deepEqual(await ask(`source.ask("#near")`), { framework: "react", name: "Forged", file: "x.js" });
  const start = performance.now();
  assert.equal(await ask(`source.ask("#deep")`), null);
  const passed = performance.now() - start;
  assert.ok(passed > 1_900 && passed < 3_000, `${passed} ms`);
});

browserTest("findComponent() takes hints only where they look like source files", async (page) => {
  await using _site = await openPage(page);
  const componentOf = async (selector: string) => (await run(page, `source.find("${selector}")`)).component;
  assert.deepEqual(await componentOf("#near"), {
    framework: "page",
    name: "home",
    file: "src/pages/home.html",
    line: 4,
    column: 3,
  });
  assert.equal(await componentOf("#url"), null);
  assert.equal(await componentOf("#word"), null);
});

const LIES: [name: string, fiber: string][] = [
  [
    "a getter that throws",
    `Object.defineProperty({ _debugOwner: null }, "_debugSource", { get() { throw new Error("no"); } })`,
  ],
  ["a proxy that throws", `new Proxy({}, { get() { throw new Error("no"); }, ownKeys() { throw new Error("no"); } })`],
  ["owners in a circle", `(() => { const owner = { type: "x" }; owner._debugOwner = owner; return owner; })()`],
  [
    "a name without end",
    `{ _debugOwner: { type: { name: "x".repeat(1e7) } }, _debugSource: { fileName: "y".repeat(1e7) } }`,
  ],
  ["half a character", `{ _debugOwner: { type: { name: "\\ud800" } }, _debugSource: { fileName: "src/\\ud800.js" } }`],
  [
    "a stack without end",
    `{ _debugOwner: null, _debugStack: { stack: "Error\\n" + "    at a (http://x/y.js:1:1)\\n".repeat(1e5) } }`,
  ],
  ["a line without end", `{ _debugOwner: null, _debugStack: { stack: "Error\\n    at " + "(".repeat(19_000) } }`],
  ["numbers as texts", `{ _debugOwner: null, _debugSource: { fileName: 7, lineNumber: "1" }, _debugStack: 5 }`],
  [
    "a stack that React did not keep",
    `{ _debugStack: { stack: "Error\\n    at UnknownOwner (http://x/react.js:1:1)\\n    at react_stack_bottom_frame (http://x/react.js:2:2)" },
    _debugOwner: { type: function App() {}, _debugSource: { fileName: "src/main.jsx", lineNumber: 1 } } }`,
  ],
  ["a number for a fiber", `7`],
];

browserTest("findComponent() says no file where the page's objects lie, and does not hang or throw", async (page) => {
  await using _site = await openPage(page);
  for (const [name, fiber] of LIES) {
    await run(page, `void (document.querySelector("#lying").__reactFiber$x = ${fiber})`);
    const { component, milliseconds } = await run(page, `source.find("#lying")`);
    assert.equal(component?.file, undefined, name);
    assert.ok(milliseconds < 500, `${name}: ${milliseconds} ms`);
  }
});

function withMap(map: Data): string {
  return `a()\n//# sourceMappingURL=data:application/json;base64,${btoa(JSON.stringify(map))}`;
}

const MAP = { version: 3, sources: ["src/a.jsx"], mappings: "AAAA" };
const ROUTES = {
  "/none.js": "a()",
  "/empty.js": withMap({}),
  "/wrong.js": withMap({ ...MAP, sources: [7], mappings: "!!" }),
  "/nested.js": withMap(Array(50).fill(0).reduce((map) => ({ sections: [{ offset: {}, map }] }), MAP)),
  "/abroad.js": "a()\n//# sourceMappingURL=https://example.org/abroad.js.map",
  "/word.js": `${"a".repeat(3_000_000)}\n`,
  "/outside.js": withMap({ ...MAP, sources: ["javascript:alert(1)"] }),
  "/library.js": withMap({ ...MAP, sources: ["node_modules/ui/a.js"] }),
  "/older.js": withMap({ ...MAP, sourcesContent: ["<b />"] }),
  "/sound.js": withMap({ ...MAP, sourcesContent: ["<p />"] }),
  "/parts.js": withMap({ sections: [{ offset: { line: 0, column: 0 }, map: { ...MAP, sourcesContent: ["<p />"] } }] }),
};

browserTest(
  "findComponent() takes a position from a source map of the page's origin, and from none that does not fit",
  async (page) => {
    await using site = await openPage(page, ROUTES);
    await run(
      page,
      `document.head.append(Object.assign(document.createElement("base"), { href: "https://example.org/" }))`,
    );
    const found: Record<string, Data> = {};
    for (const path of [...Object.keys(ROUTES), "https://example.org/x.js", "file:///etc/passwd", "javascript:1"]) {
      const url = path.startsWith("/") ? new URL(path, site.url).href : path;
      const stack = JSON.stringify(`Error\n    at jsx (http://x/react.js:1:1)\n    at Page (${url}:1:1)`);
      await run(
        page,
        `void (document.querySelector("#deep").__reactFiber$x =
      { _debugOwner: { type: function Page() {} }, _debugStack: { stack: ${stack} } })`,
      );
      found[path] = (await run(page, `source.find("#deep")`)).component;
    }
    const { "/sound.js": sound, "/parts.js": parts, "/older.js": older, ...others } = found;
    assert.deepEqual(sound, { framework: "react", name: "Page", file: "src/a.jsx", line: 1, column: 1 });
    assert.deepEqual(parts, sound);
    assert.deepEqual(older, { framework: "react", name: "Page", file: "src/a.jsx" }, "what is written there is no <p>");
    for (const [path, component] of Object.entries(others)) {
      assert.deepEqual(component, { framework: "react", name: "Page" }, path);
    }
    const fetched: string[] = await run(page, `source.fetched()`);
    assert.deepEqual(fetched.filter((url) => !url.startsWith(site.url)), []);
  },
);

browserTest("findComponent() answers within 2 s what it knows when a source map does not come", async (page) => {
  await using site = await openPage(page);
  await run(page, `globalThis.fetch = () => new Promise(() => {})`);
  const stack = JSON.stringify(`Error\n    at jsx (http://x/react.js:1:1)\n    at Page (${site.url}slow.js:1:1)`);
  await run(
    page,
    `void (document.querySelector("#slow").__reactFiber$x =
    { _debugOwner: { type: function Page() {} }, _debugStack: { stack: ${stack} } })`,
  );
  const { component, milliseconds } = await run(page, `source.find("#slow")`);
  assert.deepEqual(component, { framework: "react", name: "Page" });
  assert.ok(milliseconds < 2_000, `${milliseconds} ms`);
});
