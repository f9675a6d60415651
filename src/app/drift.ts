import type { MigrationReport } from "../database/migrations.ts";

/** Whether every migration is applied as it lies in the folder, and the schema is what they make. */
export function isUpToDate({ migrations, drift }: MigrationReport): boolean {
  return drift.length === 0 && migrations.every(({ state }) => state === "applied");
}

/** The drift in words, a line for each object. */
export function describeDrift({ drift }: MigrationReport): string[] {
  return drift.map(({ object, before, after }) => {
    if (before === null) return `${object} is in the database and in no migration`;
    return after === null ? `${object} is missing` : `${object} is not as the migrations make it`;
  });
}
