/** What a signal is. OFFER and ANSWER carry SDP, CANDIDATE JSON, the others nothing. */
export type SignalKind = "OFFER" | "ANSWER" | "CANDIDATE" | "END_OF_CANDIDATES" | "RESTART" | "BYE";

/** One WebRTC connection while it is negotiated, by the pattern of perfect negotiation. W3C WebRTC §10.7 */
export interface Negotiation {
  connection: RTCPeerConnection;
  /** What its signals share. */
  id: string;
  /** Whether the other side has said nothing yet. */
  isUnanswered(): boolean;
  /** Takes a signal of the other side, but for BYE. */
  receive(kind: SignalKind, payload: string | null): Promise<void>;
  close(): void;
}

/** What a negotiation is built on. */
export interface NegotiationOptions {
  id: string;
  /** Yields when both sides offer at once: who joined later. */
  isPolite: boolean;
  iceServers: RTCIceServer[];
  send(negotiationId: string, kind: SignalKind, payload: string | null): void;
}

/** A connection that is only disturbed comes back by itself within this. */
const DISTURBANCE_MS = 1_000;

/** Opens a connection; it offers by itself as soon as it has a data channel. */
export function openNegotiation(options: NegotiationOptions): Negotiation {
  const connection = new RTCPeerConnection({ iceServers: options.iceServers });
  const { id } = options;
  let makingOffer = false;
  let settingAnswer = false;
  let candidates: RTCIceCandidateInit[] = [];
  let restarting: ReturnType<typeof setTimeout> | undefined;
  const send = (kind: SignalKind, payload: string | null) => options.send(id, kind, payload);
  connection.onnegotiationneeded = () => void offer();
  connection.onicecandidate = ({ candidate }) => gather(candidate);
  connection.onconnectionstatechange = watchState;
  return {
    connection,
    id,
    isUnanswered: () => connection.remoteDescription === null,
    receive,
    close,
  };

  async function offer(): Promise<void> {
    try {
      makingOffer = true;
      await connection.setLocalDescription();
      const { localDescription } = connection;
      // The other side's offer may have come first: what was set then is no offer.
      if (localDescription?.type === "offer") send("OFFER", localDescription.sdp);
    } catch (error) {
      if (connection.signalingState !== "closed") throw error;
    } finally {
      makingOffer = false;
    }
  }

  // Candidates come in bursts: those of one turn travel together.
  function gather(candidate: RTCIceCandidate | null): void {
    if (candidate === null) {
      flush();
      send("END_OF_CANDIDATES", null);
    } else if (candidate.candidate !== "" && candidates.push(candidate.toJSON()) === 1) queueMicrotask(flush);
  }

  function flush(): void {
    if (candidates.length > 0) send("CANDIDATE", JSON.stringify(candidates));
    candidates = [];
  }

  async function receive(kind: SignalKind, payload: string | null): Promise<void> {
    try {
      if (kind === "OFFER" || kind === "ANSWER") await describe(kind === "OFFER" ? "offer" : "answer", payload ?? "");
      else if (kind === "CANDIDATE") await addCandidates(payload ?? "[]");
      else if (kind === "END_OF_CANDIDATES") await connection.addIceCandidate();
      else if (kind === "RESTART") connection.restartIce();
    } catch {
      // What belongs to an offer that was ignored or rolled back fits nothing; who waits for a channel starts anew.
    }
  }

  async function describe(type: "offer" | "answer", sdp: string): Promise<void> {
    const isReady = !makingOffer && (connection.signalingState === "stable" || settingAnswer);
    if (type === "offer" && !isReady && !options.isPolite) return;
    settingAnswer = type === "answer";
    try {
      await connection.setRemoteDescription({ type, sdp });
    } finally {
      settingAnswer = false;
    }
    if (type === "answer") return;
    await connection.setLocalDescription();
    send("ANSWER", connection.localDescription?.sdp ?? "");
  }

  async function addCandidates(payload: string): Promise<void> {
    const given: RTCIceCandidateInit | RTCIceCandidateInit[] = JSON.parse(payload);
    for (const candidate of Array.isArray(given) ? given : [given]) await connection.addIceCandidate(candidate);
  }

  // RFC 8445 §9: new credentials on both sides, so that another way through the network is looked for.
  function watchState(): void {
    clearTimeout(restarting);
    const { connectionState } = connection;
    if (connectionState === "failed") connection.restartIce();
    if (connectionState === "disconnected") restarting = setTimeout(() => connection.restartIce(), DISTURBANCE_MS);
  }

  function close(): void {
    clearTimeout(restarting);
    connection.onnegotiationneeded = connection.onicecandidate = connection.onconnectionstatechange = null;
    connection.close();
  }
}
