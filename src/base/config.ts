import { CronPattern } from "croner";
import { z } from "zod";
import { AppError } from "./errors.ts";
import { isIceUri, isTurnUri } from "./ice_uris.ts";
import { type AddressBlock, parseAddressBlock } from "./ip_addresses.ts";

/** The settings of one server, as read from the environment. */
export interface Config {
  /** The host name or address to listen on. */
  host: string;
  /** The TCP port; 0 picks a free one. */
  port: number;
  dataDir: string;
  adminEmail: string;
  /** The first admin's password; null has one made. */
  adminPassword: string | null;
  /** The origin under which clients reach the server; null: `http://<host>:<port>`. */
  publicUrl: string | null;
  /** Origins of other sites that may call, beside browsers' extensions; null: loopback origins if the host is loopback, else none. */
  allowedOrigins: string[] | null;
  /** Proxies whose `X-Forwarded-For` is believed. */
  trustedProxies: AddressBlock[];
  /** Of 32 bytes each, the current one first; null has them read from `secret.key`. */
  secretKeys: Uint8Array<ArrayBuffer>[] | null;
  turn: TurnConfig;
  /** When backups are made, as cron says it, in UTC; null: never. */
  backupSchedule: string | null;
  /** Backups that stay when another is made. */
  backupKeep: number;
  logLevel: "debug" | "info" | "warning" | "error";
  /** null: pretty on a terminal, JSON elsewhere. */
  logFormat: "pretty" | "json" | null;
  /** Whether those not signed in may introspect the schema; null: if the host is loopback. */
  introspection: boolean | null;
  /** "only": nothing is run but documents of the manifest in the data folder. */
  trustedDocuments: "off" | "only";
  /** Whether `/pointer.js` is served; null: if the host is loopback. */
  pointerScript: boolean | null;
  /** Whether the operator's own MCP tools may change something. */
  toolMutations: boolean;
  /** IPv4 addresses that WebRTC connections bind to and tell. */
  rtcHosts: string[];
  /** The first and the last UDP port for them; null: any. */
  rtcPorts: [number, number] | null;
}

/** STUN and TURN servers that pages are told to use. */
export interface TurnConfig {
  /** RFC 7064, RFC 7065; none: they are off. */
  urls: string[];
  /** What the TURN servers share with this one; null where there is none among them. */
  secret: string | null;
}

/** Where settings come from: the process's environment, or a test's. */
export interface Environment {
  get(name: string): string | undefined;
}

/** The size of the secret key: as much as AES-256 takes. */
export const SECRET_KEY_BYTES = 32;

