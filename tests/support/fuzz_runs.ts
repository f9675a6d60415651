/** How often a property is tried: `FUZZ_RUNS` multiplies it for a long hunt; with the `FUZZ_SEED` that a failure printed the same values come again. */
export function fuzzRuns(numRuns: number): { numRuns: number; seed?: number } {
  const seed = Deno.env.get("FUZZ_SEED");
  const times = Number(Deno.env.get("FUZZ_RUNS") ?? 1);
  return { numRuns: Math.ceil(numRuns * times), ...(seed === undefined ? {} : { seed: Number(seed) }) };
}
