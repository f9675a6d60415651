import { GRAPHQL_TRANSPORT_WS_PROTOCOL } from "graphql-ws";
import { AppError } from "../base/errors.ts";

/** An upgraded connection and the answer that upgrades it. */
export interface Upgrade extends Deno.WebSocketUpgrade {
  /** The protocol agreed on, empty where the client offers none of ours: the socket itself does not tell. */
  protocol: string;
}

/** A dead connection is noticed by unanswered pings after this long. */
const IDLE_TIMEOUT_SECONDS = 30;

/** Upgrades to a WebSocket with the graphql-transport-ws protocol. Throws `INVALID_INPUT` where the request is no handshake. */
export function acceptUpgrade(request: Request): Upgrade {
  const offered = request.headers.get("sec-websocket-protocol")?.split(",").map((name) => name.trim()) ?? [];
  const protocol = offered.find((name) => name === GRAPHQL_TRANSPORT_WS_PROTOCOL);
  try {
    const upgrade = Deno.upgradeWebSocket(request, {
      ...(protocol === undefined ? {} : { protocol }),
      idleTimeout: IDLE_TIMEOUT_SECONDS,
    });
    return { ...upgrade, protocol: protocol ?? "" };
  } catch (error) {
    throw new AppError("INVALID_INPUT", "Cannot open a socket: it is no WebSocket handshake (RFC 6455 §4.1)", {
      cause: error,
    });
  }
}
