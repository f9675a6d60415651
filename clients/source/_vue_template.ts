import { type MarkupNode, parseMarkup, placeOf } from "./_markup.ts";
import { couldBe, isElementTag } from "./_vue_element.ts";
import { read } from "./_untrusted.ts";

/** What is looked for in a template: an element that a component instance wrote, or the only use of a component. */
export type Sought = { element: Element; writer: unknown } | { component: string };

/** Tags that make no element themselves; what is in them may land anywhere. */
const LOOSE = /^(teleport|suspense|keep-?alive|transition(-?group)?|slot|component)$/i;
const MAX_DEPTH = 200;

/** Where a Vue file's template writes what is sought; null unless exactly one place can be it. */
export function locateInTemplate(source: string, sought: Sought): { line: number; column: number } | null {
  const blocks = parseMarkup(source);
  const templates = blocks?.filter(({ tag }) => tag === "template") ?? [];
  const [template] = templates;
  if (template === undefined || templates.length !== 1) return null;
  const nodes = [...descendants(template)];
  if (nodes.some(({ attributes }) => attributes.has("v-pre"))) return null;
  const found = nodes.filter((node) =>
    "component" in sought
      ? plain(node.tag) === plain(sought.component)
      : fits(node, sought.element, sought.writer, template, 0)
  );
  const [only] = found;
  return only === undefined || found.length !== 1 ? null : placeOf(source, only.offset);
}

function* descendants(node: MarkupNode): Generator<MarkupNode> {
  for (const child of node.children) {
    yield child;
    yield* descendants(child);
  }
}

function plain(tag: string): string {
  return tag.replaceAll("-", "").toLowerCase();
}

/** Whether an element can be what the template writes there: by itself, its place among its siblings, and what is around it. */
function fits(node: MarkupNode, element: Element, writer: unknown, template: MarkupNode, depth: number): boolean {
  if (depth > MAX_DEPTH || !isElementTag(node, element)) return false;
  const { above, isLoose } = elementsAbove(node, template);
  if (!couldBe(node, element, writer, above.length === 0)) return false;
  const outer = outerElement(element, writer);
  if (isLoose) {
    return outer === null || above.some((each) => fits(each, outer, writer, template, depth + 1)) || above.length === 0;
  }
  const [direct] = above;
  if (direct === undefined) return outer === null;
  if (outer === null || outer !== element.parentElement) return false;
  return fits(direct, outer, writer, template, depth + 1) && (direct !== node.parent || hasItsPlace(node, element));
}

// The elements around a node, nearest first; loose: something between it and the nearest decides where its content lands.
function elementsAbove(node: MarkupNode, template: MarkupNode): { above: MarkupNode[]; isLoose: boolean } {
  const above: MarkupNode[] = [];
  let isLoose = false;
  for (let current = node.parent; current !== null && current !== template; current = current.parent) {
    if (current.tag === "template" && !isSlotContent(current)) continue;
    if (isMadeElsewhere(current) || isSlotContent(current)) isLoose ||= above.length === 0;
    else above.push(current);
  }
  return { above, isLoose };
}

function isMadeElsewhere({ tag }: MarkupNode): boolean {
  return LOOSE.test(tag) || /^[A-Z]/.test(tag) || tag.includes("-") || tag.includes(".");
}

function isSlotContent({ attributes }: MarkupNode): boolean {
  return [...attributes.keys()].some((name) => name.startsWith("#") || name.startsWith("v-slot"));
}

function outerElement(element: Element, writer: unknown): Element | null {
  for (let current = element.parentElement; current !== null; current = current.parentElement) {
    const vnode = read(current, "__vnode");
    if (vnode !== undefined && read(vnode, "ctx") === writer) return current;
    // Elements of static HTML have no virtual node; they lie in the same template, up to what the app is mounted in.
    if (read(current, "_vnode") !== undefined) return null;
    if (vnode === undefined && read(element, "__vnode") === undefined) return current;
  }
  return null;
}

// Its number among the siblings, counted from the start or from the end, as far as each of those is certainly one element.
function hasItsPlace(node: MarkupNode, element: Element): boolean {
  const [siblings, actual] = [node.parent?.children ?? [], [...element.parentElement?.children ?? []]];
  if (!isOne(node)) return true;
  const [place, index] = [siblings.indexOf(node), actual.indexOf(element)];
  if (siblings.slice(0, place).every(isOne) && place !== index) return false;
  const [after, behind] = [siblings.slice(place + 1), actual.length - 1 - index];
  return !(after.every(isOne) && after.length !== behind);
}

function isOne(node: MarkupNode): boolean {
  const isConditional = ["v-if", "v-else-if", "v-else", "v-for"].some((name) => node.attributes.has(name));
  return !isConditional && node.tag !== "template" && !isMadeElsewhere(node);
}
