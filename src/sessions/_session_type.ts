import type { Builder } from "../graphql/builder.ts";
import { sessionExpiresAt } from "./_records.ts";
import type { Session } from "./sessions.ts";

/** Adds `Session`. */
export function addSessionType(builder: Builder) {
  return builder.objectRef<Session>("Session").implement({
    description: "A signed-in browser or client; never the token itself.",
    fields: (t) => ({
      id: t.exposeID("id", { description: "For `revokeSession`; it opens nothing." }),
      createdAt: t.expose("createdAt", { type: "DateTime", description: "When it was begun by a sign-in." }),
      lastUsedAt: t.expose("lastUsedAt", { type: "DateTime", description: "To the minute." }),
      expiresAt: t.field({
        type: "DateTime",
        description: "Ends then if it is not used again: 24 h after the last use, 30 days after sign-in at the latest.",
        resolve: sessionExpiresAt,
      }),
      ipAddress: t.exposeString("ipAddress", { nullable: true, description: "The address that signed in." }),
      userAgent: t.exposeString("userAgent", {
        nullable: true,
        description: "What the client that signed in said it is; at most 500 characters.",
      }),
      current: t.boolean({
        description: "Whether this request came in it.",
        resolve: (session, _args, { actor }) => actor.kind === "user" && actor.sessionId === session.id,
      }),
    }),
  });
}
