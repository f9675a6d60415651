/** Every line break that a reader may take for one. */
// deno-lint-ignore no-control-regex
const BREAKS = /\r\n|[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]/g;
/** Controls, marks that turn the order of a line round, and tags, which are read but not seen. */
// deno-lint-ignore no-control-regex
const HIDDEN = /[\0-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069]|[\u{e0000}-\u{e007f}]/gu;
/** A text in which there is nothing to look for: most are of these. */
const PLAIN = /^[\x20-\x7e]*$/;
/** What may stand without quotes between our own words. */
const WORDS = /^[\p{L}\p{N}_@$#.,:/\\()[\]<>+~!?&=%* '-]{1,200}$/u;
/** A fence for more backticks would cost more than what it holds: so many in a row are shown shortened. */
const MAX_BACKTICKS = 32;
const LONG_RUNS = new RegExp(`\`{${MAX_BACKTICKS + 1},}`, "g");
const MAX_SPAN_BACKTICKS = 4;

/** A text that takes one line, whoever wrote it: its line breaks are shown as ⏎. */
export function oneLine(text: string): string {
  return PLAIN.test(text) ? text : showHidden(text.replace(BREAKS, "⏎"));
}

/** A text between our own words, that none of it can be taken for: in quotes unless it is plain. */
export function word(text: string): string {
  return WORDS.test(text) ? text : quoted(text);
}

/** A text in quotes, on one line. */
export function quoted(text: string): string {
  return JSON.stringify(oneLine(text));
}

/** A text as code within a line (CommonMark §6.1). */
export function codeSpan(text: string): string {
  const line = oneLine(text);
  const run = longestRun(line);
  if (run > MAX_SPAN_BACKTICKS) return quoted(line);
  const fence = "`".repeat(run + 1);
  return run === 0 ? `${fence}${line}${fence}` : `${fence} ${line} ${fence}`;
}

/** Whether a text has more than one line. */
export function hasBreaks(text: string): boolean {
  return text.search(BREAKS) !== -1;
}

/** A text in a fence that nothing in it closes (CommonMark §4.5). */
export function fenced(text: string, language = ""): string {
  const lines = showHidden(text.replace(BREAKS, "\n").replace(LONG_RUNS, (run) => `${run.slice(0, MAX_BACKTICKS)}…`));
  const fence = "`".repeat(Math.max(3, longestRun(lines) + 1));
  return `${fence}${language}\n${lines}\n${fence}`;
}

function showHidden(text: string): string {
  return text.toWellFormed().replace(HIDDEN, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

function longestRun(text: string): number {
  let longest = 0;
  for (let from = text.indexOf("`"); from !== -1; from = text.indexOf("`", from)) {
    const begin = from;
    while (text.charCodeAt(from) === 0x60) from += 1;
    longest = Math.max(longest, from - begin);
  }
  return longest;
}
