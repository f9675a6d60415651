import type { Audit } from "../audit/audit.ts";
import type { Clock } from "../base/clock.ts";
import type { Connection, Database } from "../database/database.ts";
import { importElement } from "../elements/element_import.ts";
import { importProject } from "../projects/project_import.ts";
import { createProjects } from "../projects/projects.ts";
import { findUserId, hashPasswords, importUser } from "../users/user_import.ts";
import { toEmailKey } from "../users/user_input.ts";
import { insertDemoRow } from "./_seed_demo_rows.ts";
import type { Seed } from "./seed_data.ts";

/** How many rows were not there before, and the passwords of the accounts among them. */
export interface SeedResult {
  users: number;
  projects: number;
  elements: number;
  /** By e-mail: those that the seed did not say, which nobody else will ever see. */
  passwords: Map<string, string>;
}

/** How a seed is written. */
export interface SeedOptions {
  audit: Audit;
  clock: Clock;
  /** Whether to remember what is new, to remove it again. */
  isDemo: boolean;
  onProgress: (step: string, done: number, total: number) => void;
}

const PASSWORD_BYTES = 18;

/** Writes what of a seed is not there, all in one transaction. */
export async function writeSeed(database: Database, seed: Seed, options: SeedOptions): Promise<SeedResult> {
  const { audit, clock, isDemo, onProgress } = options;
  const projects = createProjects({ database, audit, clock });
  const { passwords, hashes } = await preparePasswords(database.read, seed, onProgress);
  const result: SeedResult = { users: 0, projects: 0, elements: 0, passwords };
  await database.write(async (connection) => {
    for (const { email, name, role, createdAt = clock.now() } of seed.users) {
      const passwordHash = hashes.get(toEmailKey(email));
      if (passwordHash === undefined || await findUserId(connection, email) !== null) continue;
      const id = await importUser(connection, audit, { email, name, role, passwordHash, createdAt });
      if (isDemo) await insertDemoRow(connection, "user", id);
      result.users++;
    }
    const projectIds = new Map<string, string>();
    for (const { name, owner, members, createdAt = clock.now() } of seed.projects) {
      const ownerId = await userId(connection, owner);
      const people = await Promise.all(
        members.map(async ({ email, role }) => ({ userId: await userId(connection, email), role })),
      );
      const others = people.filter((member) => member.userId !== ownerId);
      const { id, isNew } = await importProject(connection, audit, { name, ownerId, members: others, createdAt });
      projectIds.set(name, id);
      if (!isNew) continue;
      if (isDemo) await insertDemoRow(connection, "project", id);
      result.projects++;
    }
    for (
      const [index, { project, capturedBy, status, comments, createdAt = clock.now(), ...capture }] of seed.elements
        .entries()
    ) {
      const authors = await Promise.all(
        comments.map(async ({ author, body }) => ({ authorId: await userId(connection, author), body })),
      );
      const isNew = await importElement(connection, { audit, takeRevision: projects.takeRevision }, {
        capture,
        projectId: projectIds.get(project) ?? "",
        capturedById: await userId(connection, capturedBy),
        status,
        comments: authors,
        createdAt,
      });
      if (isNew) result.elements++;
      onProgress("elements", index + 1, seed.elements.length);
    }
  });
  return result;
}

/** Random passwords where the seed has none, and the hashes of all, for accounts that are not there yet. */
async function preparePasswords(connection: Connection, seed: Seed, onProgress: SeedOptions["onProgress"]) {
  const isNew = await Promise.all(seed.users.map(async ({ email }) => await findUserId(connection, email) === null));
  const missing = seed.users.filter((_, index) => isNew[index]);
  const passwords = new Map<string, string>();
  const all = missing.map(({ email, password }) => {
    if (password !== undefined) return password;
    const made = crypto.getRandomValues(new Uint8Array(PASSWORD_BYTES)).toBase64({ alphabet: "base64url" });
    passwords.set(email, made);
    return made;
  });
  let hashed = 0;
  const hashes = await hashPasswords(all, { onHashed: () => onProgress("passwords", ++hashed, all.length) });
  return { passwords, hashes: new Map(missing.map(({ email }, index) => [toEmailKey(email), hashes[index] ?? ""])) };
}

async function userId(connection: Connection, email: string): Promise<string> {
  return await findUserId(connection, email) ?? "";
}