const SETTINGS = {
  FINGERPOST_HOST: z.string().refine(isHost, "must be a host name or an address").default("127.0.0.1"),
  FINGERPOST_PORT: z.string().regex(/^\d{1,5}$/, "must be a whole number from 0 to 65535").default("8000")
    .transform(Number).refine((port) => port <= 65535, "must be a whole number from 0 to 65535"),
  // Deno splits the list of folders that a process may touch at commas, and knows no way around it.
  FINGERPOST_DATA_DIR: z.string().regex(/^[^,]+$/, "must not hold a comma")
    .refine((path) => path === path.trim(), "must not begin or end with white space").default("./data"),
  FINGERPOST_ADMIN_EMAIL: z.string().regex(/^[^\s@]+@[^\s@]+$/, "must be an e-mail address").max(254)
    .default("admin@localhost"),
  FINGERPOST_ADMIN_PASSWORD: z.string()
    .refine((text) => [...text].length >= 12, "must have at least 12 characters")
    .refine((text) => new TextEncoder().encode(text).length <= 72, "must have at most 72 bytes").optional(),
  FINGERPOST_PUBLIC_URL: z.string().transform(toOrigin).refine((origin) => /^https?:/.test(origin), {
    message: "must be an origin such as https://fingerpost.example.org",
  }).optional(),
  FINGERPOST_ALLOWED_ORIGINS: z.string().transform((text) => text.split(",").map((part) => part.trim()))
    .pipe(z.array(z.string().transform(toOrigin))).optional(),
  FINGERPOST_TRUSTED_PROXIES: z.string().default("").transform(toAddressBlocks),
  FINGERPOST_SECRET_KEY: z.string().transform(toSecretKeys).optional(),
  FINGERPOST_TURN_URLS: z.string().default("").transform((text) =>
    text === "" ? [] : text.split(",").map((part) => part.trim())
  )
    .refine((urls) => urls.length <= 8 && urls.every((url) => url.length <= 300 && isIceUri(url)), {
      message:
        "must be at most 8 URIs such as stun:example.org or turn:example.org:3478?transport=udp, comma separated",
    }),
  FINGERPOST_TURN_SECRET: z.string().max(1_000, "must have at most 1000 characters").optional(),
  FINGERPOST_BACKUP_SCHEDULE: z.string().refine(isSchedule, "must be a cron schedule such as 0 3 * * *, or off")
    .default("0 3 * * *").transform((text) => text === "off" ? null : text),
  FINGERPOST_BACKUP_KEEP: z.string().regex(/^[1-9]\d{0,2}$/, "must be a whole number from 1 to 999").default("7")
    .transform(Number),
  FINGERPOST_LOG_LEVEL: z.enum(["debug", "info", "warning", "error"], "must be debug, info, warning or error")
    .default("info"),
  FINGERPOST_LOG_FORMAT: z.enum(["pretty", "json"], "must be pretty or json").optional(),
  FINGERPOST_INTROSPECTION: z.enum(["on", "off"], "must be on or off").optional(),
  FINGERPOST_RTC_HOSTS: z.string().default("127.0.0.1").transform((text) => text.split(",").map((part) => part.trim()))
    .refine((hosts) => hosts.every((host) => z.ipv4().safeParse(host).success && host !== "0.0.0.0"), {
      message: "must be IPv4 addresses of this machine such as 192.168.0.10, comma separated",
    }).transform((hosts) => [...new Set(hosts)]),
  FINGERPOST_RTC_PORTS: z.string().transform(toPortRange).optional(),
  FINGERPOST_TRUSTED_DOCUMENTS: z.enum(["off", "only"], "must be off or only").default("off"),
  FINGERPOST_POINTER_SCRIPT: z.enum(["on", "off"], "must be on or off").optional(),
  FINGERPOST_TOOL_MUTATIONS: z.enum(["on", "off"], "must be on or off").default("off"),
};

const SECRET_SETTINGS = new Set(["FINGERPOST_ADMIN_PASSWORD", "FINGERPOST_SECRET_KEY", "FINGERPOST_TURN_SECRET"]);

/** Reads the settings; an empty variable counts as unset. Throws `INVALID_INPUT` with one line that names the setting. */
export function readConfig(environment: Environment): Config {
  const read = <Name extends keyof typeof SETTINGS>(name: Name) => readSetting(environment, name);
  const introspection = read("FINGERPOST_INTROSPECTION");
  const pointerScript = read("FINGERPOST_POINTER_SCRIPT");
  return {
    host: read("FINGERPOST_HOST"),
    port: read("FINGERPOST_PORT"),
    dataDir: read("FINGERPOST_DATA_DIR"),
    adminEmail: read("FINGERPOST_ADMIN_EMAIL"),
    adminPassword: read("FINGERPOST_ADMIN_PASSWORD") ?? null,
    publicUrl: read("FINGERPOST_PUBLIC_URL") ?? null,
    allowedOrigins: read("FINGERPOST_ALLOWED_ORIGINS") ?? null,
    trustedProxies: read("FINGERPOST_TRUSTED_PROXIES"),
    secretKeys: read("FINGERPOST_SECRET_KEY") ?? null,
    turn: readTurn(read("FINGERPOST_TURN_URLS"), read("FINGERPOST_TURN_SECRET") ?? null),
    backupSchedule: read("FINGERPOST_BACKUP_SCHEDULE"),
    backupKeep: read("FINGERPOST_BACKUP_KEEP"),
    logLevel: read("FINGERPOST_LOG_LEVEL"),
    logFormat: read("FINGERPOST_LOG_FORMAT") ?? null,
    introspection: introspection === undefined ? null : introspection === "on",
    trustedDocuments: read("FINGERPOST_TRUSTED_DOCUMENTS"),
    pointerScript: pointerScript === undefined ? null : pointerScript === "on",
    toolMutations: read("FINGERPOST_TOOL_MUTATIONS") === "on",
    rtcHosts: read("FINGERPOST_RTC_HOSTS"),
    rtcPorts: read("FINGERPOST_RTC_PORTS") ?? null,
  };
}

