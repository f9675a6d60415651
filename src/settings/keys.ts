import { z } from "zod";
import { isIceUri } from "../base/ice_uris.ts";
import { requiredText } from "../graphql/text_input.ts";

/** One documented setting. */
interface SettingKey<Schema extends z.ZodType> {
  schema: Schema;
  default: z.output<Schema>;
  /** Whether it is sealed and never shown. */
  secret: boolean;
  description: string;
}

const iceUrl = z.string().max(300).refine(isIceUri, "must be a stun: or turn: URI");

/** Every setting that an admin changes at run time. */
export const SETTING_KEYS = {
  "instance.name": setting({
    schema: requiredText(100),
    default: "Fingerpost",
    secret: false,
    description: "What this instance is called, 1 to 100 characters.",
  }),
  "audit.retention_days": setting({
    schema: z.int().min(30).max(36_500).nullable(),
    default: null,
    secret: false,
    description: "Security events older than this many days are deleted, 30 to 36,500; null: none ever is.",
  }),
  "mcp.retention_days": setting({
    schema: z.int().min(1).max(36_500),
    default: 30,
    secret: false,
    description: "Records of calls of MCP tools older than this many days are deleted, 1 to 36,500.",
  }),
  "turn.urls": setting({
    schema: z.array(iceUrl).max(8),
    default: [],
    secret: false,
    description: "URIs of STUN and TURN servers that pages are told to use, at most 8 of 300 characters.",
  }),
  "turn.secret": setting({
    schema: requiredText(1_000).nullable(),
    default: null,
    secret: true,
    description:
      "What the TURN servers share with this one, to check its time-limited credentials; 1 to 1,000 characters, or null.",
  }),
};

/** The name of a documented setting. */
export type SettingName = keyof typeof SETTING_KEYS;
/** What a setting holds. */
export type SettingValue<Name extends SettingName> = z.output<(typeof SETTING_KEYS)[Name]["schema"]>;

function setting<Schema extends z.ZodType>(key: SettingKey<Schema>): SettingKey<Schema> {
  return key;
}
