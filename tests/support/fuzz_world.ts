import { DatabaseSync } from "node:sqlite";
import { capture, captureInput, createAccessToken, createProject } from "./captures.ts";
import type { Reference } from "./fuzz_values.ts";
import { addPerson, type Person, setMember, write } from "./people.ts";
import { joinRoom, type RoomPeer, serverPeerOf } from "./rooms.ts";
import { type RunningApp, startApp } from "./running_app.ts";
import { makeSession } from "./sessions.ts";

/** Who asks: in sessions an admin, a developer and a viewer of the instance, a token of the developer's with every scope, nobody. */
export const FUZZ_ACTORS = ["ADMIN", "DEVELOPER", "VIEWER", "token", "guest"] as const;

/** One of them. */
export type FuzzActor = (typeof FUZZ_ACTORS)[number];

/** What is in the element of a project that none of the actors may see. */
export const FOREIGN_TEXT = "zq-of-somebody-else-alone-7731";

/** An app with a project that the actors are members of, and another one; whatever the fuzz takes away comes back. */
export interface FuzzWorld extends AsyncDisposable {
  app: RunningApp;
  /** A read-only connection to the app's own file. */
  database: DatabaseSync;
  /** A session of an admin in the project whom the fuzz never touches. */
  reader: string;
  credentialOf(actor: FuzzActor): Promise<string | null>;
  /** What a reference stands for now, for this actor. */
  resolve(reference: Reference, actor: FuzzActor): Promise<string>;
  /** Gives the actors back what a mutation that went through took from them; the ids of the accounts that it changed for that. */
  heal(): Promise<string[]>;
  /** Makes the actor's credential anew where it is dead. */
  renew(actor: FuzzActor): Promise<void>;
}

/** Of an account that the fuzz has; bcrypt takes a quarter of a second, so that hardly any of them signs in. */
export const KNOWN_PASSWORD = "correct horse battery";

const MEMBERS = {
  ADMIN: { role: "ADMIN", member: "OWNER" },
  DEVELOPER: { role: "DEVELOPER", member: "OWNER" },
  VIEWER: { role: "VIEWER", member: "VIEWER" },
} as const;

type MemberName = keyof typeof MEMBERS;

const ALL_SCOPES = ["ELEMENTS_READ", "ELEMENTS_WRITE", "SIGNALS", "LIVE_COMMANDS", "AUDIT_READ"];

