import assert from "node:assert/strict";
import { type RunningApp, startApp } from "./support/running_app.ts";

/** Mistakes that graphql-js answers with a name which would have been right: in the document, and in a variable. */
const MISTAKES: [string, Record<string, unknown>?][] = [
  [`{ elemnts { totalCount } }`],
  [`{ elements(serch: "x") { totalCount } }`],
  [`{ viewer { ...F } } fragment F on Usr { id }`],
  [`mutation { createUser(input: { emai: "a@b", name: "x", password: "p", role: ADMIN }) { id } }`],
  [`{ users(filter: { role: [ADMN] }) { totalCount } }`],
  [`query ($role: [UserRole!]) { users(filter: { role: $role }) { totalCount } }`, { role: ["ADMN"] }],
  [`query ($filter: UserFilter) { users(filter: $filter) { totalCount } }`, { filter: { rol: ["ADMIN"] } }],
];

async function messages(app: RunningApp, token: string | null): Promise<string[]> {
  const answers = await Promise.all(MISTAKES.map(([query, variables]) => app.graphql(query, variables, token)));
  return answers.map(({ errors = [] }, index) => {
    assert.ok(errors.length > 0, String(MISTAKES[index]));
    return errors.map(({ message }) => message).join("\n");
  });
}

Deno.test("no error suggests a name to a guest, in the document or in variables, and those signed in keep theirs", async () => {
  for (const introspection of ["off", "on"]) {
    await using app = await startApp({ environment: { FINGERPOST_INTROSPECTION: introspection } });
    // Who is signed in asks first: what was found for them must not be told on.
    for (const message of await messages(app, app.token)) assert.match(message, /Did you mean/);
    for (const message of await messages(app, null)) assert.doesNotMatch(message, /Did you mean/);
    for (const message of await messages(app, app.token)) assert.match(message, /Did you mean/);
  }
});
