/** What a document's leading comment says: `key: value` lines, an empty line, then a text for its readers. */
export interface FrontMatter {
  /** In the order of their lines; a key may be there twice. */
  values: ReadonlyMap<string, string[]>;
  text: string;
}

/** Reads the comment lines at a document's head. Without an empty line in it, all of the comment is the text. */
export function readFrontMatter(document: string): FrontMatter {
  const [comment = ""] = /^(?:#.*\r?\n)*/.exec(document) ?? [];
  const lines = comment.split(/\r?\n/).map((line) => line.replace(/^# ?/, "").trimEnd()).slice(0, -1);
  const end = lines.indexOf("");
  const values = new Map<string, string[]>();
  for (const line of lines.slice(0, Math.max(end, 0))) {
    const [, key, value] = /^([a-z][\w ]*): *(.*)$/i.exec(line) ?? [];
    if (key === undefined || value === undefined) throw new Error(`its comment's line "${line}" is no "key: value"`);
    values.set(key, [...values.get(key) ?? [], value]);
  }
  return { values, text: lines.slice(end + 1).join(" ").trim() };
}
