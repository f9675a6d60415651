import assert from "node:assert/strict";
import { createAccessToken, createProject } from "./support/captures.ts";
import { movableClock } from "./support/movable_clock.ts";
import { openThings } from "./support/open_things.ts";
import { addPerson, type Person } from "./support/people.ts";
import { ADMIN, type RunningApp, startApp } from "./support/running_app.ts";
import { makeSession } from "./support/sessions.ts";

const HOUR_MS = 3_600_000;
const SCOPES = ["ELEMENTS_READ", "SIGNALS"];
const UPDATE = `mutation ($input: UpdateUserInput!) { updateUser(input: $input) { id } }`;

interface Situation {
  app: RunningApp;
  person: Person;
  /** Another session of the person. */
  other: string;
  /** The credential that shall end. */
  credential: string;
  clock: ReturnType<typeof movableClock>;
}

interface Ending {
  /** The credential to open things with; a session where it is absent. */
  credential?: (situation: Omit<Situation, "credential">) => Promise<string>;
  end(situation: Situation): Promise<unknown> | void;
  closeCode: 4401 | 4403;
  /** What the credential is answered from then on; UNAUTHENTICATED where it is absent. */
  next?: string;
}

const token = ({ app, person }: Pick<Situation, "app" | "person">, more: { expiresAt?: string } = {}) =>
  createAccessToken(app, person.token, { scopes: SCOPES, ...more });

async function idOf(app: RunningApp, credential: string): Promise<string> {
  const { viewer } = await app.ask(`{ viewer { sessions { id current } } }`, {}, credential);
  return viewer.sessions.find(({ current }: { current: boolean }) => current).id;
}

const ENDINGS: Record<string, Ending> = {
  "is revoked by its owner": {
    end: async ({ app, other, credential }) =>
      app.ask(`mutation ($id: ID!) { revokeSession(id: $id) }`, { id: await idOf(app, credential) }, other),
    closeCode: 4403,
  },
  "is one of the others that its owner revokes": {
    end: ({ app, other }) => app.ask(`mutation { revokeOtherSessions }`, {}, other),
    closeCode: 4403,
  },
  "is one of all that an admin revokes": {
    end: ({ app, person }) =>
      app.ask(`mutation ($id: ID!) { revokeUserSessions(userId: $id) }`, { id: person.id }, app.token),
    closeCode: 4403,
  },
  "is signed out": {
    end: ({ app, credential }) => app.ask(`mutation { signOut }`, {}, credential),
    closeCode: 4401,
  },
  "is not used for a day": { end: ({ clock }) => clock.advance(24 * HOUR_MS), closeCode: 4401 },
  "is 30 days old": {
    credential: ({ app, person }) => makeSession(app, person.id, { maxAgeMs: HOUR_MS }),
    end: ({ clock }) => clock.advance(HOUR_MS),
    closeCode: 4401,
  },
  "is of somebody who gets another password": {
    end: ({ app, other }) => {
      const input = { currentPassword: ADMIN.password, newPassword: "an entirely new one" };
      return app.ask(`mutation ($input: ChangePasswordInput!) { changePassword(input: $input) }`, { input }, other);
    },
    closeCode: 4403,
  },
  "is of somebody who is disabled": {
    end: ({ app, person: { id } }) => app.ask(UPDATE, { input: { id, status: "DISABLED" } }, app.token),
    closeCode: 4403,
  },
  "is of somebody who gets another role": {
    end: ({ app, person: { id } }) => app.ask(UPDATE, { input: { id, role: "VIEWER" } }, app.token),
    closeCode: 4403,
    next: "VIEWER",
  },
  "is of somebody who is deleted": {
    end: ({ app, person: { id } }) => app.ask(`mutation ($id: ID!) { deleteUser(id: $id) }`, { id }, app.token),
    closeCode: 4403,
  },
  "is an access token that is revoked": {
    credential: token,
    end: async ({ app, person }) => {
      const { viewer } = await app.ask(`{ viewer { accessTokens { id } } }`, {}, person.token);
      const { id } = viewer.accessTokens[0];
      await app.ask(`mutation ($id: ID!) { revokeAccessToken(id: $id) }`, { id }, person.token);
    },
    closeCode: 4403,
  },
  "is an access token that expires": {
    credential: ({ clock, ...situation }) =>
      token(situation, { expiresAt: new Date(clock.now() + HOUR_MS).toISOString() }),
    end: ({ clock }) => clock.advance(HOUR_MS),
    closeCode: 4401,
  },
  "is an access token of somebody who is disabled": {
    credential: token,
    end: ({ app, person: { id } }) => app.ask(UPDATE, { input: { id, status: "DISABLED" } }, app.token),
    closeCode: 4403,
  },
  "is an access token of somebody who gets another role": {
    credential: token,
    end: ({ app, person: { id } }) => app.ask(UPDATE, { input: { id, role: "VIEWER" } }, app.token),
    closeCode: 4403,
    next: "VIEWER",
  },
};

for (const [what, { credential: make, end, closeCode, next = "UNAUTHENTICATED" }] of Object.entries(ENDINGS)) {
  Deno.test(`what is open ends within a second when its credential ${what}`, async () => {
    const clock = movableClock();
    await using app = await startApp({ clock });
    const person = await addPerson(app);
    const other = await makeSession(app, person.id);
    const situation = { app, person, other, clock };
    const credential = await (make?.(situation) ?? makeSession(app, person.id));
    const projectId = await createProject(app, person.token);
    await using things = await openThings(app, credential, projectId);
    const openUntil = performance.now();
    await end({ ...situation, credential });
    const endedAt = performance.now();
    const { data, errors } = await app.graphql(`{ viewer { role } }`, {}, credential);
    assert.equal(errors?.[0]?.extensions.code ?? data.viewer.role, next, "on the next request");
    const code = closeCode === 4401 ? "UNAUTHENTICATED" : "FORBIDDEN";
    for (
      const [thing, expected] of [
        [things.socket, closeCode],
        [things.stream, code],
        [things.room, String(closeCode)],
        [things.channel, "closed"],
        [things.mcp, "remote"],
      ] as const
    ) {
      const { how, at } = await thing;
      assert.equal(how, expected);
      assert.ok(at > openUntil, `${how} before the end`);
      assert.ok(at - endedAt < 1_000, `${how} after ${at - endedAt} ms`);
    }
  });
}
