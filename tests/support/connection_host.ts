// Holds the server's side of connections, in a process of its own so that what they cost can be measured. Reads commands and
// writes answers as JSON, a line each: an offer (answered with the answer once gathered), "close" and "measure".
import { type Connection, createConnection } from "../../src/peers/_connection.ts";
import { createMemoryBudget } from "../../src/peers/_memory_budget.ts";
import { LOOPBACK } from "../../src/peers/_werift.ts";

/** What the process holds. */
export interface Measured {
  /** In JavaScript's heap and outside of it, after its garbage was collected. */
  liveBytes: number;
  residentBytes: number;
  openFiles: number;
  connections: number;
}

if (import.meta.main) await serve();

async function serve(): Promise<void> {
  const memory = createMemoryBudget();
  const connections = new Set<Connection>();
  const freed = new Set<Promise<void>>();
  const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream());
  let text = "";
  for await (const part of lines) {
    const commands = (text + part).split("\n");
    text = commands.pop() ?? "";
    for (const command of commands) say(await obey(JSON.parse(command)));
  }

  async function obey(command: { offer: string } | "close" | "measure"): Promise<unknown> {
    if (command === "measure") return await measure(connections.size);
    if (command !== "close") return await answer(command.offer);
    for (const connection of connections) void connection.close();
    await Promise.all(freed);
    return null;
  }

  async function answer(offer: string): Promise<string | null> {
    const connection = createConnection({ clock: { now: () => Date.now() }, rtc: LOOPBACK, memory }, {
      changed: () => {},
      message: () => connection.send({ type: "pong" }),
      malformed: () => {},
      closed: (settled) => {
        connections.delete(connection);
        freed.add(settled.then(() => void freed.delete(settled)));
      },
    });
    connections.add(connection);
    return await connection.answer(offer);
  }
}

async function measure(connections: number): Promise<Measured> {
  const collect = Reflect.get(globalThis, "gc");
  for (let round = 0; round < 3; round++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const { heapUsed, external, rss } = Deno.memoryUsage();
  const openFiles = [...Deno.readDirSync("/proc/self/fd")].length;
  return { liveBytes: heapUsed + external, residentBytes: rss, openFiles, connections };
}

function say(answer: unknown): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(answer)}\n`));
}
