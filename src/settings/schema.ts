import type { Builder } from "../graphql/builder.ts";
import { SETTING_KEYS } from "./keys.ts";
import type { ConfigEntry, Settings } from "./settings.ts";

/** Adds `ConfigEntry`, `appConfig` and `setConfig`. */
export function addSettingsSchema(builder: Builder, settings: Settings): void {
  const keys = Object.entries(SETTING_KEYS).map(([key, { description }]) => `\`${key}\`: ${description}`).join(" ");
  const names = Object.keys(SETTING_KEYS).map((key) => `\`${key}\``).join(", ");
  const ConfigEntryType = builder.objectRef<ConfigEntry>("ConfigEntry").implement({
    description: `A setting of the instance. ${keys}`,
    fields: (t) => ({
      key: t.exposeString("key", { description: "Its name." }),
      value: t.expose("value", {
        type: "JSON",
        nullable: true,
        description: "What it holds; null where it is secret.",
      }),
      secret: t.exposeBoolean("secret", { description: "Whether it is sealed at rest and never shown." }),
      updatedAt: t.expose("updatedAt", { type: "DateTime", description: "When it was last set; 1970: never." }),
    }),
  });
  builder.queryFields((t) => ({
    appConfig: t.field({
      type: [ConfigEntryType],
      description: "Every setting, for an admin's session. `UNAUTHENTICATED`, `FORBIDDEN`.",
      resolve: (_root, _args, { actor }) => settings.list(actor),
    }),
  }));
  builder.mutationFields((t) => ({
    setConfig: t.field({
      type: ConfigEntryType,
      description: "Sets a setting, for an admin's session. `secret` seals one that is not secret by itself. " +
        "`UNAUTHENTICATED`, `FORBIDDEN`, `INVALID_INPUT`.",
      args: {
        key: t.arg.string({ required: true, description: `One of ${names}.` }),
        value: t.arg({ type: "JSON", required: true, description: "What `ConfigEntry` says of the setting." }),
        secret: t.arg.boolean({ description: "Whether to seal it; absent: as it was, or is by itself." }),
      },
      resolve: (_root, { key, value, secret }, { actor }) => settings.set(actor, { key, value, secret }),
    }),
  }));
}
