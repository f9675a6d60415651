import { toGlobalId } from "../base/ids.ts";
import type { Builder } from "../graphql/builder.ts";
import { loadVisible, localId } from "../graphql/nodes.ts";
import { readPage, toConnection } from "../graphql/pages.ts";
import type { Audit, RecordedEvent } from "./audit.ts";
import { SECURITY_EVENT_KINDS, type SecurityEventKind, type Severity } from "./kinds.ts";
import type { ChainVerification } from "./verification.ts";

/** Adds `SecurityEvent`, `securityEvents`, `verifyAudit` and `securityEventRecorded`. */
export function addAuditSchema(builder: Builder, audit: Audit) {
  const types = addSecurityEventType(builder, audit);
  addSecurityEvents(builder, audit, types);
  const AuditVerificationType = builder.objectRef<ChainVerification>("AuditVerification").implement({
    description: "Whether the audit log is as it was written.",
    fields: (t) => ({
      valid: t.exposeBoolean("valid", { description: "No event was changed, removed, inserted or moved." }),
      checked: t.exposeInt("checked", { description: "Events that hold, up to the first that does not." }),
      firstBrokenSequence: t.exposeInt("firstBrokenSequence", {
        nullable: true,
        description: "The first event that does not hold; where the end was cut off, the first that is missing.",
      }),
      fault: t.exposeString("fault", { nullable: true, description: "What is wrong there, in words." }),
    }),
  });
  builder.queryFields((t) => ({
    verifyAudit: t.field({
      type: AuditVerificationType,
      description:
        "Holds the whole audit log against its chain of hashes and its signed checkpoints, and records what was " +
        "found. For admins and their tokens with `AUDIT_READ`. `UNAUTHENTICATED`, `FORBIDDEN`, `UNAVAILABLE`.",
      resolve: (_root, _args, { actor }) => audit.verify(actor),
    }),
  }));
  builder.subscriptionFields((t) => ({
    securityEventRecorded: t.field({
      type: types.SecurityEvent,
      description:
        "The security events after a sequence (absent: from now on): what was missed first, in order, each once. For admins and their tokens with `AUDIT_READ`. " +
        "`UNAUTHENTICATED`, `FORBIDDEN`, `INVALID_INPUT`.",
      args: { after: t.arg.int({ description: "A sequence from 0 to the last event's; absent: from now on." }) },
      subscribe: (_root, { after }, { actor, signal }) =>
        audit.watch(actor, { after: after ?? null, signal: signal() }),
      resolve: (event: RecordedEvent) => event,
    }),
  }));
  return types;
}

function addSecurityEventType(builder: Builder, audit: Audit) {
  const SeverityType = builder.enumType("Severity", {
    description: "How much a security event matters.",
    values: {
      INFO: { description: "Something was done that may be done." },
      WARNING: { description: "Something was refused, or deserves a look." },
      CRITICAL: { description: "Somebody should look now." },
    } satisfies Record<Severity, object>,
  });
  const SecurityEvent = builder.node(builder.objectRef<RecordedEvent>("SecurityEvent"), {
    description: "One line of the audit log. For admins and their tokens with `AUDIT_READ`.",
    id: { resolve: (event) => event.id },
    loadMany: (ids, context) => loadVisible(context, ids, (id) => audit.get(context.actor, id)),
    fields: (t) => ({
      sequence: t.exposeInt("sequence", { description: "From 1 on, without a gap." }),
      kind: t.exposeString("kind", {
        description: "One of a closed list, such as `user.sign_in.failed`: docs/audit.md has it.",
      }),
      severity: t.expose("severity", { type: SeverityType, description: "How much it matters." }),
      actorKind: t.exposeString("actorKind", { description: "`guest`, `user`, `token` or `system`." }),
      subjectId: t.id({
        nullable: true,
        description: "What it is about: the id of a user, a project, an element, a token, or a setting's name.",
        resolve: subjectIdOf,
      }),
      ipAddress: t.exposeString("ipAddress", { nullable: true, description: "The client's; null: there was none." }),
      userAgent: t.exposeString("userAgent", { nullable: true, description: "The client's, at most 500 characters." }),
      details: t.field({
        type: "JSON",
        description: "An object of names and values; no secrets and nothing that was captured.",
        resolve: ({ details }) => JSON.parse(details),
      }),
      occurredAt: t.expose("occurredAt", { type: "DateTime", description: "When it happened." }),
      hash: t.string({
        description: "HMAC-SHA-256 over this event and the hash before it, in hexadecimal digits.",
        resolve: ({ hash }) => hash.toHex(),
      }),
    }),
  });
  return { SecurityEvent, Severity: SeverityType };
}

function addSecurityEvents(builder: Builder, audit: Audit, types: ReturnType<typeof addSecurityEventType>): void {
  const SecurityEventFilter = builder.inputType("SecurityEventFilter", {
    description: "What is absent does not matter; all that is there must hold.",
    fields: (t) => ({
      kind: t.stringList({ description: "One of these; `INVALID_INPUT` for one that there is not." }),
      severity: t.field({ type: [types.Severity], description: "One of these." }),
      actorId: t.id({ description: "By the user with this global id, or with one of its access tokens." }),
      occurredAfter: t.field({ type: "DateTime", description: "Later than this." }),
      occurredBefore: t.field({ type: "DateTime", description: "Earlier than this." }),
    }),
  });
  builder.queryField("securityEvents", (t) =>
    t.connection(
      {
        type: types.SecurityEvent,
        description:
          "The audit log, newest first; `first` or `last` 1 to 100, 20 where neither is given. For admins and their tokens with `AUDIT_READ`. `UNAUTHENTICATED`, " +
          "`FORBIDDEN`, `INVALID_INPUT`.",
        args: { filter: t.arg({ type: SecurityEventFilter, description: "Absent: all of them." }) },
        resolve: async (_root, { filter, ...args }, { actor, signal }) => {
          const page = readPage(args);
          const actorId = filter?.actorId ? localId("User", filter.actorId) : null;
          return toConnection(
            page,
            await audit.list(actor, { filter: { ...filter, actorId }, page, signal: signal() }),
          );
        },
      },
      { name: "SecurityEventConnection", description: "A page of security events." },
      { name: "SecurityEventEdge", description: "A security event in a list." },
    ));
}

// So that what it is about can be asked for by `node`.
function subjectIdOf({ subjectId, kind, details }: RecordedEvent): string | null {
  const about = kind === "alert.escalation" ? String(JSON.parse(details).by) : kind;
  const { subject = null } = Object.hasOwn(SECURITY_EVENT_KINDS, about)
    ? SECURITY_EVENT_KINDS[about as SecurityEventKind] as { subject?: string }
    : {};
  return subjectId === null || subject === null ? subjectId : toGlobalId(subject, subjectId);
}
