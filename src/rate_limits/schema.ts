import { z } from "zod";
import type { Builder } from "../graphql/builder.ts";
import { RATE_LIMITED_ACTIONS } from "./default_rules.ts";
import { MAX_LIMIT, MAX_WINDOW_SECONDS, type RateLimitRule, type RateLimits } from "./rate_limits.ts";

const changeSchema = z.strictObject({
  action: z.enum(RATE_LIMITED_ACTIONS, `must be one of ${RATE_LIMITED_ACTIONS.join(", ")}`),
  limit: z.int().min(1, "must be at least 1").max(MAX_LIMIT, `must be at most ${MAX_LIMIT}`),
  windowSeconds: z.int().min(1, "must be at least 1").max(MAX_WINDOW_SECONDS, `must be at most ${MAX_WINDOW_SECONDS}`),
});

/** Adds `RateLimitRule`, `rateLimits` and `setRateLimit`. */
export function addRateLimitsSchema(builder: Builder, rateLimits: RateLimits): void {
  const actions = RATE_LIMITED_ACTIONS.map((action) => `\`${action}\``).join(", ");
  const RateLimitRuleType = builder.objectRef<RateLimitRule>("RateLimitRule").implement({
    description: "How often something may be done: `limit` times within `windowSeconds` of the first.",
    fields: (t) => ({
      action: t.exposeString("action", { description: `One of ${actions}.` }),
      limit: t.exposeInt("maxCount", { description: `1 to ${MAX_LIMIT}; up to 100 it is exact.` }),
      windowSeconds: t.exposeInt("windowSeconds", { description: `Seconds, 1 to ${MAX_WINDOW_SECONDS}.` }),
      updatedAt: t.expose("updatedAt", { type: "DateTime", description: "When it was last changed; 1970: never." }),
    }),
  });
  const SetRateLimitInput = builder.inputType("SetRateLimitInput", {
    description: "What a rate limit shall be.",
    fields: (t) => ({
      action: t.string({ required: true, description: `One of ${actions}.` }),
      limit: t.int({ required: true, description: `1 to ${MAX_LIMIT}.` }),
      windowSeconds: t.int({ required: true, description: `Seconds, 1 to ${MAX_WINDOW_SECONDS}.` }),
    }),
  });
  builder.queryField("rateLimits", (t) =>
    t.field({
      type: [RateLimitRuleType],
      description: "Every rate limit, for an admin's session. `UNAUTHENTICATED`, `FORBIDDEN`.",
      resolve: (_root, _args, { actor }) => rateLimits.list(actor),
    }));
  builder.mutationField("setRateLimit", (t) =>
    t.field({
      type: RateLimitRuleType,
      description: "Changes a rate limit, which holds at once and for what was counted already too. For an admin's " +
        "session. `UNAUTHENTICATED`, `FORBIDDEN`, `INVALID_INPUT`.",
      args: {
        input: t.arg({ type: SetRateLimitInput.validate(changeSchema), required: true, description: "The rule." }),
      },
      resolve: (_root, { input }, { actor }) => rateLimits.set(actor, input),
    }));
}
