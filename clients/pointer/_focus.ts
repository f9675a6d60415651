import { isHtml, type View } from "./_build.ts";

/** Remembers where the focus and the selection are; what it returns gives them back. */
export function keepFocus(view: View): () => void {
  const { document } = view;
  const focused = innermostFocus(document);
  const selection = document.getSelection();
  const { anchorNode, anchorOffset, focusNode, focusOffset } = selection ?? {};
  return () => {
    if (isHtml(focused) && focused.isConnected && focused !== document.body) focused.focus({ preventScroll: true });
    else if (isHtml(document.activeElement)) document.activeElement.blur();
    // Fields keep their own selection.
    if (isField(focused) || !selection || !anchorNode?.isConnected || !focusNode?.isConnected) return;
    selection.setBaseAndExtent(anchorNode, anchorOffset ?? 0, focusNode, focusOffset ?? 0);
  };
}

/** Gives the overlay the focus; a frame inside this one that has it keeps it, and gets the keys. */
export function takeFocus(view: View, glass: HTMLElement): void {
  const { activeElement } = view.document;
  if (activeElement !== null && "contentWindow" in activeElement) return;
  if (view.document.hasFocus() || view.parent === view) glass.focus({ preventScroll: true });
}

function innermostFocus(document: Document): Element | null {
  let focused = document.activeElement;
  while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
  return focused;
}

function isField(element: Element | null): boolean {
  return element !== null && ["input", "textarea", "select"].includes(element.localName);
}
