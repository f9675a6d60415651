import { build, type View } from "./_build.ts";

// Important rules of a shadow root win over a page's important rules about its host.
const SHELL = `
:host { all: initial !important; display: block !important; position: fixed !important; inset: 0 !important;
  width: auto !important; height: auto !important; max-width: none !important; max-height: none !important; margin: 0 !important;
  padding: 0 !important; border: 0 !important; background: none !important; overflow: visible !important; direction: ltr !important;
  pointer-events: none !important; z-index: 2147483647 !important; color-scheme: light dark !important; opacity: 1 !important;
  visibility: hidden !important; }
:host::backdrop { display: none !important; }
@media print { :host { display: none !important; } }
/* What is to be seen is in the layer; who looks for what lies over the page finds nothing in the shell. */
.layer { visibility: visible; position: fixed; inset: 0; font: 500 12px/16px system-ui, sans-serif; text-align: start; color: var(--ink);
  --ink: light-dark(#1d1633, #f3f0ff); --soft: light-dark(#5b5570, #b9b3cf); --card: light-dark(#fff, #1e1b2b);
  --line: light-dark(#d9d4e8, #453f5c); --accent: light-dark(#6d28d9, #a78bfa); --on-accent: light-dark(#fff, #170b33);
  --fill: light-dark(rgb(109 40 217 / 0.1), rgb(167 139 250 / 0.16)); --ring: light-dark(rgb(255 255 255 / 0.9), rgb(10 6 25 / 0.85));
  --shadow: 0 1px 2px rgb(10 5 30 / 0.2), 0 6px 20px rgb(10 5 30 / 0.24); }
.layer *, .layer *::before, .layer *::after { box-sizing: border-box; }
.layer[data-hidden] > .parts { visibility: hidden; }
.layer svg { width: 14px; height: 14px; flex: none; fill: none; stroke: currentColor; stroke-width: 1.75; stroke-linecap: round;
  stroke-linejoin: round; }
.glass { position: fixed; inset: 0; pointer-events: auto; cursor: crosshair; outline: none; touch-action: pan-x pan-y pinch-zoom; }
.live { position: fixed; inset: 0 auto auto 0; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
`;

const BOXES = `
.outline { position: fixed; inset: 0 auto auto 0; border: 2px solid var(--accent); border-radius: 3px; background: var(--fill);
  box-shadow: 0 0 0 1px var(--ring), inset 0 0 0 1px var(--ring); }
.outline.taken { border-style: dashed; background: none; }
.outline .chip { position: absolute; inset: 0 auto auto 0; display: grid; place-items: center; min-width: 22px; height: 22px; padding: 0 5px;
  border-radius: 11px; background: var(--accent); color: var(--on-accent); box-shadow: 0 0 0 1.5px var(--ring), var(--shadow);
  font-weight: 600; font-variant-numeric: tabular-nums; }
.outline.flash { border-width: 3px; animation: flash 0.6s ease-in-out 3; }
.tip { position: fixed; inset: 0 auto auto 0; display: flex; gap: 8px; align-items: center; max-width: calc(100vw - 16px); padding: 4px 8px;
  border-radius: 6px; background: var(--card); color: var(--ink); box-shadow: 0 0 0 1px var(--line), var(--shadow); white-space: nowrap; }
.tip > * { overflow: hidden; text-overflow: ellipsis; flex: 0 1 auto; min-width: 0; }
.tip .tag { font: 600 12px/16px ui-monospace, monospace; color: var(--accent); flex-shrink: 2; max-width: 40ch; }
.tip .component { font-weight: 600; }
.tip .component:empty { display: none; }
.tip .size { color: var(--soft); font-variant-numeric: tabular-nums; flex: none; }
@keyframes flash { 50% { background: color-mix(in srgb, var(--accent) 45%, transparent); } }
`;

const MARKS = `
.mark { position: fixed; inset: 0 auto auto 0; display: flex; align-items: center; gap: 4px; height: 24px; min-width: 24px;
  padding: 0 6px; border-radius: 12px; background: var(--accent); color: var(--on-accent); box-shadow: 0 0 0 1.5px var(--ring), var(--shadow);
  font-weight: 600; font-variant-numeric: tabular-nums; white-space: nowrap; transition: opacity 0.2s; }
.mark .number { min-width: 12px; text-align: center; }
.mark .word { overflow: hidden; max-width: 40ch; text-overflow: ellipsis; animation: tuck 0.3s 3s forwards; }
.mark[data-state=queued], .mark[data-state=sending] { background: var(--card); color: var(--ink); outline: 2px dashed var(--accent);
  outline-offset: -2px; }
.mark[data-state=seen] { background: light-dark(#1d4ed8, #93c5fd); color: light-dark(#fff, #0b1b3d); }
.mark[data-state=resolved] { background: light-dark(#15702f, #86efac); color: light-dark(#fff, #062b12); }
.mark[data-state=dismissed] { background: light-dark(#57534e, #a8a29e); color: light-dark(#fff, #1c1917); }
.mark[data-state=failed] { background: light-dark(#b91c1c, #fca5a5); color: light-dark(#fff, #3b0606); }
.mark[data-state=failed] .word { animation: none; }
.mark[data-state=sending] svg { animation: turn 1s linear infinite; }
.mark[data-away], .mark[data-gone] { opacity: 0; }
.mark[data-gone] { transition: opacity 1.5s; }
@keyframes tuck { to { max-width: 0; margin-inline-start: -4px; } }
@keyframes turn { to { rotate: 1turn; } }
`;

