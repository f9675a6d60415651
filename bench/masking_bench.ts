// deno-lint-ignore-file no-console -- the table is what a bench is for
// What masking costs a capture, by size, and what hostile texts of 5 MB cost. Medians. Run by hand: `deno task bench:masking`. It passes or fails nothing.
import { maskCapture, maskText } from "../clients/masking/masking.ts";
import { fullCaptureInput } from "../tests/support/captures.ts";
import { captureSchema } from "../src/elements/capture_input.ts";

/** A row of a shop's list: a link, an image, a button with an icon and an input. */
const ROW =
  `<li class="flex items-center gap-4 px-3 py-2 hover:bg-slate-50 Row_root__3xK9a" data-testid="row-1" id="row-1"><a ` +
  `href="/products/0192f7a4-6b1c-7d3e-9f00-a1b2c3d4e5f6?ref=list&amp;page=2&amp;sort=price#reviews" class="text-sm font-medium" ` +
  `aria-label="Open the product"><img src="https://cdn.example/assets/img-3f2a9c1e8b7d4a5f.png?w=120&amp;h=120" alt="A product" width="120" ` +
  `loading="lazy"><span style="color: rgb(15, 23, 42); --ring: #fff">A name, the key of the code &amp; more</span></a><button type="button" ` +
  `class="btn btn--primary"><svg viewBox="0 0 24 24" fill="none"><path d="M12 4v16m8-8H4M6 18L18 6M6 6l12 12"></path></svg>Add</button>` +
  `<input type="number" name="quantity" value="1" min="1" max="99"></li>\n`;
const HOSTILE = ["<input ", "eyJ.eyJ.", "token=", "&token=a1b2c3d4 ", "<input type=password value=hunter2>"];
const HOSTILE_LENGTH = 5_000_000;
const STYLES = 350;

for (const length of [20_000, 1_000_000]) {
  const page = typicalHtml(length);
  report(`${length / 1_000} kB of typical HTML`, () => maskText(page), length < 100_000 ? 2_000 : 100);
}
const computedStyles = Object.fromEntries(
  Array.from({ length: STYLES }, (_, index) => [`property-${index}`, index % 5 ? "rgb(1, 2, 3)" : "0px 4px 6px -1px"]),
);
const capture = captureSchema.parse(fullCaptureInput({ html: typicalHtml(20_000), computedStyles }));
report(`a capture with 20 kB of HTML and ${STYLES} styles`, () => maskCapture(capture), 2_000);
for (const unit of HOSTILE) {
  const text = unit.repeat(Math.ceil(HOSTILE_LENGTH / unit.length));
  report(`5 MB of ${JSON.stringify(unit)}`, () => maskText(text), 5);
}

/** Flat, as JSON.parse gives it. */
function typicalHtml(length: number): string {
  return JSON.parse(JSON.stringify(ROW.repeat(Math.ceil(length / ROW.length)).slice(0, length)));
}

function report(name: string, work: () => unknown, runs: number): void {
  const times = Array.from({ length: runs }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  const median = times.sort((a, b) => a - b)[runs >> 1] ?? 0;
  console.log(`${name.padEnd(60)} ${median.toFixed(3)} ms`);
}
