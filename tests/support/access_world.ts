import { capture, captureInput, createAccessToken, createProject } from "./captures.ts";
import { addPerson, type Person, setMember, write } from "./people.ts";
import { type RunningApp, startApp } from "./running_app.ts";
import { makeSession } from "./sessions.ts";

/** Every kind of actor that the API tells apart, as seen from one project; the tokens are the OWNER's unless they say else. */
export const ACTORS = {
  "guest": "nobody signed in",
  "dead": "a session token that nobody holds",
  "ADMIN": "an admin who is no member",
  "DEVELOPER": "a developer who is no member",
  "VIEWER": "a viewer of the instance who is no member",
  "owner": "a developer, OWNER of the project",
  "editor": "a developer, EDITOR of the project",
  "member": "a developer, VIEWER of the project",
  "ADMIN owner": "an admin, OWNER of the project",
  "VIEWER owner": "a viewer of the instance, OWNER of the project",
  "t:read": "a token with ELEMENTS_READ",
  "t:write": "a token with ELEMENTS_WRITE",
  "t:signals": "a token with SIGNALS",
  "t:command": "a token with LIVE_COMMANDS",
  "t:audit": "a token with AUDIT_READ",
  "t:other": "a token with every scope for another project",
  "t:expired": "a token with every scope that has expired",
  "t:ADMIN": "an admin's token with every scope; the admin is no member",
  "t:VIEWER": "a token with every scope of the viewer who is OWNER",
} as const;

/** The name of one of them. */
export type ActorName = keyof typeof ACTORS;

/** A project with one element, people around it, and credentials of each kind. */
export interface AccessWorld extends AsyncDisposable {
  app: RunningApp;
  projectId: string;
  elementId: string;
  people: Record<
    "ADMIN" | "DEVELOPER" | "VIEWER" | "owner" | "editor" | "member" | "ADMIN owner" | "VIEWER owner",
    Person
  >;
  /** What stays open as long as the world. */
  opened: AsyncDisposableStack;
  /** A credential of the actor that the caller may end; null for a guest. */
  credential(actor: ActorName): Promise<string | null>;
}

const ALL_SCOPES = ["ELEMENTS_READ", "ELEMENTS_WRITE", "SIGNALS", "LIVE_COMMANDS", "AUDIT_READ"];

/** Starts an app with all of them in it. */
export async function makeAccessWorld(): Promise<AccessWorld> {
  const app = await startApp();
  const roles = ["ADMIN", "DEVELOPER", "VIEWER", "DEVELOPER", "DEVELOPER", "DEVELOPER", "ADMIN", "VIEWER"] as const;
  const added: Person[] = [];
  for (const role of roles) added.push(await addPerson(app, role));
  const [admin, developer, viewer, owner, editor, member, adminOwner, viewerOwner] = added as [
    Person,
    Person,
    Person,
    Person,
    Person,
    Person,
    Person,
    Person,
  ];
  const people = {
    ADMIN: admin,
    DEVELOPER: developer,
    VIEWER: viewer,
    owner,
    editor,
    member,
    "ADMIN owner": adminOwner,
    "VIEWER owner": viewerOwner,
  };
  const projectId = await createProject(app, owner.token);
  for (
    const [personId, role] of [
      [editor.id, "EDITOR"],
      [member.id, "VIEWER"],
      [adminOwner.id, "OWNER"],
      [viewerOwner.id, "OWNER"],
    ] as const
  ) setMember(app, { projectId, personId, role });
  const elementId = await capture(app, owner.token, captureInput({ projectId }));
  const tokens = await makeTokens(app, { owner, admin, viewerOwner });
  // Nobody is to be refused because of how much is tried here.
  write(app, (database) => database.exec("UPDATE rate_limits SET max_count = 1000000"));
  const credential = async (actor: ActorName) => {
    if (actor === "guest") return null;
    if (actor === "dead") return "x".repeat(43);
    return tokens[actor] ?? await makeSession(app, people[actor as keyof typeof people].id);
  };
  const opened = new AsyncDisposableStack();
  opened.use(app);
  const dispose = () => opened.disposeAsync();
  return { app, projectId, elementId, people, opened, credential, [Symbol.asyncDispose]: dispose };
}

async function makeTokens(
  app: RunningApp,
  { owner, admin, viewerOwner }: Record<"owner" | "admin" | "viewerOwner", Person>,
) {
  const scoped = (scopes: string[], more = {}) => createAccessToken(app, owner.token, { scopes, ...more });
  const otherId = await createProject(app, owner.token, "Another");
  const expired = await scoped(ALL_SCOPES);
  write(app, (database) => database.exec("UPDATE access_tokens SET expires_at = created_at"));
  return {
    "t:expired": expired,
    "t:read": await scoped(["ELEMENTS_READ"]),
    "t:write": await scoped(["ELEMENTS_WRITE"]),
    "t:signals": await scoped(["SIGNALS"]),
    "t:command": await scoped(["LIVE_COMMANDS"]),
    "t:audit": await scoped(["AUDIT_READ"]),
    "t:other": await scoped(ALL_SCOPES, { projectId: otherId }),
    "t:ADMIN": await createAccessToken(app, admin.token, { scopes: ALL_SCOPES }),
    "t:VIEWER": await createAccessToken(app, viewerOwner.token, { scopes: ALL_SCOPES }),
  } as Partial<Record<ActorName, string>>;
}
