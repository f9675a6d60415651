/** The panel's looks. Important rules of a shadow root win over a page's important rules about its host. */
export const PANEL_STYLES = `
:host { all: initial !important; position: fixed !important; inset: auto 1rem 1rem auto !important; display: block !important;
  z-index: 2147483646 !important; color-scheme: light dark !important; direction: ltr !important }
:host([hidden]) { display: none !important }
.panel { display: flex; flex-direction: column; gap: 8px; max-width: 272px; font: 500 14px/20px system-ui, sans-serif; text-align: start;
  --ink: light-dark(#1d1633, #f3f0ff); --soft: light-dark(#5b5570, #b9b3cf); --card: light-dark(#fff, #1e1b2b);
  --line: light-dark(#8f88a8, #7d7596); --accent: light-dark(#6d28d9, #a78bfa); --on-accent: light-dark(#fff, #170b33);
  --bad: light-dark(#b91c1c, #fca5a5); color: var(--ink) }
.panel:has(p) { padding: 12px; border-radius: 12px; background: var(--card); border: 1px solid var(--line);
  box-shadow: 0 1px 2px rgb(10 5 30 / .2), 0 6px 20px rgb(10 5 30 / .24) }
p { margin: 0; overflow-wrap: anywhere } .quiet { color: var(--soft); font-size: 12px } .bad { color: var(--bad) }
.code { font: 600 24px/32px ui-monospace, monospace; letter-spacing: .06em }
button, a { box-sizing: border-box; min-height: 32px; padding: 5px 12px; border-radius: 8px; border: 1px solid var(--line); cursor: pointer;
  font: inherit; text-align: center; text-decoration: none; color: var(--ink); background: var(--card) }
.go { background: var(--accent); border-color: var(--accent); color: var(--on-accent) }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
@media (forced-colors: active) { .go { border-width: 2px } }
`;