const NOTE = `
.note { position: fixed; inset: 0 auto auto 0; width: min(320px, calc(100vw - 16px)); max-height: calc(100vh - 16px); padding: 10px; margin: 0;
  border-radius: 12px; background: var(--card); box-shadow: 0 0 0 1px var(--line), var(--shadow); pointer-events: auto; cursor: default;
  display: flex; flex-direction: column; gap: 8px; }
.note[data-aside] { opacity: 0.25; pointer-events: none; }
.note .head { display: flex; gap: 8px; align-items: center; min-width: 0; }
.note .number { display: grid; place-items: center; flex: none; min-width: 20px; height: 20px; padding: 0 4px; border-radius: 10px;
  background: var(--accent); color: var(--on-accent); font-weight: 600; }
.note .what { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font: 500 12px/16px ui-monospace, monospace; color: var(--soft); }
.note textarea { font: 400 14px/20px system-ui, sans-serif; color: var(--ink); background: light-dark(#f7f5fc, #15121f); border: 1px solid
  light-dark(#8a83a0, #77708f); border-radius: 8px; padding: 7px 9px; margin: 0; min-height: 56px; max-height: 40vh; field-sizing: content;
  resize: none; width: 100%; outline: none; user-select: text; }
.note textarea::placeholder { color: var(--soft); opacity: 1; }
.note textarea:focus-visible { border-color: var(--accent); box-shadow: 0 0 0 1px var(--accent); }
.note .foot { display: flex; gap: 6px; align-items: center; }
.note .keys { flex: 1; min-width: 0; white-space: pre-wrap; font-weight: 400; color: var(--soft); }
.note button { font: 600 12px/16px system-ui, sans-serif; padding: 6px 12px; border-radius: 8px; border: 1px solid transparent; margin: 0;
  background: none; color: var(--ink); cursor: pointer; }
.note button:hover { background: var(--fill); }
.note button.send { background: var(--accent); color: var(--on-accent); }
.note button.send:hover { background: light-dark(#5b21b6, #c4b5fd); }
.note button:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.note[data-warns] .keys { color: light-dark(#b91c1c, #fca5a5); font-weight: 600; }
.hint { position: fixed; inset: auto 0 12px 0; margin: 0 auto; width: fit-content; max-width: calc(100vw - 16px); display: flex; flex-wrap: wrap;
  justify-content: center; gap: 4px 14px; padding: 7px 14px; border-radius: 16px; background: var(--card); color: var(--soft);
  box-shadow: 0 0 0 1px var(--line), var(--shadow); }
.hint[data-above] { inset: 12px 0 auto 0; }
.hint b, .note b { font-weight: 600; color: var(--ink); }
`;

const PREFERENCES = `
@media (prefers-reduced-motion: reduce) {
  .layer *, .layer *::before { animation-duration: 0.001s !important; animation-iteration-count: 1 !important; transition: none !important; }
  .outline.flash { background: color-mix(in srgb, var(--accent) 35%, transparent); }
}
@media (forced-colors: active) {
  .layer { --accent: Highlight; --on-accent: HighlightText; --card: Canvas; --ink: CanvasText; --soft: CanvasText; --line: CanvasText;
    --ring: Canvas; }
  .outline { border-color: Highlight; forced-color-adjust: none; background: none; }
  .tip, .note, .hint, .mark, .note button { border: 1px solid CanvasText; }
  .mark[data-state] { background: Canvas; color: CanvasText; }
  .note .number { forced-color-adjust: none; }
}
@media (max-width: 420px) { .hint .wide { display: none; } }
`;

/**
 * Gives a shadow root the overlay's styles, by ways that no content security policy forbids. What it returns is called whenever the root
 * entered the document.
 */
export function adoptStyles(view: View, root: ShadowRoot): () => void {
  const text = SHELL + BOXES + MARKS + NOTE + PREFERENCES;
  try {
    const sheet = new view.CSSStyleSheet();
    sheet.replaceSync(text);
    root.adoptedStyleSheets = [sheet];
    return () => {};
  } catch {
    // Firefox refuses a content script's sheets (its bug 1928865); rules put into an empty element's sheet are not inline styles.
    const element = build(view.document, "style");
    root.append(element);
    return () => insertRules(view, element, text);
  }
}

// An element's sheet exists only in a document, and anew each time that it enters one.
function insertRules(view: View, element: HTMLElement, text: string): void {
  const sheet = element instanceof view.HTMLStyleElement ? element.sheet : null;
  if (sheet === null || sheet.cssRules.length > 0) return;
  // A rule begins where a line does; what is in it is indented.
  for (const rule of text.trim().split(/\n+(?=[.:@])/)) sheet.insertRule(rule, sheet.cssRules.length);
}
