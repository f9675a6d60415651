import assert from "node:assert/strict";
import { isLoopback, readConfig } from "../src/base/config.ts";

const read = (variables: Record<string, string>) => readConfig(new Map(Object.entries(variables)));

Deno.test("readConfig() has a default for every setting and takes an empty one for unset", () => {
  const expected = {
    host: "127.0.0.1",
    port: 8000,
    dataDir: "./data",
    adminEmail: "admin@localhost",
    adminPassword: null,
    publicUrl: null,
    allowedOrigins: null,
    trustedProxies: [],
    secretKeys: null,
    turn: { urls: [], secret: null },
    rtcHosts: ["127.0.0.1"],
    rtcPorts: null,
    logLevel: "info",
    backupSchedule: "0 3 * * *",
    backupKeep: 7,
    logFormat: null,
    introspection: null,
    trustedDocuments: "off",
    pointerScript: null,
    toolMutations: false,
  };
  assert.deepEqual(read({}), expected);
  assert.deepEqual(read({ FINGERPOST_PORT: "", FINGERPOST_LOG_LEVEL: "", FINGERPOST_PUBLIC_URL: "" }), expected);
});

Deno.test("readConfig() reads origins as browsers write them", () => {
  const { publicUrl, allowedOrigins } = read({
    FINGERPOST_PUBLIC_URL: "https://Team.example:443/",
    FINGERPOST_ALLOWED_ORIGINS: "https://tool.example, http://localhost:3000/,chrome-extension://abcdef",
  });
  assert.equal(publicUrl, "https://team.example");
  assert.deepEqual(allowedOrigins, ["https://tool.example", "http://localhost:3000", "chrome-extension://abcdef"]);
});

Deno.test("readConfig() reads STUN and TURN servers", () => {
  const urls = ["stun:stun.example.org", "turn:192.0.2.1:3478?transport=udp", "turns:[2001:db8::1]"];
  const { turn } = read({ FINGERPOST_TURN_URLS: urls.join(", "), FINGERPOST_TURN_SECRET: "a secret" });
  assert.deepEqual(turn, { urls, secret: "a secret" });
  assert.deepEqual(read({ FINGERPOST_TURN_URLS: "stun:a.example" }).turn, { urls: ["stun:a.example"], secret: null });
});

