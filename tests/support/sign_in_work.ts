// Run by tests/sign_in_test.ts: prints how many milliseconds of processor time each way to refuse a sign-in takes, the least of a few.
import process from "node:process";
import { startApp } from "./running_app.ts";
import { prepareRefusals } from "./sign_in_refusals.ts";

const ROUNDS = 3;
const SIGN_IN = `mutation ($input: SignInInput!) { signIn(input: $input) { token } }`;

const work: Record<string, number> = {};
{
  await using app = await startApp();
  const refusals = await prepareRefusals(app);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [way, [email, password]] of Object.entries(await refusals())) {
      const before = process.cpuUsage();
      await app.graphql(SIGN_IN, { input: { email, password } });
      const { user, system } = process.cpuUsage(before);
      work[way] = Math.min(work[way] ?? Infinity, (user + system) / 1_000);
    }
  }
}
Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(work)));
