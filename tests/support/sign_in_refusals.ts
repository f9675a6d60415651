import { createPasswords } from "../../src/users/_passwords.ts";
import { addPerson, write } from "./people.ts";
import { ADMIN, type RunningApp } from "./running_app.ts";

const SIGN_IN = `mutation ($input: SignInInput!) { signIn(input: $input) { token } }`;
const DISABLE = `mutation ($id: ID!) { updateUser(input: { id: $id, status: DISABLED }) { id } }`;
const WRONG = "not the right one";

type Way = [email: string, password: string];

/** What each way to be refused is tried with once; those that a few tries would lock are new each time. */
export type Refusals = () => Promise<Record<string, Way>>;

/** Makes accounts for every way in which sign-in is refused, and takes its limit away. */
export async function prepareRefusals(app: RunningApp): Promise<Refusals> {
  write(app, (database) => database.exec("UPDATE rate_limits SET max_count = 1000000 WHERE action = 'sign_in'"));
  const oldHash = await createPasswords(10).hash(ADMIN.password);
  const addOld = async () => {
    const { email } = await addPerson(app);
    write(
      app,
      (database) => database.prepare("UPDATE users SET password_hash = ? WHERE email = ?").run(oldHash, email),
    );
    return email;
  };
  const locked = [(await addPerson(app)).email, await addOld(), "locked@example.org"] as const;
  await Promise.all(
    locked.flatMap((email) =>
      Array.from({ length: 5 }, () => app.graphql(SIGN_IN, { input: { email, password: WRONG } }))
    ),
  );
  return async () => {
    const disabled = await addPerson(app);
    await app.ask(DISABLE, { id: disabled.id }, app.token);
    return {
      "an unknown e-mail": [`${crypto.randomUUID()}@example.org`, ADMIN.password],
      "a wrong password": [(await addPerson(app)).email, WRONG],
      "a disabled account": [disabled.email, ADMIN.password],
      "a locked account": [locked[0], ADMIN.password],
      "the right password for a hash of a lower cost in a lock": [locked[1], ADMIN.password],
      "a locked e-mail without an account": [locked[2], ADMIN.password],
      "a wrong password for a hash of a lower cost": [await addOld(), WRONG],
      "a password that can't be hashed": [(await addPerson(app)).email, "x".repeat(73)],
    };
  };
}
