// deno-lint-ignore-file no-console -- a bench tells what it measured
// What connected peers that say nothing cost the server's side, and what opened and closed ones leave behind. Run by hand:
// `deno task bench:connections [IDLE] [CLOSED]`. It passes or fails nothing.
import { startConnectionHost } from "../tests/support/connection_pages.ts";

const IDLE = Number(Deno.args[0] ?? 200);
const CLOSED = Number(Deno.args[1] ?? 500);
/** Until the code is compiled and the heap's young generation, up to 24 MB, has grown: no connection holds those. What it leaves is used again: resident shows less than they take. */
const WARM_UP = 100;
/** Connections that open at once; the rest of a core is the pages'. */
const AT_ONCE = 4;

await using host = startConnectionHost();
await openMany(WARM_UP);
const before = await host.measure();

await tell(`${IDLE} idle connections`, IDLE, () => openAll(IDLE));
await tell(`${CLOSED} opened and closed`, CLOSED, () => openMany(CLOSED));

async function openAll(count: number): Promise<() => Promise<void>> {
  const open: (() => Promise<void>)[] = [];
  for (let index = 0; index < count; index++) open.push(await host.open());
  return async () => {
    await host.close();
    await Promise.all(open.map((close) => close()));
  };
}

/** Opens and closes, some at once; nothing is left to close. */
async function openMany(count: number): Promise<() => Promise<void>> {
  for (let index = 0; index < count; index += AT_ONCE) await (await openAll(Math.min(AT_ONCE, count - index)))();
  return () => Promise.resolve();
}

async function tell(what: string, count: number, run: () => Promise<() => Promise<void>>): Promise<void> {
  const close = await run();
  const { liveBytes, residentBytes, openFiles, connections } = await host.measure();
  const each = (bytes: number) => `${(bytes / count / 1_000).toFixed(1)} kB`;
  console.log(
    `${what}: each ${each(liveBytes - before.liveBytes)} live, ${
      each(residentBytes - before.residentBytes)
    } resident; ` +
      `${openFiles - before.openFiles} more files open, ${connections} connections held`,
  );
  await close();
}
