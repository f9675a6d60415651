/** How much a security event matters to who reads the log. */
export const SEVERITIES = ["INFO", "WARNING", "CRITICAL"] as const;
/** One of the severities. */
export type Severity = (typeof SEVERITIES)[number];

/** What a kind of security event says. */
interface KindDescription {
  severity: Severity;
  /** When it is recorded, for who reads the log. */
  meaning: string;
  /** The type of what it is about, where that has a global id. */
  subject?: "User" | "Project" | "Element";
}

/** Every kind of security event. The list may grow; names stay. */
export const SECURITY_EVENT_KINDS = {
  "user.sign_in.succeeded": { severity: "INFO", meaning: "Somebody signed in", subject: "User" },
  "user.sign_in.failed": {
    severity: "WARNING",
    meaning: "A sign-in was refused; the subject is the account, if there is one",
    subject: "User",
  },
  "user.locked": {
    severity: "WARNING",
    meaning: "Too many wrong passwords locked an e-mail, known or not",
    subject: "User",
  },
  "user.unlocked": { severity: "INFO", meaning: "An admin took a lock away", subject: "User" },
  "user.signed_out": { severity: "INFO", meaning: "Somebody ended their session", subject: "User" },
  "user.created": { severity: "INFO", meaning: "An account was made", subject: "User" },
  "user.updated": {
    severity: "INFO",
    meaning: "An account's name was changed, or it was enabled again",
    subject: "User",
  },
  "user.role_changed": { severity: "WARNING", meaning: "An account got another role in the instance", subject: "User" },
  "user.disabled": { severity: "WARNING", meaning: "An account was disabled", subject: "User" },
  "user.deleted": { severity: "WARNING", meaning: "An account was deleted", subject: "User" },
  "user.password_changed": { severity: "INFO", meaning: "A password was changed", subject: "User" },
  "session.revoked": {
    severity: "INFO",
    meaning: "Sessions were ended from elsewhere: by their owner or an admin",
    subject: "User",
  },
  "token.created": { severity: "INFO", meaning: "An access token was made" },
  "token.revoked": { severity: "INFO", meaning: "An access token was revoked" },
  "token.denied": { severity: "WARNING", meaning: "A dead or unknown credential was used" },
  "pairing.started": { severity: "INFO", meaning: "A client asked to be paired" },
  "pairing.approved": { severity: "INFO", meaning: "Somebody approved a client" },
  "pairing.denied": { severity: "WARNING", meaning: "Somebody refused a client, or a code was wrong" },
  "project.created": { severity: "INFO", meaning: "A project was made", subject: "Project" },
  "project.deleted": {
    severity: "WARNING",
    meaning: "A project of the demo was deleted, with all in it",
    subject: "Project",
  },
  "project.member_changed": {
    severity: "INFO",
    meaning: "Somebody came into a project, left it, or got another role in it",
    subject: "Project",
  },
  "element.captured": { severity: "INFO", meaning: "An element was captured", subject: "Element" },
  "element.updated": {
    severity: "INFO",
    meaning: "An element's note or status was changed, or, with `live`, a page that holds it began to keep it fresh",
    subject: "Element",
  },
  "element.commented": { severity: "INFO", meaning: "An element was commented on", subject: "Element" },
  "element.deleted": { severity: "INFO", meaning: "An element was deleted", subject: "Element" },
  "element.commanded": { severity: "INFO", meaning: "A live page was asked about an element", subject: "Element" },
  "signal.denied": {
    severity: "WARNING",
    meaning: "Joining a room, relaying a signal, or a page's channel over GraphQL was refused",
  },
  "access.denied": {
    severity: "WARNING",
    meaning: "Something was refused: the role, the scope, the host or the origin",
  },
  "limit.exceeded": { severity: "WARNING", meaning: "A rate limit refused something" },
  "limit.changed": { severity: "WARNING", meaning: "A rate limit got another rule" },
  "config.changed": { severity: "INFO", meaning: "A setting was changed" },
  "backup.made": { severity: "INFO", meaning: "A backup was made" },
  "backup.failed": { severity: "WARNING", meaning: "A backup failed" },
  "database.migrated": { severity: "INFO", meaning: "Migrations were applied" },
  "database.restored": { severity: "WARNING", meaning: "A backup was restored" },
  "audit.begun": {
    severity: "WARNING",
    meaning:
      "The chain was begun behind events that were there before: expected once, after the update that brought it",
  },
  "audit.verified": { severity: "INFO", meaning: "The audit log was verified and holds" },
  "audit.broken": { severity: "CRITICAL", meaning: "The audit log was tampered with, or its file is damaged" },
  "audit.pruned": {
    severity: "WARNING",
    meaning: "Events older than the retention were deleted; the details say through which sequence",
  },
  "alert.sign_in_failures": { severity: "CRITICAL", meaning: "Many sign-ins failed: somebody guesses passwords" },
  "alert.token_new_address": {
    severity: "WARNING",
    meaning: "An access token was used from an address that it was never used from",
  },
  "alert.escalation": {
    severity: "CRITICAL",
    meaning: "Somebody became an admin, or an admin came into a project by themselves",
  },
  "alert.denials": {
    severity: "WARNING",
    meaning: "One actor was refused many times: somebody tries what they may not do",
  },
  "server.started": { severity: "INFO", meaning: "The server started" },
  "server.stopped": { severity: "INFO", meaning: "The server stopped in order" },
} as const satisfies Record<string, KindDescription>;

/** The kind of a security event. */
export type SecurityEventKind = keyof typeof SECURITY_EVENT_KINDS;
