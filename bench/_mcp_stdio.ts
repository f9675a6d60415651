import { medians, quantile, type Round } from "./_mcp_figures.ts";
import type { LineServer } from "./_mcp_lines.ts";

/** What is called of a server, over and over. */
export interface LineTarget {
  server: LineServer;
  tool: string;
  input: Record<string, unknown>;
}

const ROUNDS = 5;
const ROUND_MS = 2_000;
const WARM_UP_MS = 2_000;
/** In flight while calls a second are counted; latency is that of one after the other. */
const IN_FLIGHT = 8;

/** Calls each server in turns, round by round; the medians. */
export async function compareLines(targets: Record<string, LineTarget>): Promise<Record<string, Round>> {
  const rounds: Record<string, Round[]> = {};
  for (const target of Object.values(targets)) await call(target, { inFlight: IN_FLIGHT, milliseconds: WARM_UP_MS });
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, target] of Object.entries(targets)) (rounds[name] ??= []).push(await measure(target));
  }
  return Object.fromEntries(Object.entries(rounds).map(([name, seen]) => [name, medians(seen)]));
}

async function measure(target: LineTarget): Promise<Round> {
  const alone = await call(target, { inFlight: 1, milliseconds: ROUND_MS });
  const startedAt = performance.now();
  const together = await call(target, { inFlight: IN_FLIGHT, milliseconds: ROUND_MS });
  const callsPerSecond = together.length / ((performance.now() - startedAt) / 1_000);
  return { callsPerSecond, p50Ms: quantile(alone, 0.5), p95Ms: quantile(alone, 0.95) };
}

async function call(
  { server, tool, input }: LineTarget,
  { inFlight, milliseconds }: { inFlight: number; milliseconds: number },
): Promise<number[]> {
  const times: number[] = [];
  const end = performance.now() + milliseconds;
  await Promise.all(Array.from({ length: inFlight }, async () => {
    while (performance.now() < end) {
      const startedAt = performance.now();
      await server.request("tools/call", { name: tool, arguments: input });
      times.push(performance.now() - startedAt);
    }
  }));
  return times;
}
