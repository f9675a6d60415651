import type { PeerConfig, RTCPeerConnection, RTCSctpTransport } from "werift";
import { roomLog } from "../base/log.ts";
import { forgetHandshake, mendDtls, stopHandshake } from "./_dtls_patch.ts";
import { mendIce } from "./_ice_patch.ts";
import { isReachable } from "./networks.ts";

const log = roomLog("peers");

/** Where connections are. */
export interface RtcSettings {
  /** The IPv4 addresses that connections bind to and tell. */
  hosts: string[];
  /** The first and the last UDP port to bind to; null: any. */
  ports: [number, number] | null;
}

/** The SCTP association below the data channels of a connection. */
export type SctpAssociation = RTCSctpTransport["sctp"];

/** On this machine, on any port. */
export const LOOPBACK: RtcSettings = { hosts: ["127.0.0.1"], ports: null };

/** Pairs of addresses that are tried for one connection: a page has a few networks, each with an address or two. */
const MAX_PAIRS = 64;
/** A step of ICE's schedule, after which it sees that its connection was closed. */
const ICE_STEP_MS = 40;
/** A peer can send as much that is broken as it likes: more warnings than this would fill the log. */
const WARNING_INTERVAL_MS = 60_000;

const MEDIA_EVENTS = [
  "onTrack",
  "onTransceiverAdded",
  "onRemoteTransceiverAdded",
  "onNegotiationNeeded",
  "onNegotiationneeded",
];

/** An event of werift's that is over. */
let silent: unknown = null;
let werift: Promise<typeof import("werift")> | null = null;
/** When the last warning was given, and what came since. */
let [saidAt, unsaid] = [-Infinity, 0];

/** A new connection. werift is loaded for the first one: it takes as long as all the rest of the server's start. */
export async function openPeerConnection({ hosts, ports }: RtcSettings = LOOPBACK): Promise<RTCPeerConnection> {
  werift ??= load();
  const { RTCPeerConnection } = await werift;
  const config: Partial<PeerConfig> = {
    ...HOSTS_ONLY,
    iceAdditionalHostAddresses: hosts,
    iceFilterStunResponse: (_check, [address]) => {
      const pairs = connection.iceTransports.reduce((sum, { connection }) => sum + connection.checkList.length, 0);
      return pairs < MAX_PAIRS && isReachable(address, hosts);
    },
    ...(ports === null ? {} : { icePortRange: ports }),
  };
  const connection = new RTCPeerConnection(config);
  return connection;
}

/** Lets go of what an open connection does not need any more, and of media, which no connection has. */
export function slimPeerConnection(connection: RTCPeerConnection): void {
  silence(connection, MEDIA_EVENTS);
  silence(Reflect.get(connection, "transceiverManager"), MEDIA_EVENTS);
  for (const transport of connection.dtlsTransports) {
    forgetHandshake(transport);
    // Deleted, they would make a slower and larger object of it.
    Object.assign(transport, { srtp: undefined, srtcp: undefined });
    silence(transport, ["onRtp", "onRtcp"]);
  }
}

// An event of werift's is ten functions, 1 kB. Those that never happen are all the same one.
function silence(owner: object, events: string[]): void {
  for (const name of events) if (Reflect.has(owner, name)) Reflect.set(owner, name, silent);
}

/** Looks for a way to the other side anew, once both descriptions of an ICE restart are set; what was sent meanwhile is sent again. RFC 8445 §9 */
export function restartPeerConnection({ dtlsTransports }: RTCPeerConnection): void {
  for (const { iceTransport, state } of dtlsTransports) {
    // Without DTLS, werift starts ICE itself.
    if (state !== "connected" || iceTransport.state === "connected") continue;
    iceTransport.start().catch((error: unknown) => log.debug("Cannot restart ICE: {error}", { error }));
  }
}

/** Closes a connection; settles when nothing of it runs any more. */
export async function closePeerConnection(connection: RTCPeerConnection): Promise<void> {
  await connection.close();
  await Promise.all(connection.dtlsTransports.map(stopHandshake));
  await new Promise((resolve) => setTimeout(resolve, ICE_STEP_MS));
}

// Of the machine's interfaces none is asked for: the hosts of the settings are those to bind to and to tell.
const HOSTS_ONLY: Partial<PeerConfig> = { iceServers: [], iceUseIpv4: false, iceUseIpv6: false, iceUseTcp: false };

async function load(): Promise<typeof import("werift")> {
  globalThis.addEventListener("unhandledrejection", containWerift);
  const loaded = await import("werift");
  mendIce(loaded);
  await mendDtls(loaded);
  const ended = new loaded.Event();
  ended.complete();
  silent = ended;
  return loaded;
}

// werift lets go of the promises of its packet handlers: a data channel message of an unknown kind (RFC 8831 §8), which anyone
// in a room can send, makes one fail, and a rejection that nobody handles would end the process.
function containWerift(event: PromiseRejectionEvent): void {
  const { reason } = event;
  if (!(reason instanceof Error) || !reason.stack?.includes("/werift/")) return;
  event.preventDefault();
  unsaid++;
  const now = performance.now();
  if (now - saidAt < WARNING_INTERVAL_MS) return;
  log.warn("Connections received {unsaid} times what they could not take, the last time: {reason}", { unsaid, reason });
  [saidAt, unsaid] = [now, 0];
}
