import { FingerpostError } from "../browser/graphql_socket.ts";
import { askGuest, pause } from "./_asking.ts";

/** What a token may be used for. */
export type PairingScope = "ELEMENTS_READ" | "ELEMENTS_WRITE" | "SIGNALS" | "LIVE_COMMANDS";

/** A code that waits for a person. As JSON it outlives the page or worker that asked for it: see `waitForApproval`. */
export interface PairingCode {
  /** Shown as it is, `XXXX-XXXX`: the person compares it with what the server's page shows. */
  userCode: string;
  /** The server's page, on which somebody signed in approves. */
  verificationUrl: string;
  /** The same page with the code filled in. */
  verificationUrlComplete: string;
  /** From then on it is good for nothing; RFC 3339, by the server's clock. */
  expiresAt: string;
  /** The secret half, by which its outcome is asked for. It is shown to nobody. */
  deviceCode: string;
  /** How long to wait before each question. */
  intervalSeconds: number;
}

/** What was approved. */
export interface Paired {
  /** `fp_…`, told this once. */
  token: string;
  /** For `revokeAccessToken`. */
  accessTokenId: string;
  /** The project for which it is good; null: all of the person's. */
  project: { id: string; name: string } | null;
  /** Until when; null: until it is revoked. */
  expiresAt: string | null;
}

/** Where to pair. */
export interface PairingServer {
  /** The server's origin, such as `http://127.0.0.1:8000`. */
  server: string;
  /** Absent: the global one. */
  fetch?: typeof globalThis.fetch;
  /** Ends the wait: the promise rejects with its reason. */
  signal: AbortSignal;
}

/** Where to pair, as what, and who is told. */
export interface PairingOptions extends PairingServer {
  /** What the person reads on the server's page, and the token is called: this client on this device. 1 to 100 characters. */
  clientName: string;
  scopes: PairingScope[];
  /** Told once, before the first wait. */
  onCode: (code: PairingCode) => void;
}

interface PollAnswer {
  pollPairing: {
    state: "PENDING" | "APPROVED" | "DENIED" | "EXPIRED";
    token: string | null;
    accessToken: { id: string; expiresAt: string | null; project: Paired["project"] } | null;
  };
}

const START = `mutation Pair($input: StartPairingInput!) { startPairing(input: $input) {
  deviceCode userCode verificationUrl verificationUrlComplete intervalSeconds expiresAt } }`;
const POLL = `mutation PollPairing($deviceCode: String!) { pollPairing(deviceCode: $deviceCode) {
  state token accessToken { id expiresAt project { id name } } } }`;

/** What a server's `slow_down` adds to the interval. RFC 8628 §3.5 */
const SLOW_DOWN_SECONDS = 5;
/** A server that can't be reached is asked less often, and still while the code lives. */
const MAX_INTERVAL_SECONDS = 30;
/** A code lives 10 minutes; by the time that passed here, as the clocks of two machines differ. */
const MAX_WAIT_MS = 11 * 60_000;

/**
 * Has a person approve this client on the server's page, and returns the token that is made for it (device flow, RFC 8628). Rejects
 * with a `FingerpostError`: `DENIED`, `EXPIRED` where nobody decided in time, `UNAVAILABLE` where no code could be had, and the server's codes.
 */
export async function pairWith(options: PairingOptions): Promise<Paired> {
  const { clientName, scopes, onCode } = options;
  const { startPairing } = await askGuest<{ startPairing: PairingCode }>(options, START, {
    input: { clientName, scopes },
  });
  onCode(startPairing);
  return await waitForApproval(options, startPairing);
}

/** Goes on waiting for a code's approval, as after the worker was killed that asked for it. Rejects as `pairWith`. */
export async function waitForApproval(server: PairingServer, code: PairingCode): Promise<Paired> {
  const startedAt = performance.now();
  let waiting: Waiting = { paceSeconds: code.intervalSeconds, nextSeconds: code.intervalSeconds };
  while (performance.now() - startedAt < MAX_WAIT_MS) {
    await pause(waiting.nextSeconds * 1_000, server.signal);
    const answer = await poll(server, code.deviceCode, waiting);
    if ("token" in answer) return answer;
    waiting = answer;
  }
  throw expired();
}

/** How fast the server lets itself be asked, and when it is asked next. */
interface Waiting {
  paceSeconds: number;
  nextSeconds: number;
}

/** What was approved, or how to go on waiting. */
async function poll(
  server: PairingServer,
  deviceCode: string,
  { paceSeconds, nextSeconds }: Waiting,
): Promise<Paired | Waiting> {
  try {
    const { pollPairing } = await askGuest<PollAnswer>(server, POLL, { deviceCode });
    const { state, token, accessToken } = pollPairing;
    if (state === "PENDING") return { paceSeconds, nextSeconds: paceSeconds };
    if (state === "DENIED") throw new FingerpostError("DENIED", "The person did not approve this client");
    if (token === null || accessToken === null) throw expired();
    const { id, expiresAt, project } = accessToken;
    return { token, accessTokenId: id, project, expiresAt };
  } catch (error) {
    if (!(error instanceof FingerpostError)) throw error;
    if (error.code === "RATE_LIMITED") {
      const slower = Math.max(paceSeconds + SLOW_DOWN_SECONDS, error.retryAfterSeconds ?? 0);
      return { paceSeconds: slower, nextSeconds: slower };
    }
    // RFC 8628 §3.5: what can't be reached is asked at half the pace each time, until it is there again: the person waits for this.
    if (error.code === "UNAVAILABLE") {
      return { paceSeconds, nextSeconds: Math.max(nextSeconds, Math.min(nextSeconds * 2, MAX_INTERVAL_SECONDS)) };
    }
    throw error;
  }
}

function expired(): FingerpostError {
  return new FingerpostError("EXPIRED", "The code is no longer good: ask for another one");
}
