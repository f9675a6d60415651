import type { PeerConfig, RTCPeerConnection } from "werift";
import { roomLog } from "../base/log.ts";

const log = roomLog("peers");

let werift: Promise<typeof import("werift")> | null = null;

/** A new connection on loopback. werift is loaded for the first one: it takes as long as all the rest of the server's start. */
export async function openPeerConnection(): Promise<RTCPeerConnection> {
  werift ??= load();
  return new (await werift).RTCPeerConnection(LOOPBACK_ONLY);
}

/** werift wakes this long after each part of a handshake to see whether to repeat it, closed or not. */
const HANDSHAKE_TIMER_MS = 500;
const TIMER_LATENESS_MS = 20;

/** Closes a connection; settles when nothing of it runs any more. `openedAt`: when it opened, by `performance.now()`, if it did. */
export async function closePeerConnection(connection: RTCPeerConnection, openedAt: number | null): Promise<void> {
  await connection.close();
  const closedAt = performance.now();
  const leftMs = (openedAt ?? closedAt) + HANDSHAKE_TIMER_MS + TIMER_LATENESS_MS - closedAt;
  if (leftMs > 0) await new Promise((resolve) => setTimeout(resolve, leftMs));
}

// Of the machine's interfaces none is asked for: the one address is the one to bind to and to tell.
const LOOPBACK_ONLY: Partial<PeerConfig> = {
  iceServers: [],
  iceUseIpv4: false,
  iceUseIpv6: false,
  iceUseTcp: false,
  iceAdditionalHostAddresses: ["127.0.0.1"],
  iceInterfaceAddresses: { udp4: "127.0.0.1" },
};

function load(): Promise<typeof import("werift")> {
  globalThis.addEventListener("unhandledrejection", containWerift);
  return import("werift");
}

// werift lets go of the promises of its packet handlers: a data channel message of an unknown kind (RFC 8831 §8), which anyone
// in a room can send, makes one fail, and a rejection that nobody handles would end the process.
function containWerift(event: PromiseRejectionEvent): void {
  const { reason } = event;
  if (!(reason instanceof Error) || !reason.stack?.includes("/werift/")) return;
  event.preventDefault();
  log.warn("A connection received what it could not take: {reason}", { reason });
}
