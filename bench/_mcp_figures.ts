// deno-lint-ignore-file no-console -- the tables are what a bench is for

/** What one round saw. */
export interface Round {
  callsPerSecond: number;
  p50Ms: number;
  p95Ms: number;
}

/** Each figure's median over the rounds. */
export function medians(rounds: Round[]): Round {
  const of = (name: keyof Round) => quantile(rounds.map((round) => round[name]), 0.5);
  return { callsPerSecond: of("callsPerSecond"), p50Ms: of("p50Ms"), p95Ms: of("p95Ms") };
}

/** The value below which a share of them lies. */
export function quantile(values: number[], share: number): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length * share)] ?? NaN;
}

/** Prints a table of rounds: each figure, and ours to it. */
export function printRounds(title: string, rounds: Record<string, Round>): void {
  const ours = rounds["ours"]?.callsPerSecond ?? NaN;
  console.log(title);
  console.table(Object.fromEntries(
    Object.entries(rounds).map(([name, { callsPerSecond, p50Ms, p95Ms }]) => [name, {
      "calls/s": callsPerSecond.toFixed(0),
      "p50 ms": p50Ms.toFixed(2),
      "p95 ms": p95Ms.toFixed(2),
      "ours to it": (ours / callsPerSecond).toFixed(2),
    }]),
  ));
}

/** Tokens of a text or of JSON, counted as bytes / 4. */
export function tokensOf(value: unknown): number {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return Math.ceil(new TextEncoder().encode(text).length / 4);
}

/** Tokens of what a model reads of a tool's result: its text. */
export function textTokens({ content }: { content: { type: string; text?: string }[] }): number {
  return tokensOf(content.map(({ text = "" }) => text).join("\n"));
}
