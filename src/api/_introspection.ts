import { NoSchemaIntrospectionCustomRule } from "graphql";
import type { Plugin } from "graphql-yoga";
import type { RequestContext } from "../graphql/builder.ts";

/** Refuses introspection by those not signed in, unless it is open to all. */
export function useIntrospectionRule(open: boolean): Plugin<RequestContext> {
  return {
    onValidate({ context, addValidationRule }) {
      if (!open && context.actor.kind === "guest") addValidationRule(NoSchemaIntrospectionCustomRule);
    },
  };
}
