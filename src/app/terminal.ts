import cliProgress from "cli-progress";
import process from "node:process";
import { parseArgs, type ParseArgsConfig } from "node:util";
import { AppError } from "../base/errors.ts";

/** Prints one line of a command's answer; nothing where its reader has seen enough, as `head` has. */
export function say(line: string): void {
  try {
    Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

/** Tells one line beside the answer: progress, a warning, what failed. */
export function tell(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
}

/** The options and the other arguments of a command. */
export interface Arguments {
  values: Record<string, string | boolean | undefined>;
  positionals: string[];
}

/** Reads a command's arguments as `usage` says them, such as "db:create NAME". Throws `INVALID_INPUT` with the usage. */
export function readArguments(
  usage: string,
  args: string[],
  { options = {}, positionals: count = 0 }: { options?: ParseArgsConfig["options"]; positionals?: number } = {},
): Arguments {
  const wrong = (reason: string) => new AppError("INVALID_INPUT", `${reason}. Usage: deno task ${usage}`);
  try {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true, strict: true });
    if (positionals.length !== count) throw wrong(count === 0 ? "There is nothing to name" : "There is a name to give");
    return { values: values as Arguments["values"], positionals };
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw wrong(error instanceof Error ? error.message.replace(/\. .*$/s, "") : String(error));
  }
}

/** A bar on a terminal, and nothing elsewhere. */
export interface ProgressBar extends Disposable {
  show(name: string, done: number, total: number): void;
}

/** Starts a bar on standard error. */
export function startProgressBar(): ProgressBar {
  if (!Deno.stderr.isTerminal()) return { show: () => {}, [Symbol.dispose]: () => {} };
  const bar = new cliProgress.SingleBar({
    format: "{name} {bar} {percentage}%",
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
  }, cliProgress.Presets.shades_classic);
  bar.start(1, 0, { name: "" });
  return {
    show: (name, done, total) => {
      bar.setTotal(Math.max(1, total));
      bar.update(done, { name });
    },
    [Symbol.dispose]: () => bar.stop(),
  };
}
