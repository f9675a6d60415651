// deno-lint-ignore-file no-console -- the table is what a bench is for
// What masking costs a capture, by size, and what hostile texts of 5 MB cost. Medians. Run by hand: `deno task bench:masking`. It passes or fails nothing.
import { maskCapture, maskText } from "../src/elements/masking.ts";
import { fullCaptureInput } from "../tests/support/captures.ts";
import { captureSchema } from "../src/elements/capture_input.ts";
import { SPARED_CASES } from "../tests/support/masking_spared.ts";

const ROW_CLASSES = "flex items-center gap-4 px-3 py-2 hover:bg-slate-50 Row_root__3xK9a";
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

/** Rows as a page's list has them, with all that looks a little like a secret among them; flat, as JSON.parse gives it. */
function typicalHtml(length: number): string {
  const bodies = SPARED_CASES.filter(({ field, value }) => field === "html" && String(value).length < 1_000);
  let page = "";
  for (let index = 0; page.length < length; index++) {
    page += `<li class="${ROW_CLASSES}" id="row-${index}">${bodies[index % bodies.length]?.value}</li>\n`;
  }
  return JSON.parse(JSON.stringify(page.slice(0, length)));
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
