import { z } from "zod";
import { AppError, type InputIssue } from "../base/errors.ts";
import { captureSchema, commentBodySchema } from "../elements/capture_input.ts";
import { findScreenshotFault } from "../elements/element_import.ts";
import { projectNameSchema } from "../projects/project_input.ts";
import { findWeakness } from "../users/password_policy.ts";
import { emailSchema, newUserSchema, toEmailKey } from "../users/user_input.ts";

const time = z.iso.datetime().transform((text) => Date.parse(text))
  .refine((milliseconds) => milliseconds >= 0, "must not be before 1970");
const STATUSES = ["OPEN", "ACKNOWLEDGED", "RESOLVED", "DISMISSED"] as const;

/** What a seed holds: the API's own schemas, with people by e-mail and projects by name. */
export const seedSchema = z.strictObject({
  users: z.array(
    newUserSchema.extend({ password: newUserSchema.shape.password.optional(), createdAt: time.optional() }),
  )
    .default([]),
  projects: z.array(z.strictObject({
    name: projectNameSchema,
    owner: emailSchema,
    members: z.array(z.strictObject({ email: emailSchema, role: z.enum(["OWNER", "EDITOR", "VIEWER"]) })).default([]),
    createdAt: time.optional(),
  })).default([]),
  elements: z.array(
    captureSchema.omit({ projectId: true }).extend({
      project: projectNameSchema,
      capturedBy: emailSchema,
      status: z.enum(STATUSES).default("OPEN"),
      comments: z.array(z.strictObject({ author: emailSchema, body: commentBodySchema })).default([]),
      createdAt: time.optional(),
    }).strict(),
  ).default([]),
});

/** A seed before it is checked. */
export type SeedInput = z.input<typeof seedSchema>;
/** A seed, known to fit together. */
export type Seed = z.output<typeof seedSchema>;

/** Faults that are shown; a file with more has the same one again and again. */
const MAX_FAULTS = 50;

/**
 * The seed of an input. Throws `INVALID_INPUT` with the path of every fault, a line each: also for a person or project that
 * neither the seed nor the database (`knows` tells) has, for what is there twice, a password that is guessed first, and a bad image.
 */
export async function readSeed(input: unknown, knows: (email: string) => Promise<boolean>): Promise<Seed> {
  const parsed = seedSchema.safeParse(input);
  if (!parsed.success) {
    throw faulty(parsed.error.issues.map(({ path, message }) => ({ path: path.map(toKey), message })));
  }
  const seed = parsed.data;
  const faults = [
    ...findRepetitions(seed),
    ...await findWeakPasswords(seed),
    ...await findBrokenReferences(seed, knows),
    ...await findBadScreenshots(seed),
  ];
  if (faults.length > 0) throw faulty(faults);
  return seed;
}

/** Only the first of two would be stored. */
function findRepetitions({ users, projects, elements }: Seed): InputIssue[] {
  const faults: InputIssue[] = [];
  const check = <T>(items: T[], keyOf: (item: T) => string, place: (index: number) => InputIssue) => {
    const seen = new Set<string>();
    for (const [index, item] of items.entries()) {
      if (seen.has(keyOf(item))) faults.push(place(index));
      seen.add(keyOf(item));
    }
  };
  const again = (path: InputIssue["path"], what: string) => ({ path, message: `the seed has another ${what}` });
  const emailOf = ({ email }: { email: string }) => toEmailKey(email);
  check(users, emailOf, (index) => again(["users", index, "email"], "user with this address"));
  check(projects, ({ name }) => name, (index) => again(["projects", index, "name"], "project of this name"));
  for (const [index, { members }] of projects.entries()) {
    const place = (position: number) => again(["projects", index, "members", position, "email"], "such member");
    check(members, emailOf, place);
  }
  const captureOf = ({ capturedBy, clientId }: Seed["elements"][number]) => `${clientId} ${toEmailKey(capturedBy)}`;
  check(elements, captureOf, (index) => again(["elements", index, "clientId"], "element with this id"));
  return faults;
}

async function findBadScreenshots({ elements }: Seed): Promise<InputIssue[]> {
  const faults: InputIssue[] = [];
  for (const [index, { screenshot }] of elements.entries()) {
    const fault = screenshot && await findScreenshotFault(screenshot);
    if (fault !== null) faults.push({ path: ["elements", index, "screenshot"], message: fault });
  }
  return faults;
}

async function findWeakPasswords({ users }: Seed): Promise<InputIssue[]> {
  const faults: InputIssue[] = [];
  for (const [index, { password, ...owner }] of users.entries()) {
    const weakness = password === undefined ? null : await findWeakness(password, owner);
    if (weakness !== null) faults.push({ path: ["users", index, "password"], message: weakness });
  }
  return faults;
}

async function findBrokenReferences(seed: Seed, knows: (email: string) => Promise<boolean>): Promise<InputIssue[]> {
  const faults: InputIssue[] = [];
  const emails = new Set(seed.users.map(({ email }) => toEmailKey(email)));
  const projects = new Set(seed.projects.map(({ name }) => name));
  const check = async (path: InputIssue["path"], email: string) => {
    const isKnown = emails.has(toEmailKey(email)) || await knows(email);
    if (!isKnown) faults.push({ path, message: `there is no user "${email}"` });
  };
  for (const [index, { owner, members }] of seed.projects.entries()) {
    await check(["projects", index, "owner"], owner);
    for (const [position, { email }] of members.entries()) {
      await check(["projects", index, "members", position, "email"], email);
    }
  }
  for (const [index, { project, capturedBy, comments }] of seed.elements.entries()) {
    if (!projects.has(project)) {
      faults.push({ path: ["elements", index, "project"], message: `the seed has no project "${project}"` });
    }
    await check(["elements", index, "capturedBy"], capturedBy);
    for (const [position, { author }] of comments.entries()) {
      await check(["elements", index, "comments", position, "author"], author);
    }
  }
  return faults;
}

function faulty(issues: InputIssue[]): AppError {
  const lines = issues.slice(0, MAX_FAULTS).map(({ path, message }) => `  ${toText(path)}: ${message}`);
  const more = issues.length > MAX_FAULTS ? [`  and ${issues.length - MAX_FAULTS} more`] : [];
  return new AppError("INVALID_INPUT", ["Cannot seed: nothing was stored", ...lines, ...more].join("\n"), { issues });
}

function toKey(key: PropertyKey): string | number {
  return typeof key === "symbol" ? String(key) : key;
}

function toText(path: InputIssue["path"]): string {
  const text = path.map((key) => typeof key === "number" ? `[${key}]` : `.${key}`).join("").replace(/^\./, "");
  return text === "" ? "the file" : text;
}
