/** Loads the script in the same-origin frames of a window, now and as they come; those of other origins stay one element. */
export function loadIntoFrames(window: Window, source: string): void {
  const { document } = window;
  for (const frame of document.querySelectorAll("iframe, frame")) loadInto(frame, source);
  // `load` does not bubble: it is caught on its way down.
  document.addEventListener("load", ({ target }) => loadInto(target, source), true);
}

function loadInto(target: EventTarget | null, source: string): void {
  const inner = documentOf(target);
  if (inner === null || inner.readyState === "loading") return;
  if (inner.querySelector(`script[src="${CSS.escape(source)}"]`) !== null) return;
  const script = inner.createElement("script");
  try {
    Reflect.set(script, "src", trusted(inner, source));
  } catch {
    // A page that trusts no URL of ours: its frames stay one element each.
    return;
  }
  (inner.head ?? inner.documentElement)?.append(script);
}

// null for a frame of another origin.
function documentOf(target: EventTarget | null): Document | null {
  const isFrame = target instanceof HTMLIFrameElement || target instanceof HTMLFrameElement;
  return isFrame ? target.contentDocument : null;
}

// Where a page wants it (CSP `require-trusted-types-for`), a URL of a script must say who vouches for it. Trusted Types §2.3
function trusted({ defaultView }: Document, source: string): unknown {
  const factory: unknown = defaultView === null ? undefined : Reflect.get(defaultView, "trustedTypes");
  if (!isFactory(factory)) return source;
  return factory.createPolicy("fingerpost", { createScriptURL: (url) => url }).createScriptURL(source);
}

interface PolicyFactory {
  createPolicy(name: string, rules: { createScriptURL: (url: string) => string }): {
    createScriptURL(url: string): unknown;
  };
}

function isFactory(value: unknown): value is PolicyFactory {
  return typeof value === "object" && value !== null && "createPolicy" in value;
}
