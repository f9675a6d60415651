import { isHtml, type View } from "./_build.ts";

/** After which something else may lie on top. */
const HAPPENINGS = ["toggle", "close", "fullscreenchange"];

/** Keeps one element above everything else that the page shows in its top layer. */
export interface TopLayer {
  /** Enters the document, if need be, and goes to the top. */
  raise(): void;
  leave(): void;
  close(): void;
}

/**
 * `canFocus` says whether the shell can be used where it is: behind a modal dialog all is inert, so the shell moves into that dialog.
 * `raised` is called whenever it lies somewhere else than before.
 */
export function createTopLayer(
  view: View,
  shell: HTMLElement,
  { raised, canFocus }: { raised(): void; canFocus(): boolean },
): TopLayer {
  const { document } = view;
  const observer = new view.MutationObserver(onMutations);
  const rootObserver = new view.MutationObserver(onMutations);
  let isIn = false;

  function raise(): void {
    isIn = true;
    const isWell = shell.isConnected && isShown(shell.parentElement);
    if (!isWell || !canFocus()) document.documentElement.append(shell);
    watch();
    reopen();
    if (!canFocus()) moveIntoDialog();
    raised();
  }

  function reopen(): void {
    if (typeof shell.showPopover !== "function") return;
    if (shell.matches(":popover-open")) shell.hidePopover();
    shell.showPopover();
  }

  // Dialogs open in no order that the document tells; the topmost is the one in which the focus can be.
  function moveIntoDialog(): void {
    for (const dialog of [...openModals(document)].reverse()) {
      dialog.append(shell);
      reopen();
      if (canFocus()) return;
    }
    document.documentElement.append(shell);
    reopen();
  }

  function watch(): void {
    observer.observe(document, { subtree: true, attributes: true, attributeFilter: ["open"] });
    // Who renders a whole document anew drops what it does not know.
    rootObserver.observe(document.documentElement, { childList: true });
    for (const type of HAPPENINGS) document.addEventListener(type, onHappening, true);
  }

  function onHappening({ target, type }: Event): void {
    const isLayered = target instanceof view.Element && target.matches("dialog, [popover]");
    if (target !== shell && isIn && (isLayered || type === "fullscreenchange")) raise();
  }

  function onMutations(records: MutationRecord[]): void {
    const hasDialog = records.some(({ target }) => target instanceof view.Element && target.localName === "dialog");
    if (isIn && (hasDialog || !shell.isConnected)) raise();
  }

  function leave(): void {
    isIn = false;
    observer.disconnect();
    rootObserver.disconnect();
    for (const type of HAPPENINGS) document.removeEventListener(type, onHappening, true);
    shell.remove();
  }

  return { raise, leave, close: leave };
}

function isShown(parent: Element | null): boolean {
  return parent !== null && (!isHtml(parent) || parent.localName !== "dialog" || parent.matches(":modal"));
}

function* openModals(root: Document | ShadowRoot): Generator<Element> {
  for (const dialog of root.querySelectorAll("dialog:modal")) yield dialog;
}
