import type { Component, Finding } from "./source.ts";
import { isLibrary } from "./_source_names.ts";
import { elementsFrom } from "./_untrusted.ts";

/** Attributes by which builds and servers say where an element was written: file with position, or file alone with others beside it. */
const HINTS: { file: string; loc?: string; line?: string; column?: string; framework?: string; fromZero?: true }[] = [
  { file: "data-v-inspector", framework: "vue" },
  { file: "data-ng-source-location", framework: "angular", fromZero: true },
  { file: "data-source-loc", framework: "solid" },
  {
    file: "data-inspector-relative-path",
    line: "data-inspector-line",
    column: "data-inspector-column",
    framework: "react",
  },
  { file: "data-inspector-file", line: "data-inspector-line", column: "data-inspector-column" },
  { file: "data-component-file", line: "data-component-line", column: "data-component-column" },
  { file: "data-component-path", line: "data-component-line", column: "data-component-column" },
  { file: "data-source-file", loc: "data-source-position", line: "data-source-line", column: "data-source-column" },
  { file: "data-locatorjs" },
  { file: "data-insp-path" },
  { file: "data-lov-id" },
  { file: "data-source" },
  { file: "data-loc" },
];
const NAMES = ["data-component-name", "data-inspector-component-name", "data-component"];
const SOURCE_FILE =
  /\.(astro|[cm]?[jt]sx?|vue|svelte|x?html?|mdx?|php|erb|haml|slim|ejs|hbs|mustache|pug|twig|liquid|jinja2?|j2|njk|(cs|vb)html|razor|jspx?|h?eex|ex|templ|tmpl|gohtml|go|py|rb|marko|elm|clj[cs]?)$/i;
const FRAMEWORK_OF: Record<string, string> = { astro: "astro", vue: "vue", svelte: "svelte" };
const MAX_LENGTH = 1_200;

/** What the nearest attributes at or around an element say of its source; whatever does not look like a source file is not believed. */
export function findHint(element: Element): Finding | null {
  for (const current of elementsFrom(element)) {
    for (const hint of HINTS) {
      const value = attribute(current, hint.file);
      const component = value === null ? null : readHint(current, value, hint);
      if (component !== null) return { known: component };
    }
  }
  return null;
}

/** "src/App.vue:8:3" in its parts, also as Angular writes it: "src/app.html@o:90,l:7,c:2"; null: no source file. */
export function parsePosition(value: string): Pick<Component, "file" | "line" | "column"> & { file: string } | null {
  const angular = /^(.+)@o:\d{1,9},l:(\d{1,7}),c:(\d{1,7})$/.exec(value);
  const [, file = "", line, column] = angular ?? /^(.+?)(?::(\d{1,7}))?(?::(\d{1,7}))?(?::[\w.-]+)?$/.exec(value) ?? [];
  if (!SOURCE_FILE.test(file) || /^[a-z]{2,}:|[\n\0<>"|*?]|^\/\//i.test(file) || isLibrary(file)) return null;
  return {
    file: file.replace(/^\.\//, ""),
    ...(line === undefined ? {} : { line: Number(line) }),
    ...(column === undefined ? {} : { column: Number(column) }),
  };
}

function readHint(element: Element, value: string, hint: (typeof HINTS)[number]): Component | null {
  const loc = hint.loc === undefined ? null : attribute(element, hint.loc);
  const beside = [hint.line, hint.column].map((name) => name === undefined ? null : attribute(element, name));
  const [line, column] = loc?.split(":") ?? beside;
  const position = parsePosition([value, line, column].filter(isNumberOrFile).join(":"));
  if (position === null) return null;
  if (hint.fromZero && position.line !== undefined) position.line++;
  if (hint.fromZero && position.column !== undefined) position.column++;
  const [, base = position.file, extension = ""] = /([^/\\]+?)\.(\w+)$/.exec(position.file) ?? [];
  const name = NAMES.map((name) => attribute(element, name)).find((name) => name !== null) ?? base;
  return { framework: hint.framework ?? FRAMEWORK_OF[extension.toLowerCase()] ?? "page", name, ...position };
}

function isNumberOrFile(part: string | null | undefined, index: number): part is string {
  return typeof part === "string" && (index === 0 || /^\d{1,7}$/.test(part));
}

function attribute(element: Element, name: string): string | null {
  const value = element.getAttribute(name);
  return value !== null && value !== "" && value.length <= MAX_LENGTH && value.isWellFormed() ? value : null;
}
