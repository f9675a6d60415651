import assert from "node:assert/strict";
import { serverAudits } from "graphql-http";
import { bearer, type RunningApp, startApp } from "./support/running_app.ts";

/** The audits of this version: fewer would mean that some were not asked. */
const AUDITS = 61;

/** Each audit's own request, with a credential beside what the audit sends; every body is read, so that no connection stays. */
function auditsOf(app: RunningApp, token: string | null) {
  const answers: Response[] = [];
  const fetchFn = async (url: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    for (const [name, value] of Object.entries(bearer(token))) headers.set(name, value);
    const answer = await fetch(url, { ...init, headers });
    answers.push(answer);
    return answer;
  };
  return { options: { url: `${app.url}/graphql`, fetchFn }, answers };
}

for (const who of ["a guest", "somebody signed in"]) {
  Deno.test(`GraphQL over HTTP passes every audit of graphql-http, asked by ${who}`, async (test) => {
    await using app = await startApp();
    const { options, answers } = auditsOf(app, who === "a guest" ? null : app.token);
    const audits = serverAudits(options);
    assert.equal(audits.length, AUDITS);
    for (const audit of audits) {
      await test.step(`${audit.id} ${audit.name}`, async () => {
        const result = await audit.fn();
        const reason = result.status === "ok" ? "" : `${result.reason}: ${result.response.status}`;
        for (const answer of answers.splice(0)) if (!answer.bodyUsed) await answer.body?.cancel();
        assert.equal(result.status, "ok", reason);
      });
    }
  });
}
