import { callOver, isOwnPage } from "./_calls.ts";
import type { HubForPopup, PopupMethods, Snapshot } from "./_messages.ts";
import type { PairingState } from "./_pairing.ts";
import type { Queue } from "./_queue.ts";
import type { SettingsState } from "./_settings.ts";
import type { Tabs } from "./_tabs.ts";

interface Dependencies {
  pairing: PairingState;
  queue: Queue;
  settings: SettingsState;
  tabs: Tabs;
  /** Who is told of each change. */
  popups: Set<(snapshot: Snapshot) => void>;
  snapshot: () => Snapshot;
  changed: () => void;
}

/** Answers the extension's window over its port, and keeps what it shows fresh. */
export function servePopup(port: chrome.runtime.Port, dependencies: Dependencies): void {
  const { pairing, queue, settings, tabs, popups, snapshot, changed } = dependencies;
  // A page has no business here.
  if (!isOwnPage(port.sender)) return port.disconnect();
  const methods: HubForPopup = {
    pair: pairing.pair,
    cancelPairing: () => pairing.end(null),
    unpair: () => pairing.end(null),
    async discardQueue() {
      await queue.clear();
      changed();
    },
    setScreenshots: (screenshots) => settings.change({ screenshots }),
    async foreignFrames(tabId) {
      const frames = tabs.get(tabId)?.frames.all() ?? [];
      const found = await Promise.all(frames.map(({ remote }) => remote.call("foreignFrames").catch(() => [])));
      return [...new Set(found.flat())].toSorted();
    },
  };
  const remote = callOver<PopupMethods>(port, methods);
  const show = (now: Snapshot): void => void remote.call("show", now).catch(() => {});
  popups.add(show);
  port.onDisconnect.addListener(() => popups.delete(show));
  show(snapshot());
}
