import { connect } from "node:net";
import type { RunningApp } from "./running_app.ts";

/** Sends a request byte by byte, because `fetch` sets `Host` and `Origin` itself; returns the whole answer. */
export function sendRaw({ url }: Pick<RunningApp, "url">, head: string, body = ""): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(Number(port), hostname, () => socket.write(`${head}\r\nConnection: close\r\n\r\n${body}`));
    socket.on("data", (chunk) => answer += chunk.toString());
    socket.on("close", () => resolve(answer));
    socket.on("error", reject);
  });
}

/** The status of such an answer. */
export function statusOf(answer: string): number {
  return Number(answer.slice(9, 12));
}
