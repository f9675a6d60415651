import assert from "node:assert/strict";
import fc from "fast-check";
import { outlineHtml } from "../src/elements/_html_outline.ts";
import { capture, captureInput, createProject } from "./support/captures.ts";
import { type RunningApp, startApp } from "./support/running_app.ts";

async function startWithProject(): Promise<RunningApp> {
  const app = await startApp();
  await createProject(app, app.token);
  return app;
}

/** What one element's field is, after it was captured with these fields. */
async function view(app: RunningApp, fields: Record<string, unknown>, field: string) {
  const id = await capture(app, app.token, captureInput(fields));
  return (await app.ask(`query ($id: ID!) { element(id: $id) { ${field} } }`, { id }, app.token)).element;
}

async function refusal(app: RunningApp, fields: Record<string, unknown>, field: string): Promise<string> {
  const id = await capture(app, app.token, captureInput(fields));
  const { errors } = await app.graphql(`query ($id: ID!) { element(id: $id) { ${field} } }`, { id }, app.token);
  return `${errors?.[0]?.extensions.code}: ${errors?.[0]?.message}`;
}

Deno.test("keyStyles leaves out defaults, whatever the names are like, and keeps values of any kind", async () => {
  await using app = await startWithProject();
  const computedStyles = {
    display: "inline-block",
    paddingTop: "4px",
    "padding-top": "6px",
    "--brand": " #fff",
    opacity: 0.5,
    zIndex: 7,
    "z-index": null,
    WebkitLineClamp: "2",
    fontWeight: { kind: "bold" },
    order: [1, true],
    "-moz-unknown": "x",
    "not-yet-known": "none",
    "newly-known": "round",
    boxSizing: "border-box",
    "background-image": `url("data:image/png;base64,${"A".repeat(1_000)}")`,
    cssText: "display: block",
    0: "display",
    length: 1,
  };
  const { keyStyles } = await view(app, { tagName: "BUTTON", computedStyles }, "keyStyles");
  const { "background-image": image, ...rest } = keyStyles;
  assert.deepEqual(Object.entries(rest), [
    ["z-index", 7],
    ["order", [1, true]],
    ["padding-top", "6px"],
    ["opacity", 0.5],
    ["font-weight", { kind: "bold" }],
    ["-webkit-line-clamp", "2"],
    ["newly-known", "round"],
    ["--brand", " #fff"],
  ]);
  assert.equal(image.length, 300);
  assert.deepEqual((await view(app, { tagName: "constructor", computedStyles: {} }, "keyStyles")).keyStyles, {});
});

Deno.test("keyStyles answers for any tag, attributes and styles", async () => {
  await using app = await startWithProject();
  const words = [
    "display",
    "__proto__",
    "constructor",
    "paddingTop",
    "border-top-width",
    "border-top-style",
    "width",
    "--x",
  ];
  const name = fc.oneof(
    fc.string().filter((text) => text.isWellFormed() && !text.includes("\0")),
    fc.constantFrom(...words),
  );
  const json = fc.dictionary(
    name,
    fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom("1px", "auto", "none", "NaNpx")),
  );
  const tag = fc.oneof(fc.constantFrom("INPUT", "a", "__proto__", "svg"), name.filter((text) => text !== ""));
  await fc.assert(
    fc.asyncProperty(tag, json, json, async (tagName, attributes, computedStyles) => {
      const { keyStyles } = await view(app, { tagName, attributes, computedStyles }, "keyStyles");
      assert.ok(Object.keys(keyStyles).length <= Object.keys(computedStyles).length);
    }),
    { numRuns: 60 },
  );
});

const PAGE =
  `<main id="shop" class="grid  wide"><!-- secret --><script>if (a < b) alert("hidden")</script><style>p { color: red }</style>
  <h1>Chairs &amp; <em>lamps</em> for you</h1><ul class="cards">${
    `<li class="card"><a href="/x">Chair</a>`.repeat(20)
  }</ul>
  <img src="data:image/png;base64,${
    "A".repeat(300)
  }" alt="A “chair”"><input type=search name=q aria-label='Find it'><p>one<p>two</main>`;

Deno.test("htmlOutline shows structure, key attributes and short texts, and counts what it leaves out", async () => {
  await using app = await startWithProject();
  const { htmlOutline } = await view(app, { html: PAGE }, "htmlOutline");
  const items = Array.from({ length: 8 }, () => `    li.card\n      a[href=/x] "Chair"\n`).join("");
  assert.equal(
    htmlOutline,
    `main#shop.grid.wide
  script
  style
  h1 "Chairs &amp; … for you"
    em "lamps"
  ul.cards
${items}    … 12 more li
  img[src="data:image/png;base64,${"A".repeat(37)}…" alt="A “chair”"]
  input[type=search name=q aria-label="Find it"]
  p "one"
  p "two"`,
  );
  const { htmlOutline: short } = await view(app, { html: PAGE }, "htmlOutline(maxBytes: 160)");
  assert.equal(
    short,
    'main#shop.grid.wide\n  script\n  style\n  h1 "Chairs &amp; … for you"\n    … 1 em\n  ul.cards\n    … 20 li\n  … 2 p, 1 img, 1 input',
  );
});

