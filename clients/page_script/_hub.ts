import { FingerpostError } from "../browser/graphql_socket.ts";
import { type Paired, type PairingCode, pairWith, waitForApproval } from "../pairing/pairing.ts";
import type { FrameListener, PageFrame } from "./_page_frame.ts";
import { createPanel, type PanelState } from "./_panel.ts";
import { openSession, type Session } from "./_session.ts";
import { openStorage } from "./_storage.ts";

/** What all windows of a page share, in its top window: pairing, the connection, and the panel. */
export interface Hub extends FrameListener {
  join(frame: PageFrame): void;
  leave(frame: PageFrame): void;
}

const SCOPES = ["ELEMENTS_READ", "ELEMENTS_WRITE", "SIGNALS"] as const;

/** Builds the hub; `source` is the script's URL, whose origin is the server. */
export function createHub(window: Window, source: string): Hub {
  const server = new URL(source).origin;
  const storage = openStorage(window, server);
  const frames = new Set<PageFrame>();
  const panel = createPanel(window, { point, pair, cancel, forget: () => end(null) });
  let session: Session | null = null;
  let waiting: AbortController | null = null;
  let problem: string | null = null;
  window.addEventListener("keydown", onKey, true);
  storage.onPairingChange(begin);
  begin();
  return {
    join,
    leave: (frame) => void frames.delete(frame),
    send: async (frame, taken) => await session?.send(frame, taken),
    tell: (frame, message) => {
      for (const other of frames) if (other !== frame) other.pointer.hear(message);
    },
    ended: show,
    // What it throws is said again with the next change.
    update: (elementId, change) => session?.update(elementId, change),
    stale: (elementId) => session?.stale(elementId),
    found: (frame, elementId, element) => session?.found(frame, elementId, element),
  };

  function join(frame: PageFrame): void {
    frames.add(frame);
    session?.enter(frame);
    if ([...frames].some(({ pointer }) => pointer.isPointing)) frame.pointer.start();
  }

  // As the storage says, in which another tab may have written.
  function begin(): void {
    session?.close();
    session = null;
    const [pairing, code] = [storage.pairing.read(), storage.code.read()];
    if (pairing !== null) {
      session = openSession({ window, server, pairing, storage, frames: () => frames, stateChanged: show, refused });
      for (const frame of frames) session.enter(frame);
    } else if (code !== null) void settle((signal) => waitForApproval({ server, signal }, code));
    show();
  }

  function pair(): void {
    problem = null;
    const clientName = `Fingerpost on ${window.location.host || "a local page"} in ${browserName(window)}`.slice(
      0,
      100,
    );
    const onCode = (code: PairingCode) => {
      storage.code.write(code);
      show();
    };
    void settle((signal) => pairWith({ server, clientName, scopes: [...SCOPES], signal, onCode }));
    show();
  }

  async function settle(work: (signal: AbortSignal) => Promise<Paired>): Promise<void> {
    waiting?.abort();
    const mine = waiting = new AbortController();
    try {
      const { token, project, expiresAt } = await work(mine.signal);
      if (project === null) {
        throw new FingerpostError("INVALID_INPUT", "No project was chosen: pair again and choose one");
      }
      storage.pairing.write({ token, project, expiresAt });
    } catch (error) {
      if (mine.signal.aborted) return;
      problem = error instanceof Error ? error.message : String(error);
    }
    waiting = null;
    storage.code.write(null);
    begin();
  }

  function cancel(): void {
    waiting?.abort();
    waiting = null;
    storage.code.write(null);
    show();
  }

  // Both the connection and the feed are told.
  function refused({ code, message }: FingerpostError): void {
    if (session === null) return;
    const isRevoked = code === "FORBIDDEN" || code === "UNAUTHENTICATED";
    end(isRevoked ? "This page's access was revoked or has ended" : message);
  }

  function end(message: string | null): void {
    problem = message;
    storage.pairing.write(null);
    storage.marks.write(null);
    for (const { pointer } of frames) if (pointer.isPointing) pointer.stop();
    begin();
  }

  function point(): void {
    const [first] = frames;
    if (session === null || first === undefined) return panel.open();
    first.pointer.start();
    show();
  }

  // The extension's shortcut. By its place on the keyboard, since Alt makes other letters of it.
  function onKey(event: KeyboardEvent): void {
    if (event.code !== "KeyF" || !event.altKey || !event.shiftKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    point();
  }

  function show(): void {
    panel.show(stateNow());
  }

  function stateNow(): PanelState {
    if ([...frames].some(({ pointer }) => pointer.isPointing)) return { kind: "pointing" };
    const code = storage.code.read();
    if (session !== null) {
      const isConnected = session.state() === "webrtc" || session.state() === "websocket";
      return { kind: "paired", isConnected, project: storage.pairing.read()?.project.name ?? "" };
    }
    if (waiting !== null) return { kind: "waiting", code };
    return { kind: "unpaired", problem };
  }
}

function browserName({ navigator: { userAgent } }: Window): string {
  const browser = /(?:Firefox|Edg|OPR|Chrome|Version)\/\d+/.exec(userAgent)?.[0] ?? "a browser";
  return browser.replace("Version", "Safari").replace("/", " ");
}
