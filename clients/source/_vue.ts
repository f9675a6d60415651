import type { Component, Finding, Surroundings } from "./source.ts";
import { parsePosition } from "./_hints.ts";
import { isLibrary, tidySource } from "./_source_names.ts";
import { elementsFrom, read, readText } from "./_untrusted.ts";
import { locateInTemplate } from "./_vue_template.ts";
import { loadVueSource } from "./_vue_source.ts";

/** How many components up the one is looked for that the project wrote. */
const MAX_OWNERS = 20;
const STATIC_VNODE = "Symbol(v-stc)";

/**
 * Vue 3's development builds: each element's virtual node knows in whose template it was written, and that component its file. The line is
 * what an inspector's `data-v-inspector` says, or where exactly one element of the template can be this one.
 */
export function findVue(element: Element, surroundings: Surroundings): Finding | null {
  const written = writerOf(element);
  if (written === null) return null;
  let { writer } = written;
  let used: unknown = null;
  for (let depth = 0; depth < MAX_OWNERS; depth++) {
    const file = fileOf(writer, surroundings.document);
    if (file !== null) break;
    const above = read(writer, "vnode", "ctx");
    if (typeof above !== "object" || above === null) break;
    [used, writer] = [writer, above];
  }
  const file = fileOf(writer, surroundings.document);
  const name = nameOf(used ?? writer) ?? file?.split(/[/\\]/).at(-1)?.replace(/\.\w+$/, "") ?? null;
  if (name === null) return null;
  if (file === null) return { known: { framework: "vue", name } };
  const known = { framework: "vue", name, file };
  const said = used === null ? saidPosition(written, file) : null;
  if (said !== null) return { known: { ...known, ...said } };
  return { known, sought: locate() };

  async function locate(): Promise<Component | null> {
    const source = await loadVueSource(readText(4_096, writer, "type", "__file") ?? "", surroundings);
    if (source === null || written === null) return null;
    const position = locateInTemplate(
      source,
      used === null ? { element: written.element, writer } : { component: name ?? "" },
    );
    return position === null ? null : { ...known, ...position };
  }
}

interface Written {
  element: Element;
  vnode: unknown;
  /** The component instance in whose template it was written. */
  writer: unknown;
}

function writerOf(element: Element): Written | null {
  for (const current of elementsFrom(element)) {
    const vnode = read(current, "__vnode");
    const root = read(current, "_vnode");
    if (!isObject(vnode) && !isObject(root)) continue;
    const writer = read(vnode, "ctx");
    if (current === element || isEmpty(vnode)) return isObject(writer) ? { element: current, vnode, writer } : null;
    const within = isObject(vnode) ? read(vnode, "children") : [root];
    const fixed = read(staticAround(element, current, within, 0), "ctx");
    return isObject(fixed) ? { element, vnode: null, writer: fixed } : null;
  }
  return null;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

// v-html, or another library's element in one that Vue leaves empty.
function isEmpty(vnode: unknown): boolean {
  const children = read(vnode, "children");
  return children === null || (Array.isArray(children) && children.length === 0);
}

// Much static HTML at once is one virtual node, whose elements have none of their own. It may lie in fragments and components.
function staticAround(element: Element, parent: Element, vnodes: unknown, depth: number): unknown {
  if (!Array.isArray(vnodes) || depth > 50) return null;
  for (const vnode of vnodes.slice(0, 10_000)) {
    const type = read(vnode, "type");
    if (typeof type === "string") continue;
    const isStatic = typeof type === "symbol" && type.toString() === STATIC_VNODE;
    if (isStatic && isWithin(element, parent, read(vnode, "el"), read(vnode, "anchor"))) return vnode;
    const inner = typeof type === "symbol" ? read(vnode, "children") : [read(vnode, "component", "subTree")];
    const found = staticAround(element, parent, inner, depth + 1);
    if (found !== null) return found;
  }
  return null;
}

function isWithin(element: Element, parent: Element, first: unknown, last: unknown): boolean {
  let isInside = false;
  for (const node of parent.childNodes) {
    isInside ||= node === first;
    if (isInside && node.contains(element)) return true;
    if (node === last) return false;
  }
  return false;
}

function fileOf(instance: unknown, document: Document): string | null {
  const file = readText(4_096, instance, "type", "__file");
  return file === null || isLibrary(file) ? null : tidySource(file, document);
}

function nameOf(instance: unknown): string | null {
  const type = read(instance, "type");
  return readText(1_000, type, "name") ?? readText(1_000, type, "__name") ?? readText(1_000, type, "displayName");
}

// The attribute of a component's use may land on that component's own root element: then it says another place.
function saidPosition({ element, vnode, writer }: Written, file: string): Pick<Component, "line" | "column"> | null {
  const attribute = "data-v-inspector";
  const value = vnode === null
    ? readText(1_200, { value: element.getAttribute(attribute) }, "value")
    : readText(1_200, vnode, "props", "__v_inspector") ?? readText(1_200, vnode, "props", attribute);
  const said = value === null || value === read(writer, "attrs", attribute) ? null : parsePosition(value);
  if (said === null || !`/${file}`.endsWith(`/${said.file.replace(/^(\.\.\/)+/, "")}`)) return null;
  const { file: _, ...position } = said;
  return position;
}
