import type { JSONRPCMessage } from "@modelcontextprotocol/server";
import { objectOf } from "./_answer_reading.ts";
import { createKnownClients } from "./_known_clients.ts";
import type { PlainCall, PlainCalls } from "./_plain_calls.ts";
import type { Caller } from "./caller.ts";

/** Plain calls of one connection by lines. Disposing it ends those under way. */
export interface PlainLines extends Disposable {
  /** Answers a parsed line with another, or with null where the client does not want it any more; null: it is the SDK's. */
  take(json: unknown): Promise<string | null> | null;
  /** Sees what the SDK sends. */
  watch(sent: JSONRPCMessage): void;
}

/** First calls whose answers are waited for. */
const MAX_FIRST_CALLS = 16;

/** Builds what answers a connection's plain calls. */
export function createPlainLines(plainCalls: PlainCalls, caller: Caller): PlainLines {
  const known = createKnownClients();
  const first = new Map<unknown, PlainCall>();
  const running = new Map<unknown, AbortController>();
  return {
    take(json) {
      const { method, params } = objectOf(json);
      // What the client is, is agreed upon anew.
      if (method === "initialize") known.clear();
      if (method === "notifications/cancelled") running.get(objectOf(params)["requestId"])?.abort();
      const call = method === "tools/call" ? plainCalls.read(json) : null;
      if (call === null) return null;
      if (known.has(call.client)) return answer(call);
      if (first.size < MAX_FIRST_CALLS) first.set(call.id, call);
      return null;
    },
    watch(sent) {
      const call = "id" in sent && !("method" in sent) ? first.get(sent.id) : undefined;
      if (call === undefined) return;
      first.delete(call.id);
      if ("result" in sent) known.add(call.client);
    },
    [Symbol.dispose]() {
      for (const controller of running.values()) controller.abort();
    },
  };

  async function answer(call: PlainCall): Promise<string | null> {
    const controller = new AbortController();
    running.set(call.id, controller);
    const text = await plainCalls.answer(call, { caller, signal: () => controller.signal });
    if (running.get(call.id) === controller) running.delete(call.id);
    return controller.signal.aborted ? null : text;
  }
}
