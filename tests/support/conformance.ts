import { runNpmTool } from "./npm_tool.ts";

/** One thing that a scenario of the conformance suite looked at. */
export interface Check {
  id: string;
  status: "SUCCESS" | "FAILURE" | "WARNING" | "SKIPPED" | "INFO";
  errorMessage?: string;
}

const SUITE = { name: "@modelcontextprotocol/conformance@0.2.0-alpha.12", lock: "conformance.lock" };

/** Runs every server scenario of a protocol revision and returns their checks. */
export async function runConformance(url: string, revision: string): Promise<Map<string, Check[]>> {
  const folder = await Deno.makeTempDir({ prefix: "fingerpost_conformance_" });
  try {
    const output = await runSuite(["server", "--url", url, "--requirements", revision, "--output-dir", folder], folder);
    const results = new Map<string, Check[]>();
    for await (const { name } of Deno.readDir(folder)) {
      const [, scenario] = /^server-(.+)-\d{4}-\d{2}-\d{2}T[\d-]+Z$/.exec(name) ?? [];
      if (scenario === undefined) continue;
      results.set(scenario, JSON.parse(await Deno.readTextFile(`${folder}/${name}/checks.json`)));
    }
    if (results.size === 0) throw new Error(`The conformance suite ran nothing: ${output}`);
    return results;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The names of all server scenarios that the suite has. */
export async function listScenarios(): Promise<string[]> {
  const output = await runSuite(["list", "--server"], Deno.cwd());
  return [...output.matchAll(/^ {2}- (\S+) \[/gm)].map(([, name = ""]) => name);
}

async function runSuite(args: string[], cwd: string): Promise<string> {
  const { stdout, stderr } = await runNpmTool(SUITE, args, { cwd });
  return stdout + stderr;
}
