import { FingerpostError } from "../browser/graphql_socket.ts";

/** Where and how to ask. */
interface Asking {
  server: string;
  fetch?: typeof globalThis.fetch;
  signal: AbortSignal;
}

interface Result<Data> {
  data?: Data | null;
  errors?: { message: string; extensions?: { code?: string; retryAfterSeconds?: number } }[];
}

/** A network that drops packets answers nothing: after this it counts as unreachable. */
const TIMEOUT_MS = 10_000;

/** Runs one operation as nobody in particular, without cookies. Rejects with a `FingerpostError`: `UNAVAILABLE` where there is no answer. */
export async function askGuest<Data>(
  { server, fetch = globalThis.fetch, signal }: Asking,
  query: string,
  variables: Record<string, unknown>,
): Promise<Data> {
  const { data, errors } = await post<Data>(`${server.replace(/\/$/, "")}/graphql`, { query, variables });
  if (data !== undefined && data !== null && errors === undefined) return data;
  const { message = "The server gave no answer", extensions } = errors?.[0] ?? {};
  const { code = "UNAVAILABLE", retryAfterSeconds = null } = extensions ?? {};
  throw new FingerpostError(code, message, retryAfterSeconds);

  async function post<Data>(url: string, body: unknown): Promise<Result<Data>> {
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
        credentials: "omit",
        cache: "no-store",
        redirect: "error",
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      return await response.json();
    } catch (error) {
      signal.throwIfAborted();
      throw new FingerpostError("UNAVAILABLE", `Cannot reach the server: ${error}`);
    }
  }
}

/** Waits. Rejects with the signal's reason as soon as it is aborted. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal.addEventListener("abort", stop, { once: true });
  });
}
