import type { View } from "./_build.ts";

/** What people do; nothing of the page hears of it while they point. */
const DEEDS = [
  ..."pointerdown pointerup pointermove pointerover pointerout pointerenter pointerleave pointercancel".split(" "),
  ..."gotpointercapture lostpointercapture mousedown mouseup mousemove mouseover mouseout mouseenter mouseleave".split(
    " ",
  ),
  ..."click dblclick auxclick contextmenu keydown keypress keyup focus blur focusin focusout selectstart".split(" "),
  ..."dragstart drag dragenter dragover dragleave dragend drop copy cut paste".split(" "),
];
const TOUCHES = ["touchstart", "touchmove", "touchend", "touchcancel"];
/** Of these the page hears unless they are about the overlay. */
export const OWN = "beforeinput input compositionstart compositionupdate compositionend beforetoggle toggle"
  .split(" ");

type Listener = (event: Event) => void;
const EARLY = "fingerpostEarlyListeners";

/** Listens at a window before any script of its page does: at `document_start`, in the world in which a pointer may be made later, which then hears by it. */
export function listenEarly(view: View): void {
  if (earlyOf(view) !== null) return;
  const early: { listener: Listener | null } = { listener: null };
  Reflect.set(view, EARLY, early);
  listen(view, (event) => early.listener?.(event));
}

/** Hears what people do at the window, in the capture phase: first of all where `listenEarly` was in time, else after who listened there before. Returns what ends it. */
export function hearDeeds(view: View, listener: Listener): () => void {
  const early = earlyOf(view);
  if (early === null) return listen(view, listener);
  early.listener = listener;
  return () => void (early.listener = null);
}

// A page's elements give their names to the window too, but not as its own.
function earlyOf(view: View): { listener: Listener | null } | null {
  return Object.hasOwn(view, EARLY) ? Reflect.get(view, EARLY) : null;
}

function listen(view: View, listener: Listener): () => void {
  for (const type of [...DEEDS, ...OWN]) view.addEventListener(type, listener, true);
  for (const type of TOUCHES) view.addEventListener(type, listener, { capture: true, passive: true });
  return () => {
    for (const type of [...DEEDS, ...OWN, ...TOUCHES]) view.removeEventListener(type, listener, true);
  };
}
