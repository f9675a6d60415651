import type { Builder } from "../graphql/builder.ts";
import type { Status, SystemStatus } from "./status.ts";

/** Adds `SystemStatus` and `systemStatus`. */
export function addStatusSchema(builder: Builder, status: Status): void {
  const SystemStatusType = builder.objectRef<SystemStatus>("SystemStatus").implement({
    description: "How the server is, as far as a glance tells; `deno task db:health` reads the files through.",
    fields: (t) => ({
      version: t.exposeString("version", { description: "Of Fingerpost (SemVer 2.0.0)." }),
      healthy: t.exposeBoolean("healthy", {
        description:
          "Both databases answer, no migration is pending, the schema was at the start what the migrations make, " +
          "and the latest backup did not fail.",
      }),
      schemaVersion: t.exposeString("schemaVersion", {
        description: "The latest migration that was applied, by the UTC time of its making: `yyyymmddhhmmss`.",
      }),
      pendingMigrations: t.exposeInt("pendingMigrations", {
        description: "Migrations that lie in the folder and were not applied: a restart applies them.",
      }),
      databaseBytes: t.exposeFloat("databaseBytes", {
        description: "Bytes of `fingerpost.db` with its write-ahead log; a whole number.",
      }),
      lastBackupAt: t.expose("lastBackupAt", {
        type: "DateTime",
        nullable: true,
        description:
          "When the newest archive in the backups folder was made, of those named by their time; null: there is none.",
      }),
    }),
  });
  builder.queryField("systemStatus", (t) =>
    t.field({
      type: SystemStatusType,
      description: "How the server is, for an admin's session. `UNAUTHENTICATED`, `FORBIDDEN`, `UNAVAILABLE`.",
      resolve: (_root, _args, { actor }) => status.get(actor),
    }));
}
