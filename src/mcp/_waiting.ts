import type { Shape } from "./_shape.ts";

/** An operation that waits for something to happen: it takes `after` and `waitSeconds`, and answers `revision` and a list. */
export interface Waiting {
  /** Where the answer is, and its list. */
  root: string;
  list: string;
}

/** How long one operation waits; between two of them the caller is told that it goes on. */
const SLICE_SECONDS = 5;
/** How long a tool waits where its caller does not say. */
export const DEFAULT_TIMEOUT_SECONDS = 30;
/** How long it waits at most. */
export const MAX_TIMEOUT_SECONDS = 60;

/** How an operation with a variable `waitSeconds` waits; null: it has none. Throws an Error where its answer does not fit. */
export function readWaiting(variables: readonly string[], shape: Shape): Waiting | null {
  if (!variables.includes("waitSeconds")) return null;
  const [[root, answer] = []] = shape.kind === "object" ? shape.fields : [];
  const fields = answer?.kind === "object" ? [...answer.fields] : [];
  const [list] = fields.find(([, field]) => field.kind === "list") ?? [];
  const isFit = variables.includes("after") && fields.some(([name]) => name === "revision");
  if (root === undefined || list === undefined || !isFit) {
    throw new Error("it waits, so it needs a variable after, and the fields revision and a list in its answer");
  }
  return { root, list };
}

/** What one slice of waiting answered, as far as waiting needs it. */
interface Slice {
  data?: Record<string, unknown> | null | undefined;
  errors?: readonly unknown[] | undefined;
}

/**
 * Repeats an operation until its list holds something, it fails, or `timeoutSeconds` are over. Each one goes on where the last
 * one ended, so that nothing is missed between them.
 */
export async function waitFor<Answer extends Slice>(
  { root, list }: Waiting,
  { timeoutSeconds, after, signal, run, tellProgress }: {
    timeoutSeconds: number;
    after: unknown;
    signal: AbortSignal;
    run: (variables: { after: unknown; waitSeconds: number }) => Promise<Answer>;
    tellProgress: (waitedSeconds: number) => void;
  },
): Promise<Answer> {
  const startedAt = performance.now();
  let place = after;
  while (true) {
    const waited = (performance.now() - startedAt) / 1_000;
    const waitSeconds = Math.max(0, Math.min(SLICE_SECONDS, Math.ceil(timeoutSeconds - waited)));
    const answer = await run({ after: place, waitSeconds });
    const found = asObject(answer.data?.[root]);
    const isOver = (performance.now() - startedAt) / 1_000 + 0.05 >= timeoutSeconds;
    if (answer.errors !== undefined || hasItems(found[list]) || isOver || signal.aborted) return answer;
    place = found["revision"] ?? place;
    tellProgress((performance.now() - startedAt) / 1_000);
  }
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function hasItems(list: unknown): boolean {
  return Array.isArray(list) && list.length > 0;
}
