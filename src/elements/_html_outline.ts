import type { HtmlBytes } from "./_html_parts.ts";
import { type HtmlChild, type HtmlNode, readTree } from "./_html_tree.ts";
import { shorten } from "./_shortening.ts";

const MAX_VALUE_LENGTH = 60;
const MAX_TEXT_LENGTH = 80;
/** Classes and their length: the first ones name a thing, the rest of a long list says how it looks. */
const [MAX_CLASSES, MAX_CLASS_LENGTH] = [6, 80];
/** Tags that a line of what was left out names. */
const MAX_TAGS = 4;
const SHOWN = new Set(
  ("id class role type name value href src alt title placeholder for action method open hidden disabled checked selected required " +
    "readonly multiple colspan rowspan scope lang slot part data-testid data-test data-cy").split(" "),
);
const PLAIN_VALUE = /^[\w./#:?=&%@+,~-]+$/;

/**
 * The structure of HTML, at most `maxBytes` bytes of UTF-8: one line for each element, indented, with its key attributes and its own text. Where
 * all is too much, what is deep is left out first; each place where something was left out tells of it. Throws the signal's reason.
 */
export async function outlineHtml(
  { bytes, byteSize }: HtmlBytes,
  { maxBytes, signal }: { maxBytes: number; signal?: AbortSignal },
): Promise<string> {
  // As a stream, so that a character cut in two is left out rather than replaced.
  const html = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes, { stream: true });
  const tree = await readTree(html, {
    isWanted: (name) => SHOWN.has(name) || name.startsWith("aria-"),
    maxValueLength: MAX_VALUE_LENGTH,
    maxTextLength: MAX_TEXT_LENGTH,
    ...(signal ? { signal } : {}),
  });
  const rest = bytes.length < byteSize ? `\n… and what comes after byte ${bytes.length} of ${byteSize}` : "";
  const outline = fitLines(tree, maxBytes - rest.length - "…".length);
  return cutTo(outline + rest, maxBytes);
}

function fitLines(tree: HtmlNode, maxBytes: number): string {
  const lines = linesByLevel(tree, maxBytes);
  let [fitting, beyond] = [0, lines.length + 1];
  let outline = "";
  // The more nodes, the longer, as a rule: the most that fit are found by halves.
  while (beyond - fitting > 1) {
    const middle = (fitting + beyond) >> 1;
    const rendered = render(tree, new Map(lines.slice(0, middle)));
    if (byteLength(rendered) <= maxBytes) [fitting, outline] = [middle, rendered];
    else beyond = middle;
  }
  return fitting > 0 ? outline : firstLine(tree);
}

// Level by level, as many as could fit if nothing were indented or left out.
function linesByLevel(tree: HtmlNode, maxBytes: number): [HtmlNode, string][] {
  const lines: [HtmlNode, string][] = [];
  let bytes = 0;
  for (let level = [tree]; level.length > 0;) {
    level = level.flatMap(({ children }) => children.filter(isNode));
    for (const node of level) {
      const line = lineOf(node);
      bytes += line.length + 1;
      if (bytes > maxBytes + 1) return lines;
      lines.push([node, line]);
    }
  }
  return lines;
}

function render(tree: HtmlNode, lines: ReadonlyMap<HtmlNode, string>): string {
  const rendered: string[] = tree.text === "" ? [] : [JSON.stringify(shorten(tree.text, MAX_TEXT_LENGTH))];
  addChildren(tree.children, "");
  return rendered.join("\n");

  function addChildren(children: readonly HtmlChild[], indent: string): void {
    let missing = new Map<string, number>();
    const shown = new Set<string>();
    for (const child of children) {
      if (child instanceof Map) {
        for (const [tag, count] of child) note(tag, count);
        continue;
      }
      const line = lines.get(child);
      if (line === undefined) {
        note(child.tag, 1);
        continue;
      }
      addMissing();
      rendered.push(indent + line);
      shown.add(child.tag);
      addChildren(child.children, `${indent}  `);
    }
    addMissing();

    function note(tag: string, count: number): void {
      missing.set(tag, (missing.get(tag) ?? 0) + count);
    }

    function addMissing(): void {
      if (missing.size > 0) rendered.push(`${indent}… ${describeMissing(missing, shown)}`);
      missing = new Map();
    }
  }
}

function describeMissing(missing: ReadonlyMap<string, number>, shown: ReadonlySet<string>): string {
  const counts = [...missing].sort(([, one], [, other]) => other - one);
  const named = counts.slice(0, MAX_TAGS).map(([tag, count]) => `${count}${shown.has(tag) ? " more" : ""} ${tag}`);
  const others = counts.slice(MAX_TAGS).reduce((sum, [, count]) => sum + count, 0);
  return [...named, ...(others > 0 ? [`${others} other`] : [])].join(", ");
}

function lineOf({ tag, attributes, text }: HtmlNode): string {
  const values = new Map(attributes.toReversed());
  const [id, classes] = [values.get("id")?.trim() ?? "", values.get("class") ?? ""];
  const shown = attributes.filter(([name]) => name !== "id" && name !== "class").map(([name, value]) =>
    value === "" ? name : `${name}=${PLAIN_VALUE.test(value) ? value : JSON.stringify(value)}`
  );
  return [
    `${tag}${id === "" ? "" : `#${id}`}${classList(classes)}${shown.length > 0 ? `[${shown.join(" ")}]` : ""}`,
    ...(text === "" ? [] : [JSON.stringify(shorten(text, MAX_TEXT_LENGTH))]),
  ].join(" ");
}

function classList(value: string): string {
  const classes = value.split(" ").filter((name) => name !== "");
  const shown = classes.slice(0, MAX_CLASSES).map((name) => `.${name}`).join("");
  return shorten(shown, MAX_CLASS_LENGTH) + (classes.length > MAX_CLASSES ? "…" : "");
}

function firstLine({ text, children }: HtmlNode): string {
  if (text !== "") return JSON.stringify(shorten(text, MAX_TEXT_LENGTH));
  const first = children.find(isNode);
  return first === undefined ? "" : lineOf(first);
}

function isNode(child: HtmlChild): child is HtmlNode {
  return !(child instanceof Map);
}

function cutTo(text: string, maxBytes: number): string {
  const bytes = new Uint8Array(maxBytes);
  const { read } = new TextEncoder().encodeInto(text, bytes);
  return text.slice(0, read);
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
