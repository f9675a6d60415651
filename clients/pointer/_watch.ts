/** What may be otherwise of an element: where it is, or all of it. */
export type Stirred = "place" | "all";

/** Watches what can change an element: itself, what holds it, the page's styles, its size and place. */
export interface Watch {
  /** Watches on; a watch that stirred rests until then, however much changes. */
  resume(): void;
  /** The open shadow roots that hold the element. */
  roots(): ShadowRoot[];
  close(): void;
}

/** Of an element with more parts, the shadow trees further on are not watched. */
const MAX_PARTS = 1_000;

/** Builds the watch of one element. `stirred` is called at most twice between two calls of `resume`: once for each. */
export function watchElement(
  view: Window & typeof globalThis,
  element: Element,
  stirred: (what: Stirred) => void,
): Watch {
  const { document } = view;
  const changes = new view.MutationObserver(() => {
    // Records are made for each change: nobody reads them, so the first is enough.
    changes.disconnect();
    stirred("all");
  });
  let size = sizeOf(element);
  // It tells of the first size too, but of none.
  const sizes = new view.ResizeObserver(() => {
    if (sizeOf(element) !== size) stirred("all");
    size = sizeOf(element);
  });
  let sentry: IntersectionObserver | null = null;
  let roots: ShadowRoot[] = [];
  sizes.observe(element);
  resume();
  return { resume, close, roots: () => roots };

  function resume(): void {
    changes.disconnect();
    const all = { attributes: true, childList: true, characterData: true, subtree: true };
    for (const inside of [element, ...shadowRootsIn(element)]) changes.observe(inside, all);
    roots = [];
    for (let node: Node | null = element.parentNode; node !== null; node = above(node)) {
      changes.observe(node, { attributes: node.nodeType === 1, childList: true });
      if (isShadowRoot(node)) roots.push(node);
    }
    if (document.head !== null) changes.observe(document.head, { childList: true, characterData: true, subtree: true });
    post();
  }

  // An observer whose root is cut to the element's box sees each step out of it, whatever moved the element.
  function post(threshold = 1): void {
    sentry?.disconnect();
    const { left, top, right, bottom, width, height } = element.getBoundingClientRect();
    if (width === 0 || height === 0) return;
    const { clientWidth, clientHeight } = document.documentElement;
    const margins = [top, clientWidth - right, clientHeight - bottom, left].map((inset) => `${-Math.floor(inset)}px`);
    let isFirst = true;
    const current = new view.IntersectionObserver(([entry]) => {
      if (sentry !== current || entry === undefined) return;
      // The first comes with the next frame: until then it may have moved already.
      const { x, y } = entry.boundingClientRect;
      if (!isFirst || x !== left || y !== top) return leave(current);
      isFirst = false;
      // A part that is clipped is not missed; of what can't be seen at all, scrolling tells.
      const { intersectionRatio } = entry;
      if (intersectionRatio > 0 && intersectionRatio < threshold) post(intersectionRatio);
    }, { root: document, rootMargin: margins.join(" "), threshold });
    sentry = current;
    current.observe(element);
  }

  function leave(current: IntersectionObserver): void {
    current.disconnect();
    stirred("place");
  }

  function close(): void {
    changes.disconnect();
    sizes.disconnect();
    sentry?.disconnect();
    sentry = null;
  }
}

/** Watches for an element that is to come: what is added to the document or to shadow roots. Rests as `watchElement` does. */
export function watchForArrivals(
  view: Window & typeof globalThis,
  roots: ShadowRoot[],
  stirred: () => void,
): Pick<Watch, "resume" | "close"> {
  const changes = new view.MutationObserver(() => {
    changes.disconnect();
    stirred();
  });
  resume();
  return { resume, close: () => changes.disconnect() };

  function resume(): void {
    changes.disconnect();
    for (const root of [view.document, ...roots]) {
      if (root.isConnected) changes.observe(root, { childList: true, subtree: true });
    }
  }
}

function sizeOf(element: Element): string {
  const { width, height } = element.getBoundingClientRect();
  return `${width} ${height}`;
}

// Out of shadow trees too.
function above(node: Node): Node | null {
  return isShadowRoot(node) ? node.host : node.parentNode;
}

// By what nodes say of themselves: an extension's `ShadowRoot` is not the page's.
function isShadowRoot(node: Node): node is ShadowRoot {
  return node.nodeType === 11 && "host" in node;
}

function shadowRootsIn(element: Element): ShadowRoot[] {
  const found: ShadowRoot[] = [];
  const scopes: (Element | ShadowRoot)[] = [element];
  let left = MAX_PARTS;
  if (element.shadowRoot !== null) {
    found.push(element.shadowRoot);
    scopes.push(element.shadowRoot);
  }
  for (let scope = scopes.pop(); scope !== undefined; scope = scopes.pop()) {
    for (const part of scope.querySelectorAll("*")) {
      if (--left < 0) return found;
      if (part.shadowRoot === null) continue;
      found.push(part.shadowRoot);
      scopes.push(part.shadowRoot);
    }
  }
  return found;
}