Deno.test("htmlOutline answers for any HTML, and never with more bytes than were asked for", async () => {
  await using app = await startWithProject();
  const piece = fc.oneof(
    fc.constantFrom(
      "<div",
      ">",
      "</div>",
      "<li>",
      "</ul>",
      "<!--",
      "-->",
      "<script>",
      "</",
      "<p class='é",
      '"',
      "'",
      "<svg><title/>",
      "&",
      "<a b=",
      "\u{1F4B3}",
    ),
    fc.string({ unit: "binary", maxLength: 5 }),
  );
  const html = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join("")).filter((text) =>
    text.isWellFormed()
  );
  await fc.assert(
    fc.asyncProperty(html, fc.integer({ min: 1, max: 300 }), async (html, maxBytes) => {
      const { htmlOutline } = await view(app, { html }, `htmlOutline(maxBytes: ${maxBytes})`);
      assert.ok(new TextEncoder().encode(htmlOutline).length <= maxBytes, htmlOutline);
      assert.ok(htmlOutline.isWellFormed());
    }),
    { numRuns: 60 },
  );
  for (const maxBytes of [0, -1, 100_001]) {
    assert.match(await refusal(app, {}, `htmlOutline(maxBytes: ${maxBytes})`), /^INVALID_INPUT: Cannot take maxBytes/);
  }
});

Deno.test("parts of HTML, each from where the one before ended, are the whole HTML", async () => {
  await using app = await startWithProject();
  const piece = fc.oneof(
    fc.constantFrom(
      `<div title="a > b">`,
      "</div>",
      "text ",
      "é",
      "\u{1F4B3}",
      "<br>",
      "<!-- <p> -->",
      "<script>1</script>",
      "<",
    ),
    fc.string({ unit: "binary", maxLength: 5 }),
  );
  const html = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join("")).filter((text) =>
    text.isWellFormed()
  );
  await fc.assert(
    fc.asyncProperty(html, fc.integer({ min: 1, max: 60 }), async (html, maxBytes) => {
      const id = await capture(app, app.token, captureInput({ html }));
      const part = `query ($id: ID!, $after: Int!, $maxBytes: Int!) {
        element(id: $id) { htmlPart(after: $after, maxBytes: $maxBytes) { html after end htmlByteSize hasMore } }
      }`;
      const parts: string[] = [];
      for (let after = 0, hasMore = true; hasMore;) {
        const { htmlPart } = (await app.ask(part, { id, after, maxBytes }, app.token)).element;
        const size = new TextEncoder().encode(htmlPart.html).length;
        assert.deepEqual([htmlPart.after, htmlPart.end], [after, after + size]);
        assert.ok(size <= maxBytes || [...htmlPart.html].length === 1, `${size} bytes of at most ${maxBytes}`);
        assert.equal(htmlPart.htmlByteSize, new TextEncoder().encode(html).length);
        assert.equal(htmlPart.hasMore, htmlPart.end < htmlPart.htmlByteSize);
        parts.push(htmlPart.html);
        [after, hasMore] = [htmlPart.end, htmlPart.hasMore];
      }
      assert.equal(parts.join(""), html);
    }),
    { numRuns: 60 },
  );
});

Deno.test("a part of HTML ends between tags where it can, and begins only where a character does", async () => {
  await using app = await startWithProject();
  const html = `<p title="1 > 2 <b>">é</p><p>${"x".repeat(50)}</p>`;
  const part = async (args: string) => (await view(app, { html }, `htmlPart(${args}) { html hasMore }`)).htmlPart;
  assert.deepEqual(await part("maxBytes: 25"), { html: `<p title="1 > 2 <b>">é`, hasMore: true });
  assert.deepEqual(await part("maxBytes: 27"), { html: `<p title="1 > 2 <b>">é</p>`, hasMore: true });
  assert.deepEqual(await part("maxBytes: 19"), { html: `<p title="1 > 2 <b>`, hasMore: true });
  assert.deepEqual(await part("after: 27, maxBytes: 20"), { html: "<p>", hasMore: true });
  assert.deepEqual(await part("after: 30, maxBytes: 20"), { html: "x".repeat(20), hasMore: true });
  assert.deepEqual(await part("after: 30"), { html: `${"x".repeat(50)}</p>`, hasMore: false });
  assert.deepEqual(await part("after: 21, maxBytes: 1"), { html: "é", hasMore: true });
  assert.deepEqual(await part("after: 84"), { html: "", hasMore: false });
  for (const args of ["after: 22", "after: 85", "after: -1", "after: 2147483647", "maxBytes: 0", "maxBytes: 1000001"]) {
    assert.match(await refusal(app, { html }, `htmlPart(${args}) { html }`), /^INVALID_INPUT: Cannot/, args);
  }
});

Deno.test("megabytes of hostile HTML are read in slices that other work runs between, and until the caller goes away", async () => {
  for (const piece of ["<div>", "<li>x", "<a b=c ", "<!--", "<x y='"]) {
    const bytes = new TextEncoder().encode(piece.repeat(2_000_000 / piece.length));
    let slices = 0;
    const controller = new AbortController();
    const count = () => {
      if (++slices === 3) controller.abort(new Error("gone"));
      else setImmediate(count);
    };
    setImmediate(count);
    const html = { bytes, byteSize: bytes.length };
    // Enough for any machine: the text is read again until the third slice.
    const work = async () => {
      for (;;) await outlineHtml(html, { maxBytes: 4_000, signal: controller.signal });
    };
    await assert.rejects(work(), { message: "gone" }, piece);
  }
});
