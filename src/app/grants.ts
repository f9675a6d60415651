import { type Config, readClientConfig, readConfig } from "../base/config.ts";
import { AppError } from "../base/errors.ts";
import { rtcNetworks } from "../peers/networks.ts";

const DEFAULT_SERVER = "http://127.0.0.1:8000";

/** What a permission flag of `deno task start` is given, from the settings; `server` is for `deno task mcp`. */
const GRANTS: Record<string, (config: Config) => string> = {
  data: (config) => config.dataDir,
  net: (config) =>
    [
      `${config.host.includes(":") ? `[${config.host}]` : config.host}:${config.port}`,
      ...rtcNetworks(config.rtcHosts),
    ].join(","),
  server: () => serverAddress(readClientConfig(Deno.env).url ?? DEFAULT_SERVER),
};

/** Prints the value of one permission flag. Settings that don't parse give the defaults: the server itself names them. */
export function printGrant([name = ""]: string[]): Promise<number> {
  const grant = GRANTS[name];
  if (grant === undefined) return Promise.resolve(2);
  Deno.stdout.writeSync(new TextEncoder().encode(grant(readOrDefault())));
  return Promise.resolve(0);
}

/** Host and port of a URL; of the default for what Deno would not take as one host, such as a list. */
function serverAddress(text: string): string {
  const url = URL.parse(text);
  const { hostname, port, protocol } = url !== null && /^[\w.:[\]-]+$/.test(url.hostname)
    ? url
    : new URL(DEFAULT_SERVER);
  return `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
}

function readOrDefault(): Config {
  try {
    return readConfig(Deno.env);
  } catch (error) {
    if (error instanceof AppError) return readConfig(new Map<string, string>());
    throw error;
  }
}
