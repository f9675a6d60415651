import type { Audit } from "../audit/audit.ts";
import type { Actor } from "../base/actor.ts";
import type { Clock } from "../base/clock.ts";
import { invalidInput } from "../base/errors.ts";
import { requirePermission } from "../base/permissions.ts";
import type { Connection, Database } from "../database/database.ts";
import type { Sealer } from "../database/sealing.ts";
import { findSetting, insertSetting, listSettings, type SettingRow, upsertSetting } from "./_rows.ts";
import { SETTING_KEYS, type SettingName, type SettingValue } from "./keys.ts";

/** A setting as an admin sees it. */
export interface ConfigEntry {
  key: string;
  /** null where it is secret. */
  value: unknown;
  secret: boolean;
  /** Milliseconds since the Unix epoch; 0 where it was never set. */
  updatedAt: number;
}

/** A change of a setting. */
export interface SettingChange {
  key: string;
  value: unknown;
  /** Whether to seal it; absent: as it is documented, or was before. */
  secret?: boolean | null | undefined;
}

/** What an admin changes at run time. */
export interface Settings {
  /** What a setting holds now. Throws `UNAVAILABLE` where it can't be opened. */
  get<Name extends SettingName>(name: Name): Promise<SettingValue<Name>>;
  /** Every documented setting, by name. Throws `UNAUTHENTICATED`, `FORBIDDEN`. */
  list(actor: Actor): Promise<ConfigEntry[]>;
  /** Sets one. Throws `UNAUTHENTICATED`, `FORBIDDEN`, `INVALID_INPUT`. */
  set(actor: Actor, change: SettingChange): Promise<ConfigEntry>;
  /** Writes the defaults of those that were never set, in the caller's transaction; returns how many. For seeds: nobody's permission is asked. */
  insertDefaults(connection: Connection): Promise<number>;
}

/** What the settings room is built on. */
export interface SettingsDependencies {
  database: Database;
  audit: Audit;
  sealer: Sealer;
  clock: Clock;
}

/** Builds the settings room. */
export function createSettings({ database, audit, sealer, clock }: SettingsDependencies): Settings {
  return { get, list, set, insertDefaults };

  async function get<Name extends SettingName>(name: Name): Promise<SettingValue<Name>> {
    const row = await findSetting(database.read, name);
    const value = row === undefined ? SETTING_KEYS[name].default : await valueOf(row);
    return SETTING_KEYS[name].schema.parse(value) as SettingValue<Name>;
  }

  async function list(actor: Actor): Promise<ConfigEntry[]> {
    requirePermission(actor, "MANAGE_SETTINGS");
    const rows = new Map((await listSettings(database.read)).map((row) => [row.key, row]));
    return Object.entries(SETTING_KEYS).map(([key, { default: value, secret }]) => {
      const row = rows.get(key);
      return row === undefined ? { key, value: secret ? null : value, secret, updatedAt: 0 } : toEntry(row);
    });
  }

  async function set(actor: Actor, { key, value, secret }: SettingChange): Promise<ConfigEntry> {
    requirePermission(actor, "MANAGE_SETTINGS");
    const name = requireName(key);
    const documented = SETTING_KEYS[name];
    if (documented.secret && secret === false) throw invalidInput(["secret"], `Cannot show "${name}": it is secret`);
    const parsed = documented.schema.safeParse(value);
    if (!parsed.success) {
      const reason = parsed.error.issues[0]?.message ?? "is invalid";
      throw invalidInput(["value"], `Cannot set "${name}": its value ${reason}`);
    }
    const before = await findSetting(database.read, name);
    const isSecret = documented.secret || (secret ?? before?.isSecret === 1);
    const row = await toRow(name, parsed.data, { isSecret, updatedAt: clock.now() });
    await database.write(async (connection) => {
      await upsertSetting(connection, row);
      await audit.record(connection, actor, { kind: "config.changed", subjectId: name });
    });
    return toEntry(row);
  }

  async function insertDefaults(connection: Connection): Promise<number> {
    let inserted = 0;
    for (const [key, { default: value, secret }] of Object.entries(SETTING_KEYS)) {
      // What is secret has no default that would need to be kept.
      const row = { key, value: JSON.stringify(value), isSecret: 0, updatedAt: clock.now() } as const;
      if (!secret && await insertSetting(connection, row)) inserted++;
    }
    return inserted;
  }

  async function toRow(
    key: string,
    value: unknown,
    { isSecret, updatedAt }: { isSecret: boolean; updatedAt: number },
  ): Promise<SettingRow> {
    const text = JSON.stringify(value);
    if (!isSecret) return { key, value: text, isSecret: 0, updatedAt };
    return { key, value: await sealer.seal(new TextEncoder().encode(text), placeOf(key)), isSecret: 1, updatedAt };
  }

  async function valueOf({ key, value }: SettingRow): Promise<unknown> {
    const text = typeof value === "string" ? value : new TextDecoder().decode(await sealer.open(value, placeOf(key)));
    return JSON.parse(text);
  }
}

function placeOf(row: string) {
  return { table: "app_config", column: "value", row };
}

function toEntry({ key, value, isSecret, updatedAt }: SettingRow): ConfigEntry {
  const shown = typeof value === "string" ? JSON.parse(value) : null;
  return { key, value: shown, secret: isSecret === 1, updatedAt };
}

function requireName(key: string): SettingName {
  if (Object.hasOwn(SETTING_KEYS, key)) return key as SettingName;
  throw invalidInput(["key"], `Cannot set "${key.slice(0, 100)}": there are ${Object.keys(SETTING_KEYS).join(", ")}`);
}
