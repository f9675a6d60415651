/** The root of a document or of a shadow tree. */
export type Root = Document | ShadowRoot;

// By what nodes say of themselves: `instanceof` knows those of one window alone, and an extension's has others.
/** Whether a node is an element. */
export function isElement(node: Node): node is Element {
  return node.nodeType === 1;
}

/** Whether a node is a text or a CDATA section. */
export function isText(node: Node): node is Text {
  return node.nodeType === 3 || node.nodeType === 4;
}

/** Whether a node is the root of a shadow tree. */
export function isShadowRoot(node: Node): node is ShadowRoot {
  return node.nodeType === 11 && "host" in node;
}

/** Whether a node is a document. */
export function isDocument(node: Node): node is Document {
  return node.nodeType === 9;
}

/** Whether an element is one of HTML, so that its tag says what it is. */
export function isHtml(element: Element): element is HTMLElement {
  return element.namespaceURI === "http://www.w3.org/1999/xhtml";
}

/** Whether an element is such an HTML element. */
export function isTag<Name extends keyof HTMLElementTagNameMap>(
  element: Element,
  name: Name,
): element is HTMLElementTagNameMap[Name] {
  return element.localName === name && isHtml(element);
}

/** The element above, out of an open or closed shadow tree too; null: none. */
export function parentOf(element: Element): Element | null {
  const parent = element.parentNode;
  if (parent === null) return null;
  if (isElement(parent)) return parent;
  return isShadowRoot(parent) ? parent.host : null;
}

/** The elements right below, those of an open shadow tree first. */
export function childrenOf(element: Element): Element[] {
  const children: Element[] = [];
  for (const parent of element.shadowRoot === null ? [element] : [element.shadowRoot, element]) {
    for (let child = parent.firstElementChild; child !== null; child = child.nextElementSibling) children.push(child);
  }
  return children;
}

/** Text as it reads on one line. */
export function onOneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

/** The roots that an element stands in, its own first and the document last. */
export function rootsAbove(element: Element): Root[] {
  const roots: Root[] = [];
  for (let root = element.getRootNode(); isShadowRoot(root); root = root.host.getRootNode()) roots.push(root);
  return [...roots, element.ownerDocument];
}

/** The value of an attribute as selectors see it: components may override `getAttribute`. null: none. */
export function attributeOf(element: Element, name: string): string | null {
  return element.getAttributeNode(name)?.value ?? null;
}
