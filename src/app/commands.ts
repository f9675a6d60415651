import { AppError } from "../base/errors.ts";

/** A command of the tasks; takes what stands behind its name, returns the exit code: 0 done, 1 failed, 2 wrong usage. */
type Command = (args: string[]) => Promise<number>;

// Each is loaded when it is called: a grant is asked for at every start and must not load the server.
const COMMANDS: Record<string, () => Promise<Command>> = {
  start: async () => (await import("./start.ts")).start,
  doctor: async () => (await import("./doctor.ts")).runDoctor,
  mcp: async () => (await import("./mcp_task.ts")).serveMcp,
  schema: async () => (await import("./print_schema.ts")).printServerSchema,
  documents: async () => (await import("./document_extraction.ts")).extractDocuments,
  "db:init": async () => (await import("./database_migrations.ts")).initDatabase,
  "db:create": async () => (await import("./database_migrations.ts")).createMigration,
  "db:migrate": async () => (await import("./database_migrations.ts")).migrateDatabase,
  "db:rollback": async () => (await import("./database_migrations.ts")).rollBackDatabase,
  "db:reset": async () => (await import("./database_migrations.ts")).resetDatabase,
  "db:status": async () => (await import("./database_status.ts")).showDatabaseStatus,
  "db:backup": async () => (await import("./database_backup.ts")).backUpDatabase,
  "db:seed": async () => (await import("./database_seed.ts")).seedDatabase,
  "db:health": async () => (await import("./database_health.ts")).showDatabaseHealth,
  "db:rekey": async () => (await import("./database_rekey.ts")).rekeyDatabase,
  "db:restore": async () => (await import("./database_restore.ts")).restoreDatabase,
  "audit:verify": async () => (await import("./audit_tasks.ts")).verifyAuditLog,
  "audit:export": async () => (await import("./audit_tasks.ts")).exportAuditLog,
  grants: async () => (await import("./grants.ts")).printGrant,
};

const DONE = 0;
const FAILED = 1;
const WRONG_USAGE = 2;

/** Runs the command that the first argument names. Never throws: what fails is told in one line on standard error. */
export async function runCommand([name = "", ...args]: string[]): Promise<number> {
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (load === undefined) {
    return tell(`Cannot run "${name}": there are ${Object.keys(COMMANDS).join(", ")}`, WRONG_USAGE);
  }
  try {
    return await (await load())(args) || DONE;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return tell(error.message, error.code === "INVALID_INPUT" ? WRONG_USAGE : FAILED);
  }
}

function tell(line: string, exitCode: number): number {
  Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
  return exitCode;
}
