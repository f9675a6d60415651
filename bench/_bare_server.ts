/** A script that listens, in a process of its own. */
export interface BareServer extends AsyncDisposable {
  url: string;
}

/** Runs a script that says `Listening on URL` in its first line. */
export async function startBareServer(script: string, ...given: string[]): Promise<BareServer> {
  const args = ["run", "--allow-all", script, ...given];
  const process = new Deno.Command(Deno.execPath(), { args, stdout: "piped" }).spawn();
  const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value = "" } = await reader.read();
  return {
    url: value.trim().replace("Listening on ", ""),
    async [Symbol.asyncDispose]() {
      process.kill("SIGTERM");
      await reader.cancel();
      await process.status;
    },
  };
}
