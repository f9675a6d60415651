import { callOver, callTo, type Remote } from "./_calls.ts";
import type { HubForPopup, PopupMethods, Snapshot, WorkerMethods } from "./_messages.ts";
import { isUnencrypted, readServer } from "./_server_address.ts";

// The extension's window: pairing, and how things are.

const worker = callTo<WorkerMethods>("worker");
const message = find("message");
const server = input("server");
let hub: Remote<HubForPopup> | null = null;
let verificationUrl: string | null = null;
/** The server without encryption of which the person was told what that means. */
let warnedOf = "";
/** What went wrong with what was asked here; until the next click. */
let failure: string | null = null;
let last: Snapshot | null = null;
const tab = currentTab();

find("unpaired").addEventListener("submit", (event) => {
  event.preventDefault();
  void attempt(async () => {
    await allowServer(server.value);
    await hub?.call("pair", server.value);
  });
});
onClick("open", () => verificationUrl === null ? undefined : openPage(verificationUrl));
onClick("cancel", () => hub?.call("cancelPairing"));
onClick("unpair", () => hub?.call("unpair"));
onClick("discard", () => hub?.call("discardQueue"));
onClick("screenshots", () => hub?.call("setScreenshots", input("screenshots").checked));
onClick("point", async () => {
  const found = await tab;
  if (found?.id === undefined) throw new Error("There is no page to point at");
  await worker.call("point", found.id);
  close();
});
const connected = connect();
void showShortcut();
void offerOrigins();

async function connect(): Promise<void> {
  await worker.call("wake");
  const port = chrome.runtime.connect({ name: "popup" });
  port.onDisconnect.addListener(() => void connect());
  hub = callOver<HubForPopup>(port, { show } satisfies PopupMethods);
}

function show(snapshot: Snapshot): void {
  last = snapshot;
  const { state, code } = { ...snapshot, code: snapshot.userCode };
  for (const name of ["unpaired", "pending", "paired"]) find(name).hidden = name !== state;
  if (state === "unpaired" && document.activeElement !== server) server.value = snapshot.server;
  const text = failure ?? snapshot.message;
  message.hidden = text === null;
  write("message", text ?? "");
  const connection = find("connection");
  connection.dataset["state"] = snapshot.connection;
  write("connection", state !== "paired" ? "" : snapshot.connection === "connected" ? "Connected" : "No connection");
  const host = URL.parse(snapshot.server)?.host ?? snapshot.server;
  for (const name of ["pending_server", "paired_server"]) write(name, host);
  write("code", code ?? "");
  verificationUrl = snapshot.verificationUrl;
  writeTime("code_expires", snapshot.codeExpiresAt, { timeStyle: "short" });
  write("project", snapshot.project ?? "");
  find("expires_row").hidden = snapshot.expiresAt === null;
  writeTime("expires", snapshot.expiresAt, { dateStyle: "medium", timeStyle: "short" });
  write(
    "queued",
    snapshot.queued === 0 ? "Nothing" : `${snapshot.queued} ${snapshot.queued === 1 ? "capture" : "captures"}`,
  );
  input("screenshots").checked = snapshot.screenshots;
  find("discard_part").hidden = snapshot.queued === 0 || snapshot.connection === "connected";
  showPages(snapshot.pages);
}

function showPages(pages: Snapshot["pages"]): void {
  find("pages_part").hidden = pages.length === 0;
  find("pages").replaceChildren(...pages.map(({ title, url, via }) => {
    const line = document.createElement("li");
    const [name, way] = [document.createElement("span"), document.createElement("span")];
    name.textContent = title || url;
    name.title = url;
    way.textContent = { webrtc: "WebRTC", websocket: "WebSocket" }[via] ?? "connecting";
    line.append(name, way);
    return line;
  }));
}

// The server says which: none but a page of the web is opened for it.
async function openPage(url: string): Promise<void> {
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? "")) {
    throw new Error("The server gave no page to approve the code on");
  }
  await chrome.tabs.create({ url });
}

// A server on another machine is reached only after the person allowed it.
async function allowServer(typed: string): Promise<void> {
  const origin = readServer(typed);
  if (isUnencrypted(origin) && warnedOf !== origin) {
    warnedOf = origin;
    throw new Error(
      `${origin} is not encrypted: who is in between can read what you send, and use your access. Pair again to do so all the same`,
    );
  }
  const isGranted = await chrome.permissions.request({ origins: [patternOf(origin)] });
  if (!isGranted) throw new Error(`Without the permission ${URL.parse(origin)?.host} can't be reached`);
}

/** Offers to keep marks on this site, and to point into frames of others. */
async function offerOrigins(): Promise<void> {
  const found = await tab;
  const origin = URL.parse(found?.url ?? "")?.origin ?? "null";
  if (found?.id === undefined || !origin.startsWith("http")) return;
  // Without it nobody knows of the frames.
  await connected;
  const foreign = await hub?.call("foreignFrames", found.id) ?? [];
  await offer("site", [origin], `Keep marks on ${URL.parse(origin)?.host} after a reload`);
  await offer("frames", foreign, `Point into frames of ${foreign.map((each) => URL.parse(each)?.host).join(", ")}`);
}

async function offer(part: string, origins: string[], text: string): Promise<void> {
  const patterns = origins.map(patternOf);
  if (patterns.length === 0 || await chrome.permissions.contains({ origins: patterns })) return;
  find(part).hidden = false;
  const button = part === "site" ? "allow_site" : "allow_frames";
  write(button, text);
  onClick(button, async () => {
    if (await chrome.permissions.request({ origins: patterns })) find(part).hidden = true;
    const found = await tab;
    if (found?.id !== undefined) await worker.call("inject", found.id);
  });
}

async function showShortcut(): Promise<void> {
  const commands = await chrome.commands.getAll();
  write("shortcut", commands.find(({ name }) => name === "point")?.shortcut ?? "");
}

async function currentTab(): Promise<chrome.tabs.Tab | undefined> {
  return (await chrome.tabs.query({ active: true, currentWindow: true }))[0];
}

// In match patterns a host stands for all of its ports; Firefox takes none that name one.
function patternOf(origin: string): string {
  const { protocol, hostname } = new URL(origin);
  return `${protocol}//${hostname}/*`;
}

function onClick(id: string, action: () => unknown): void {
  find(id).addEventListener("click", () => void attempt(async () => void await action()));
}

async function attempt(action: () => Promise<void>): Promise<void> {
  failure = null;
  try {
    await action();
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  }
  if (last !== null) show(last);
}

function find(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`There is no "${id}"`);
  return found;
}

function input(id: string): HTMLInputElement {
  const found = find(id);
  if (!(found instanceof HTMLInputElement)) throw new Error(`"${id}" is no field`);
  return found;
}

function write(id: string, text: string): void {
  const element = find(id);
  // A status that is written anew is read out again.
  if (element.textContent !== text) element.textContent = text;
}

function writeTime(id: string, time: string | null, format: Intl.DateTimeFormatOptions): void {
  write(id, time === null ? "" : new Date(time).toLocaleString(undefined, format));
}
