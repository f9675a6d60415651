import type { PairingCode } from "../pairing/pairing.ts";
import { PANEL_STYLES } from "./_panel_styles.ts";

/** What the panel shows. */
export type PanelState =
  | { kind: "unpaired"; problem: string | null }
  | { kind: "waiting"; code: PairingCode | null }
  | { kind: "paired"; isConnected: boolean; project: string }
  | { kind: "pointing" };

/** What can be done with it. */
export interface PanelActions {
  point(): void;
  pair(): void;
  cancel(): void;
  forget(): void;
}

/** The small panel in the page's corner. */
export interface Panel {
  show(state: PanelState): void;
  /** Opens it and gives it the focus. */
  open(): void;
}

/** Builds the panel, in a shadow root of which the page knows nothing; it enters the document once that is there. */
export function createPanel({ document }: Window, actions: PanelActions): Panel {
  const host = document.createElement("fingerpost-panel");
  const root = host.attachShadow({ mode: "closed" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(PANEL_STYLES);
  root.adoptedStyleSheets = [sheet];
  const panel = build("section", { "aria-label": "Fingerpost", class: "panel" });
  root.append(panel);
  let isOpen = false;
  let state: PanelState = { kind: "unpaired", problem: null };
  let drawn = "";
  if (document.body === null) document.addEventListener("DOMContentLoaded", enter);
  else enter();
  return { show, open };

  function enter(): void {
    document.documentElement.append(host);
  }

  function show(next: PanelState): void {
    state = next;
    if (next.kind === "waiting" || (next.kind === "unpaired" && next.problem !== null)) isOpen = true;
    draw();
  }

  function open(): void {
    isOpen = true;
    draw();
    panel.querySelector("button")?.focus();
  }

  // What did not change keeps its focus.
  function draw(): void {
    const now = JSON.stringify([state, isOpen]);
    if (now === drawn) return;
    drawn = now;
    const focused = root.activeElement?.id ?? "";
    host.hidden = state.kind === "pointing";
    panel.replaceChildren(...(isOpen ? [...contents(), toggle("Close")] : [toggle("Fingerpost")]));
    if (focused !== "") (root.getElementById(focused) ?? panel.querySelector("button"))?.focus();
  }

  function contents(): Node[] {
    if (state.kind === "waiting") return waitingContents(state.code);
    if (state.kind === "paired") {
      const { isConnected, project } = state;
      return [
        status(`${isConnected ? "Connected" : "Connecting …"} · ${project}`),
        button("point", "Point at an element", actions.point, "go"),
        build("p", { class: "quiet" }, ["Alt+Shift+F"]),
        button("forget", "Forget this pairing", actions.forget),
      ];
    }
    const problem = state.kind === "unpaired" ? state.problem : null;
    return [
      status(problem ?? "Not paired yet", problem === null ? "" : "bad"),
      button("pair", "Pair with Fingerpost", actions.pair, "go"),
    ];
  }

  function waitingContents(code: PairingCode | null): Node[] {
    if (code === null) return [status("Asking for a code …"), button("cancel", "Cancel", actions.cancel)];
    const link = build("a", {
      id: "approve",
      class: "go",
      href: code.verificationUrlComplete,
      target: "_blank",
      rel: "noopener",
    }, [
      "Approve in Fingerpost",
    ]);
    return [
      status("Fingerpost must show the same code:"),
      build("p", { class: "code" }, [code.userCode]),
      link,
      button("cancel", "Cancel", actions.cancel),
    ];
  }

  function toggle(label: string): HTMLElement {
    const made = button("toggle", label, () => {
      isOpen = !isOpen;
      draw();
    });
    made.setAttribute("aria-expanded", String(isOpen));
    return made;
  }

  function status(text: string, className = ""): HTMLElement {
    return build("p", { role: "status", class: className }, [text]);
  }

  function button(id: string, label: string, act: () => void, className = ""): HTMLElement {
    const made = build("button", { id, type: "button", class: className }, [label]);
    made.addEventListener("click", act);
    return made;
  }

  // By hand: a page may forbid text to become HTML (Trusted Types).
  function build(tag: string, attributes: Record<string, string>, children: (Node | string)[] = []): HTMLElement {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) if (value !== "") element.setAttribute(name, value);
    element.append(...children);
    return element;
  }
}
