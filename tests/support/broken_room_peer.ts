import { startProxy } from "./breakable_proxy.ts";
import { joinRoom, type RoomPeer } from "./rooms.ts";
import type { RunningApp } from "./running_app.ts";

/** A peer whose connection can break as a network breaks it. */
export interface BreakablePeer extends AsyncDisposable {
  peer: RoomPeer;
  /** Breaks the connection; done when the server knows. Returns how many signals `other` sent for that. */
  breakOff(other: RoomPeer): Promise<number>;
}

/** Joins a room by a connection that can break. */
export async function joinBreakably(
  app: RunningApp,
  token: string,
  input: { projectId: string } & Record<string, unknown>,
): Promise<BreakablePeer> {
  await using stack = new AsyncDisposableStack();
  const proxy = stack.use(startProxy(app));
  const peer = stack.use(await joinRoom({ ...app, url: proxy.url }, token, input));
  const opened = stack.move();
  return { peer, breakOff, [Symbol.asyncDispose]: () => opened.disposeAsync() };

  async function breakOff(other: RoomPeer): Promise<number> {
    proxy.cut();
    for (let count = 1;; count++) {
      const { delivered } = await other.send({ to: peer.id, negotiationId: "probe", kind: "RESTART" });
      if (!delivered) return count;
    }
  }
}
