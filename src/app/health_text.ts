import type { HealthReport } from "./database_health.ts";

const MAX_TABLES = 12;
const MAX_STATEMENTS = 10;
const MAX_STATEMENT_LENGTH = 100;

/** A health report for a person, a line each. */
export function describeHealth(report: HealthReport): string[] {
  const { checks, files, diskFreeBytes, lastBackup, statements } = report;
  const file = files["fingerpost.db"];
  return [
    ...checks.map(({ name, state, message }) => `${state.padEnd(8)} ${name}${message === "" ? "" : `: ${message}`}`),
    "",
    `file ${size(file.fileBytes)}, log ${size(file.walBytes)}, ${file.freePages} of ${file.pages} pages free`,
    `disk ${size(diskFreeBytes)} free, last backup ${lastBackup === null ? "none" : describeBackup(lastBackup)}`,
    "",
    ...table(
      ["table", "rows", "size"],
      file.tables.slice(0, MAX_TABLES).map((row) => [row.name, String(row.rows), size(row.bytes)]),
    ),
    ...(statements === null ? [] : ["", ...describeStatements(statements)]),
  ];
}

function describeBackup({ madeAt, bytes, isWhole }: NonNullable<HealthReport["lastBackup"]>): string {
  const state = isWhole ? "read and sound" : "cut or changed";
  return `${new Date(madeAt).toISOString()}, ${size(bytes)}, ${state}`;
}

function describeStatements({ startedAt, statements }: NonNullable<HealthReport["statements"]>): string[] {
  const rows = statements.slice(0, MAX_STATEMENTS).map(({ sql, count, totalMs, p95Ms }) => {
    return [`${totalMs.toFixed(0)} ms`, String(count), `${p95Ms.toFixed(2)} ms`, shorten(sql)];
  });
  return [
    `statements since ${new Date(startedAt).toISOString()}`,
    ...table(["total", "runs", "p95", "statement"], rows),
  ];
}

function shorten(sql: string): string {
  const text = sql.replace(/\s+/g, " ").trim();
  return text.length > MAX_STATEMENT_LENGTH ? `${text.slice(0, MAX_STATEMENT_LENGTH - 1)}…` : text;
}

function table(head: string[], rows: string[][]): string[] {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  return [head, ...rows].map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd());
}

function size(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const exponent = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${(bytes / 1_000 ** exponent).toFixed(exponent === 0 ? 0 : 1)} ${units[exponent]}`;
}
