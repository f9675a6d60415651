import type { Actor } from "../base/actor.ts";
import { MAX_COST } from "./_field_costs.ts";

/** How often one may still ask. */
export interface RateLeft {
  limit: number;
  remaining: number;
  /** Until a new window begins. */
  resetSeconds: number;
}

/** `extensions.cost` of an answer. */
export interface CostExtension {
  /** What the operation may cost at most, by its document and variables. */
  requested: number;
  limit: number;
  /** How much more it might have asked for. */
  remaining: number;
  /** The rate limit `graphql` of who asks. */
  rate: RateLeft;
}

/** Tells an operation's cost and what is left to who asks for it. */
export type CostReport = (actor: Actor, cost: number) => Promise<CostExtension>;

/** Builds the report. */
export function createCostReport(rateLeft: (actor: Actor) => Promise<RateLeft>): CostReport {
  return async (actor, requested) => ({
    requested,
    limit: MAX_COST,
    remaining: MAX_COST - requested,
    rate: await rateLeft(actor),
  });
}
