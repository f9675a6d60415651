import { createHub, type Hub } from "./_hub.ts";
import { loadIntoFrames } from "./_neighbours.ts";
import { createPageFrame } from "./_page_frame.ts";

/** Where the script of the top window is found by that of its frames. */
const KEY = "fingerpostPageScript";

/** Has a page be pointed at without the extension: once a window, however often it is loaded. `source` is the script's own URL. */
export function startPageScript(window: Window, source: string): void {
  if (Reflect.has(window, KEY)) return;
  const hub = findHub(window) ?? createHub(window, source);
  Object.defineProperty(window, KEY, { value: hub });
  const frame = createPageFrame(window, hub);
  hub.join(frame);
  loadIntoFrames(window, source);
  window.addEventListener("pagehide", ({ persisted }) => {
    // A page that is kept may be shown again.
    if (persisted) return;
    hub.leave(frame);
    frame.close();
  });
}

// A frame whose top window has no script, or is of another origin, stands for itself.
function findHub(window: Window): Hub | null {
  try {
    const hub: unknown = window.top === window || window.top === null ? null : Reflect.get(window.top, KEY);
    return isHub(hub) ? hub : null;
  } catch {
    return null;
  }
}

function isHub(value: unknown): value is Hub {
  return typeof value === "object" && value !== null && "join" in value && "leave" in value;
}
