import { FingerpostError } from "../clients/browser/graphql_socket.ts";
import { type Paired, type PairingCode, pairWith, waitForApproval } from "../clients/pairing/pairing.ts";
import type { Database, Pairing } from "./_database.ts";
import { readServer } from "./_server_address.ts";

/** The extension's pairing with one server and project. It outlives the browser. */
export interface PairingState {
  now(): Pairing;
  /** Asks a server for a code and waits in the background for its approval. Rejects where no code could be had. */
  pair(server: string): Promise<void>;
  /** Forgets the token, or the code; the message says why, where the person did not ask for it. */
  end(message: string | null): Promise<void>;
}

/** Where Fingerpost listens unless it is told otherwise. */
export const USUAL_SERVER = "http://127.0.0.1:8000";
const SCOPES = ["ELEMENTS_READ", "ELEMENTS_WRITE", "SIGNALS"] as const;
const KEY = "now";

/** Reads what was stored, and goes on waiting for a code that was shown before. */
export async function openPairing(database: Database, changed: () => void): Promise<PairingState> {
  let now: Pairing = await database.get("pairing", KEY) ?? { kind: "unpaired", server: USUAL_SERVER, message: null };
  let waiting = new AbortController();
  if (now.kind === "pending") {
    const { server, code } = now;
    void settle(server, waitForApproval({ server, signal: waiting.signal }, code), waiting.signal);
  }
  return { now: () => now, pair, end };

  async function pair(typed: string): Promise<void> {
    const server = readServer(typed);
    waiting.abort();
    waiting = new AbortController();
    const { signal } = waiting;
    const shown = Promise.withResolvers<PairingCode>();
    const paired = pairWith({ server, clientName: clientName(), scopes: [...SCOPES], signal, onCode: shown.resolve });
    paired.catch(shown.reject);
    const code = await shown.promise;
    await become({ kind: "pending", server, code });
    void settle(server, paired, signal);
  }

  async function settle(server: string, pairing: Promise<Paired>, signal: AbortSignal): Promise<void> {
    const next: Pairing = await pairing.then((paired) => toPairing(server, paired)).catch((error) => ({
      kind: "unpaired",
      server,
      message: error instanceof Error ? error.message : String(error),
    }));
    // Given up meanwhile, or another code was asked for.
    if (!signal.aborted) await become(next);
  }

  async function end(message: string | null): Promise<void> {
    waiting.abort();
    await become({ kind: "unpaired", server: now.server, message });
  }

  async function become(next: Pairing): Promise<void> {
    now = next;
    await database.put("pairing", next, KEY);
    changed();
  }
}

function toPairing(server: string, { token, project, expiresAt }: Paired): Pairing {
  if (project === null) {
    throw new FingerpostError(
      "INVALID_INPUT",
      "No project was chosen: pair again and choose the one that captures go to",
    );
  }
  return { kind: "paired", server, token, project, expiresAt };
}

function clientName(): string {
  const browser = /Firefox\/\d+|Edg\/\d+|OPR\/\d+|Chrome\/\d+/.exec(navigator.userAgent)?.[0] ?? "browser";
  const system = /Windows|Mac OS X|CrOS|Android|Linux/.exec(navigator.userAgent)?.[0] ?? "";
  return `Fingerpost in ${browser.replace("/", " ")}${system && ` on ${system}`}`;
}
