/** A command of an npm package that is no part of the project: its packages are in a lock file of its own. */
export interface NpmTool {
  /** The package with its exact version. */
  name: string;
  /** The lock file's name in `tests/fixtures/mcp`. */
  lock: string;
}

const LOCKS = new URL("../fixtures/mcp/", import.meta.url).pathname;

/** Runs one on Deno to its end. */
export async function runNpmTool(
  { name, lock }: NpmTool,
  args: string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    ...options,
    args: [
      ...["run", "--quiet", "--allow-all", "--no-config", "--node-modules-dir=none"],
      ...["--lock", `${LOCKS}${lock}`, "--frozen", `npm:${name}`, ...args],
    ],
    env: { NO_COLOR: "1", ...options.env },
  }).output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}
