import sql from "sql-template-tag";
import type { Connection } from "../database/database.ts";

/** A setting as it is stored: JSON, or that sealed. */
export interface SettingRow {
  key: string;
  value: string | Uint8Array;
  isSecret: 0 | 1;
  updatedAt: number;
}

/** Every setting that was set: there are no more than the code knows. */
export function listSettings(connection: Connection): Promise<SettingRow[]> {
  return connection.all<SettingRow>(
    sql`SELECT key, value, is_secret AS isSecret, updated_at AS updatedAt FROM app_config ORDER BY key`,
  );
}

/** One setting. */
export function findSetting(connection: Connection, key: string): Promise<SettingRow | undefined> {
  return connection.get<SettingRow>(
    sql`SELECT key, value, is_secret AS isSecret, updated_at AS updatedAt FROM app_config WHERE key = ${key}`,
  );
}

/** Sets a setting. */
export async function upsertSetting(
  connection: Connection,
  { key, value, isSecret, updatedAt }: SettingRow,
): Promise<void> {
  await connection.run(sql`
    INSERT INTO app_config (key, value, is_secret, updated_at) VALUES (${key}, ${value}, ${isSecret}, ${updatedAt})
    ON CONFLICT (key) DO UPDATE SET value = excluded.value, is_secret = excluded.is_secret, updated_at = excluded.updated_at`);
}

/** Sets a setting that was not set yet; false where it was. */
export async function insertSetting(
  connection: Connection,
  { key, value, isSecret, updatedAt }: SettingRow,
): Promise<boolean> {
  return await connection.run(sql`
    INSERT INTO app_config (key, value, is_secret, updated_at) VALUES (${key}, ${value}, ${isSecret}, ${updatedAt})
    ON CONFLICT (key) DO NOTHING`) > 0;
}
