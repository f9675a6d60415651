import type { RunningApp } from "./running_app.ts";

/** Stands between a client and the server, so that a connection can break as a network breaks it. */
export interface BreakableProxy extends AsyncDisposable {
  /** Where clients connect. */
  url: string;
  /** Breaks every connection; new ones are taken. */
  cut(): void;
  /** How many connections there were. */
  taken(): number;
}

/** Passes bytes on in both directions. */
export function startProxy(app: Pick<RunningApp, "url">): BreakableProxy {
  const { hostname, port } = new URL(app.url);
  const listener = Deno.listen({ hostname, port: 0 });
  const open = new Set<Deno.TcpConn>();
  let taken = 0;
  const accepting = accept();
  return {
    url: `http://${hostname}:${listener.addr.port}`,
    cut,
    taken: () => taken,
    [Symbol.asyncDispose]: async () => {
      listener.close();
      cut();
      await accepting;
    },
  };

  async function accept(): Promise<void> {
    const passing: Promise<unknown>[] = [];
    for await (const client of listener) {
      taken++;
      const server = await Deno.connect({ hostname, port: Number(port) });
      for (const connection of [client, server]) open.add(connection);
      passing.push(pass(client, server), pass(server, client));
    }
    await Promise.all(passing);
  }

  async function pass(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
    await from.readable.pipeTo(to.writable).catch(() => {});
    for (const connection of [from, to]) close(connection);
  }

  function cut(): void {
    for (const connection of open) close(connection);
  }

  function close(connection: Deno.TcpConn): void {
    if (!open.delete(connection)) return;
    try {
      connection.close();
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }
}
