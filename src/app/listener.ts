import { roomLog } from "../base/log.ts";

const log = roomLog("app");

/** What listens, until it is shut down. */
export interface Listener {
  addr: Deno.NetAddr;
  /** Takes no more connections, and ends when those there are have ended. */
  shutdown(): Promise<void>;
}

/** Where to listen. */
export interface ListenOptions {
  hostname: string;
  /** 0 picks a free one. */
  port: number;
}

/** Between two attempts to listen again. */
const RETRY_MS = 200;

/**
 * Listens for HTTP, and goes on when there are more connections than the process may have files open. `Deno.serve` ends there, and
 * knows no timeout for a connection that sends nothing or half a header: so all connections are dropped, and who is alive comes back.
 */
export function listen({ hostname, port }: ListenOptions, handler: Deno.ServeHandler<Deno.NetAddr>): Listener {
  let isShutDown = false;
  let current = serve(port);
  const { addr } = current.server;
  follow(current);
  return { addr, shutdown };

  function serve(port: number) {
    const connections = new AbortController();
    const server = Deno.serve({ hostname, port, signal: connections.signal, onListen: () => {} }, handler);
    return { server, connections };
  }

  function follow({ server, connections }: typeof current): void {
    server.finished.catch((error: unknown) => {
      log.error("Dropped all connections, because no more could be taken: {error}", { error });
      connections.abort();
      listenAgain();
    });
  }

  function listenAgain(): void {
    if (isShutDown) return;
    try {
      current = serve(addr.port);
      follow(current);
    } catch (error) {
      log.error("Cannot listen again yet: {error}", { error });
      setTimeout(listenAgain, RETRY_MS);
    }
  }

  async function shutdown(): Promise<void> {
    isShutDown = true;
    await current.server.shutdown();
  }
}