Deno.test("readConfig() names the setting that does not parse in one line, and shows no secret", () => {
  const refused: [string, string, RegExp][] = [
    ["FINGERPOST_PORT", "65536", /^FINGERPOST_PORT must be a whole number from 0 to 65535, not "65536"$/],
    ["FINGERPOST_PORT", "-1", /^FINGERPOST_PORT must/],
    ["FINGERPOST_DATA_DIR", "a,b", /^FINGERPOST_DATA_DIR must not hold a comma/],
    ["FINGERPOST_DATA_DIR", "data ", /^FINGERPOST_DATA_DIR must not begin or end with white space/],
    ["FINGERPOST_HOST", "localhost:80", /^FINGERPOST_HOST must be a host name/],
    ["FINGERPOST_HOST", "...", /^FINGERPOST_HOST must be a host name/],
    ["FINGERPOST_PUBLIC_URL", "chrome-extension://abc", /^FINGERPOST_PUBLIC_URL must be an origin/],
    ["FINGERPOST_HOST", "a b", /^FINGERPOST_HOST must be a host name/],
    ["FINGERPOST_ADMIN_EMAIL", "ada", /^FINGERPOST_ADMIN_EMAIL must be an e-mail address, not "ada"$/],
    ["FINGERPOST_ADMIN_PASSWORD", "short", /^FINGERPOST_ADMIN_PASSWORD must have at least 12 characters$/],
    ["FINGERPOST_ADMIN_PASSWORD", "é".repeat(37), /^FINGERPOST_ADMIN_PASSWORD must have at most 72 bytes$/],
    ["FINGERPOST_PUBLIC_URL", "https://team.example/app", /^FINGERPOST_PUBLIC_URL must be an origin/],
    ["FINGERPOST_ALLOWED_ORIGINS", "https://a.example,*", /^FINGERPOST_ALLOWED_ORIGINS must be an origin/],
    [
      "FINGERPOST_TRUSTED_PROXIES",
      "10.0.0.0/8,proxy.example",
      /^FINGERPOST_TRUSTED_PROXIES must be addresses or CIDRs such as 10\.0\.0\.0\/8, comma separated, not "10\..*"$/,
    ],
    ["FINGERPOST_TRUSTED_PROXIES", "10.0.0.0/33", /^FINGERPOST_TRUSTED_PROXIES must be/],
    ["FINGERPOST_TRUSTED_PROXIES", "10.0.0.0/", /^FINGERPOST_TRUSTED_PROXIES must be/],
    ["FINGERPOST_TRUSTED_PROXIES", "10.1/16", /^FINGERPOST_TRUSTED_PROXIES must be/],
    ["FINGERPOST_TRUSTED_PROXIES", "010.0.0.0/8", /^FINGERPOST_TRUSTED_PROXIES must be/],
    ["FINGERPOST_TRUSTED_PROXIES", "::1/129", /^FINGERPOST_TRUSTED_PROXIES must be/],
    ["FINGERPOST_TRUSTED_PROXIES", "127.0.0.1,", /^FINGERPOST_TRUSTED_PROXIES must be/],
    ["FINGERPOST_SECRET_KEY", "not base64!", /^FINGERPOST_SECRET_KEY must be 32 bytes in base64$/],
    [
      "FINGERPOST_TURN_URLS",
      "turn:a.example, http://b.example",
      /^FINGERPOST_TURN_URLS must be at most 8 URIs such as/,
    ],
    ["FINGERPOST_TURN_URLS", "stun:a.example?transport=udp", /^FINGERPOST_TURN_URLS must be/],
    ["FINGERPOST_TURN_URLS", "stun://a.example", /^FINGERPOST_TURN_URLS must be/],
    ["FINGERPOST_TURN_URLS", "turn:a.example:65536", /^FINGERPOST_TURN_URLS must be/],
    [
      "FINGERPOST_TURN_URLS",
      "turn:a.example",
      /^FINGERPOST_TURN_SECRET must be set: FINGERPOST_TURN_URLS names a TURN/,
    ],
    [
      "FINGERPOST_TURN_SECRET",
      "secret",
      /^FINGERPOST_TURN_URLS must name a TURN server: FINGERPOST_TURN_SECRET is set$/,
    ],
    ["FINGERPOST_BACKUP_SCHEDULE", "0 25 * * *", /^FINGERPOST_BACKUP_SCHEDULE must be a cron schedule/],
    ["FINGERPOST_BACKUP_SCHEDULE", "daily", /^FINGERPOST_BACKUP_SCHEDULE must be a cron schedule/],
    ["FINGERPOST_BACKUP_KEEP", "0", /^FINGERPOST_BACKUP_KEEP must be a whole number from 1 to 999, not "0"$/],
    ["FINGERPOST_LOG_LEVEL", "loud", /^FINGERPOST_LOG_LEVEL must be debug, info, warning or error, not "loud"$/],
    ["FINGERPOST_LOG_FORMAT", "xml", /^FINGERPOST_LOG_FORMAT must be pretty or json/],
    ["FINGERPOST_TRUSTED_DOCUMENTS", "on", /^FINGERPOST_TRUSTED_DOCUMENTS must be off or only, not "on"$/],
    ["FINGERPOST_INTROSPECTION", "yes", /^FINGERPOST_INTROSPECTION must be on or off/],
    ["FINGERPOST_POINTER_SCRIPT", "yes", /^FINGERPOST_POINTER_SCRIPT must be on or off, not "yes"$/],
    ["FINGERPOST_TOOL_MUTATIONS", "true", /^FINGERPOST_TOOL_MUTATIONS must be on or off, not "true"$/],
  ];
  for (const [name, value, message] of refused) {
    assert.throws(() => read({ [name]: value }), { code: "INVALID_INPUT", message });
  }
});

Deno.test("isLoopback() knows this machine's own names and no others", () => {
  for (const name of ["localhost", "LOCALHOST", "127.0.0.1", "127.8.9.10", "::1", "[::1]"]) {
    assert.ok(isLoopback(name), name);
  }
  for (const name of ["0.0.0.0", "localhost.evil.example", "127.0.0.1.evil.example", "1270.0.0.1", "::2", ""]) {
    assert.ok(!isLoopback(name), name);
  }
});