/** The server that a client command such as `doctor` talks to, and its credential; null where the variable is unset. */
export function readClientConfig(environment: Environment): { url: string | null; token: string | null } {
  return { url: environment.get("FINGERPOST_URL") || null, token: environment.get("FINGERPOST_TOKEN") || null };
}

/** Keys in base64 (RFC 4648 §4), parted by white space, the current one first; null where one is no key of 32 bytes or there is none. */
export function parseSecretKeys(text: string): Uint8Array<ArrayBuffer>[] | null {
  try {
    const keys = text.trim().split(/\s+/).map((part) => Uint8Array.fromBase64(part));
    return keys.every((key) => key.length === SECRET_KEY_BYTES) ? keys : null;
  } catch {
    return null;
  }
}

/** Whether `hostname` (as in `URL.hostname`, or without brackets) is this machine's loopback. RFC 6761 §6.3, RFC 1122 §3.2.1.3, RFC 4291 §2.5.3. */
export function isLoopback(hostname: string): boolean {
  const name = hostname.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  return name === "localhost" || name === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name);
}

function readSetting<Name extends keyof typeof SETTINGS>(
  environment: Environment,
  name: Name,
): z.output<(typeof SETTINGS)[Name]>;
function readSetting(environment: Environment, name: keyof typeof SETTINGS): unknown {
  const text = environment.get(name) || undefined;
  const result = SETTINGS[name].safeParse(text);
  if (result.success) return result.data;
  const value = text === undefined || SECRET_SETTINGS.has(name) ? "" : `, not "${text}"`;
  throw new AppError("INVALID_INPUT", `${name} ${result.error.issues[0]?.message ?? "is invalid"}${value}`);
}

function readTurn(urls: string[], secret: string | null): TurnConfig {
  const isComplete = urls.some(isTurnUri) === (secret !== null);
  if (isComplete) return { urls, secret };
  throw new AppError(
    "INVALID_INPUT",
    secret === null
      ? "FINGERPOST_TURN_SECRET must be set: FINGERPOST_TURN_URLS names a TURN server"
      : "FINGERPOST_TURN_URLS must name a TURN server: FINGERPOST_TURN_SECRET is set",
  );
}

function isSchedule(text: string): boolean {
  try {
    return text === "off" || new CronPattern(text) !== null;
  } catch {
    return false;
  }
}

function isHost(text: string): boolean {
  const name = text.includes(":") ? `[${text}]` : text;
  return /^[\w.:-]+$/.test(text) && /^[\w:]/.test(text) && URL.canParse(`http://${name}`);
}

function toOrigin(text: string, context: z.RefinementCtx): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isOrigin = url !== null && /^https?:$/.test(url.protocol) && url.pathname === "/" && !url.search && !url.hash &&
    !url.username && !url.password;
  if (isOrigin) return url.origin;
  // An extension's origin is opaque to `URL`, yet it is one: chrome-extension://<id>.
  if (/^[a-z]+-extension:\/\/[\w.-]+$/.test(text)) return text;
  context.addIssue({ code: "custom", message: "must be an origin such as https://fingerpost.example.org" });
  return z.NEVER;
}

function toAddressBlocks(text: string, context: z.RefinementCtx): AddressBlock[] {
  const blocks = text === "" ? [] : text.split(",").map((part) => parseAddressBlock(part.trim()));
  if (blocks.every((block) => block !== null)) return blocks;
  context.addIssue({ code: "custom", message: "must be addresses or CIDRs such as 10.0.0.0/8, comma separated" });
  return z.NEVER;
}

function toPortRange(text: string, context: z.RefinementCtx): [number, number] {
  const [first, last] = (/^(\d{1,5})-(\d{1,5})$/.exec(text) ?? []).slice(1).map(Number);
  const isRange = first !== undefined && last !== undefined && first >= 1_024 && first <= last && last <= 65_535;
  if (isRange) return [first, last];
  context.addIssue({ code: "custom", message: "must be UDP ports from 1024 to 65535 such as 50000-50199" });
  return z.NEVER;
}

function toSecretKeys(text: string, context: z.RefinementCtx): Uint8Array<ArrayBuffer>[] {
  const keys = parseSecretKeys(text);
  if (keys !== null) return keys;
  context.addIssue({ code: "custom", message: `must be ${SECRET_KEY_BYTES} bytes in base64` });
  return z.NEVER;
}
