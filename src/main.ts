import { runCommand } from "./app/commands.ts";

Deno.exit(await runCommand(Deno.args));
