const PROJECT = new URL("../..", import.meta.url).pathname;

/** What a task left: its exit code and all that it printed. */
export interface TaskResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs `deno task <name>` to its end on a data folder, as an operator does. */
export async function runTask(
  name: string,
  args: string[],
  dataDir: string,
  environment: Record<string, string> = {},
): Promise<TaskResult> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", name, ...args],
    cwd: PROJECT,
    env: { FINGERPOST_DATA_DIR: dataDir, NO_COLOR: "1", ...environment },
  }).output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}
