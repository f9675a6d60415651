import type { Database, Settings } from "./_database.ts";

/** What a person chose. It outlives the browser. */
export interface SettingsState {
  now(): Settings;
  change(settings: Settings): Promise<void>;
}

const KEY = "now";

/** Reads what was stored. */
export async function openSettings(database: Database, changed: () => void): Promise<SettingsState> {
  let now: Settings = await database.get("settings", KEY) ?? { screenshots: true };
  return { now: () => now, change };

  async function change(settings: Settings): Promise<void> {
    now = settings;
    await database.put("settings", settings, KEY);
    changed();
  }
}
