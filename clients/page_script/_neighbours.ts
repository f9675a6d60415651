/** Loads the script in the same-origin frames of a window, now and as they come; those of other origins stay one element. */
export function loadIntoFrames(window: Window, source: string): void {
  const { document } = window;
  for (const frame of document.querySelectorAll("iframe, frame")) loadInto(frame);
  // `load` does not bubble: it is caught on its way down.
  document.addEventListener("load", ({ target }) => loadInto(target), true);

  function loadInto(target: EventTarget | null): void {
    const inner = documentOf(target);
    if (
      inner === null || inner.readyState === "loading" || inner.querySelector(`script[src="${CSS.escape(source)}"]`)
    ) return;
    const script = inner.createElement("script");
    script.src = source;
    (inner.head ?? inner.documentElement)?.append(script);
  }
}

// null for a frame of another origin.
function documentOf(target: EventTarget | null): Document | null {
  const isFrame = target instanceof HTMLIFrameElement || target instanceof HTMLFrameElement;
  return isFrame ? target.contentDocument : null;
}