/** Starts the app and puts everybody into it. */
export async function makeFuzzWorld(): Promise<FuzzWorld> {
  const app = await startApp();
  const database = new DatabaseSync(`${app.dataDir}/fingerpost.db`, { readOnly: true, timeout: 5_000 });
  const people = {} as Record<MemberName, Person>;
  const credentials: Partial<Record<FuzzActor, string>> = {};
  for (const [name, { role }] of entriesOf(MEMBERS)) people[name] = await addPerson(app, role);
  const foreigner = await addPerson(app);
  const projectId = await createProject(app, people.DEVELOPER.token, "Fuzzed");
  const foreignProjectId = await createProject(app, foreigner.token, "Foreign");
  const secret = {
    projectId: foreignProjectId,
    note: FOREIGN_TEXT,
    html: `<p>${FOREIGN_TEXT}</p>`,
    text: FOREIGN_TEXT,
  };
  const foreignElementId = await capture(app, foreigner.token, captureInput(secret));
  const reader = await addPerson(app, "ADMIN");
  setMember(app, { projectId, personId: reader.id, role: "OWNER" });
  let room: RoomPeer | null = null;
  let isRoomOpen = false;

  await heal();
  return { app, database, reader: reader.token, credentialOf, resolve, heal, renew, [Symbol.asyncDispose]: dispose };

  async function credentialOf(actor: FuzzActor): Promise<string | null> {
    if (actor === "guest") return null;
    return credentials[actor] ??= actor === "token"
      ? await createAccessToken(app, await makeSession(app, people.DEVELOPER.id), { scopes: ALL_SCOPES })
      : await makeSession(app, people[ownerOf(actor)].id);
  }

  function forget(name: MemberName): void {
    for (const actor of FUZZ_ACTORS) if (actor !== "guest" && ownerOf(actor) === name) delete credentials[actor];
  }

  async function renew(actor: FuzzActor): Promise<void> {
    if (actor !== "guest") delete credentials[actor];
    await heal();
  }

  async function heal(): Promise<string[]> {
    const changed: string[] = [];
    for (const [name, { role, member }] of entriesOf(MEMBERS)) {
      const state = database.prepare(`SELECT role, status, (SELECT role FROM project_members WHERE user_id = users.id
        AND project_id = ?) AS member FROM users WHERE id = ?`).get(bare(projectId), bare(people[name].id));
      if (state === undefined) {
        people[name] = await addPerson(app, role);
        forget(name);
      } else if (state["role"] !== role || state["status"] !== "ACTIVE") {
        write(
          app,
          (writer) =>
            writer.prepare("UPDATE users SET role = ?, status = 'ACTIVE' WHERE id = ?").run(
              role,
              bare(people[name].id),
            ),
        );
        forget(name);
        changed.push(people[name].id);
      }
      if (state?.["member"] !== member) setMember(app, { projectId, personId: people[name].id, role: member });
    }
    const strangers = `project_id = '${bare(foreignProjectId)}' AND user_id <> '${bare(foreigner.id)}'`;
    const repairs = {
      [`SELECT 1 FROM project_members WHERE ${strangers}`]: `DELETE FROM project_members WHERE ${strangers}`,
      // Nobody is to be refused because of how much is tried.
      "SELECT 1 FROM rate_limits WHERE max_count < 1000000": "UPDATE rate_limits SET max_count = 1000000",
      // A user has 50 tokens at most.
      "SELECT 1 FROM access_tokens GROUP BY user_id HAVING count(*) > 40":
        "DELETE FROM access_tokens WHERE id IN (SELECT id FROM access_tokens ORDER BY id LIMIT 20)",
    };
    for (const [wrong, repair] of Object.entries(repairs)) {
      if (database.prepare(wrong).get() !== undefined) write(app, (writer) => writer.exec(repair));
    }
    return changed;
  }

  async function resolve(reference: Reference, actor: FuzzActor): Promise<string> {
    switch (reference) {
      case "project":
        return projectId;
      case "foreign project":
        return foreignProjectId;
      case "foreign element":
        return foreignElementId;
      case "element":
        return found("element", "SELECT id FROM elements WHERE project_id = ? ORDER BY id DESC", bare(projectId)) ??
          await capture(app, await makeSession(app, people.DEVELOPER.id), captureInput({ projectId }));
      case "user":
        return found("user", "SELECT id FROM users WHERE name = 'A VIEWER' AND id <> ?", bare(people.VIEWER.id)) ??
          (await addPerson(app, "VIEWER")).id;
      case "own user":
        return people[actor === "guest" ? "VIEWER" : ownerOf(actor)].id;
      case "session":
        return (await viewerOf(people.VIEWER)).sessions[0]?.id ?? "none";
      case "token":
        return (await viewerOf(people.DEVELOPER)).accessTokens.at(-1)?.id ?? "none";
      case "peer":
        return (await openRoom()).id;
      case "server peer":
        return serverPeerOf(await openRoom()).id;
      case "cursor":
        return `c_${bare(await resolve("element", actor))}`;
      case "uuid":
        return crypto.randomUUID();
      case "new email":
        return `${crypto.randomUUID()}@example.org`;
      case "known email":
        return people.VIEWER.email;
      case "password":
        return KNOWN_PASSWORD;
    }
  }

  function found(prefix: string, query: string, ...values: string[]): string | null {
    const row = database.prepare(`${query} LIMIT 1`).get(...values);
    return row === undefined ? null : `${prefix}_${row["id"]}`;
  }

  async function viewerOf({ id }: Person) {
    const query = `{ viewer { sessions { id } accessTokens { id } } }`;
    return (await app.ask(query, {}, await makeSession(app, id))).viewer;
  }

  async function openRoom(): Promise<RoomPeer> {
    if (room !== null && isRoomOpen) return room;
    await room?.leave();
    const opened = await joinRoom(app, await makeSession(app, people.DEVELOPER.id), { projectId });
    room = opened;
    isRoomOpen = true;
    const follow = async () => {
      while (await opened.next() !== undefined);
    };
    follow().catch(() => {}).finally(() => isRoomOpen = room !== opened && isRoomOpen);
    return opened;
  }

  async function dispose(): Promise<void> {
    await room?.leave();
    database.close();
    await app[Symbol.asyncDispose]();
  }
}

/** Whose account an actor uses. */
function ownerOf(actor: Exclude<FuzzActor, "guest">): MemberName {
  return actor === "token" ? "DEVELOPER" : actor;
}

function bare(globalId: string): string {
  return globalId.slice(globalId.lastIndexOf("_") + 1);
}

function entriesOf<Key extends string, Value>(record: Record<Key, Value>): [Key, Value][] {
  return Object.entries(record) as [Key, Value][];
}
