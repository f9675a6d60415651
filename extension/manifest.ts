/** The browsers for which the extension is built. */
export const TARGETS = ["chromium", "firefox"] as const;

/** One of them. */
export type Target = typeof TARGETS[number];

/** The oldest versions that have all that the extension uses; esbuild writes for them. */
export const OLDEST: Record<Target, number> = { chromium: 124, firefox: 142 };

/** Why the extension asks for what it asks for. `docs/extension.md` shows it, and a test holds the two together. */
export const REASONS: Record<string, string> = {
  activeTab:
    "Puts the pointer into the tab in which you pressed the button or the shortcut, and takes the screenshot of what you pointed at. Nothing of other tabs can be read.",
  scripting: "The call by which the pointer comes into that tab; without it `activeTab` allows nothing.",
  offscreen:
    "Holds the connection to your server where Chromium may not end it: a service worker has no WebRTC and is stopped after 30 seconds. Not in Firefox, which has a background page.",
  "http://127.0.0.1/*":
    "Reaches the server on this machine, and keeps the marks on pages in development after a reload.",
  "http://localhost/*": "The same under its other name.",
  "http://*/*":
    "Optional. Asked for one origin at a time, when you say so in the extension's window: the address of a server on another machine, a site whose marks are to outlive a reload, a frame from another site.",
  "https://*/*": "Optional, as above.",
};

const COMMON_PERMISSIONS = ["activeTab", "scripting"];
const HOSTS = ["http://127.0.0.1/*", "http://localhost/*"];
const OPTIONAL_HOSTS = ["http://*/*", "https://*/*"];
const ICONS = { 16: "icons/16.png", 32: "icons/32.png", 48: "icons/48.png", 128: "icons/128.png" };
/** Nothing but its own files. It reaches servers by HTTP and WebSocket, and reads pictures of the screen, which come as `data:` URLs. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src data: http: https: ws: wss:";

/** The extension's manifest (Manifest V3) for one browser, as JSON. */
export function makeManifest(target: Target, version: string): Record<string, unknown> {
  return {
    manifest_version: 3,
    name: "Fingerpost",
    version,
    description: "Point at an element: your team and your AI tools see it at once.",
    icons: ICONS,
    action: { default_title: "Fingerpost", default_popup: "popup.html", default_icon: ICONS },
    options_ui: { page: "popup.html", open_in_tab: true },
    commands: {
      point: {
        suggested_key: { default: "Alt+Shift+F", mac: "Alt+Shift+F" },
        description: "Point at an element of this page",
      },
    },
    host_permissions: HOSTS,
    optional_host_permissions: OPTIONAL_HOSTS,
    content_scripts: [{
      matches: HOSTS,
      js: ["early.js"],
      run_at: "document_start",
      all_frames: true,
      match_about_blank: true,
    }],
    content_security_policy: { extension_pages: CONTENT_SECURITY_POLICY },
    ...target === "chromium" ? CHROMIUM : FIREFOX,
  };
}

const CHROMIUM = {
  minimum_chrome_version: String(OLDEST.chromium),
  permissions: [...COMMON_PERMISSIONS, "offscreen"],
  background: { service_worker: "service_worker.js" },
};

const FIREFOX = {
  permissions: COMMON_PERMISSIONS,
  background: { scripts: ["background.js"] },
  browser_specific_settings: {
    gecko: {
      id: "pointer@fingerpost.example",
      strict_min_version: `${OLDEST.firefox}.0`,
      // What is pointed at goes to the server with which the person paired, and nowhere else.
      data_collection_permissions: { required: ["websiteContent"] },
    },
  },
};
