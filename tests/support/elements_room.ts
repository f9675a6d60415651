import { openDataFolder } from "../../src/app/data_folder.ts";
import { openAudit } from "../../src/audit/audit.ts";
import type { UserActor } from "../../src/base/actor.ts";
import { systemClock as clock } from "../../src/base/clock.ts";
import { fromGlobalId } from "../../src/base/ids.ts";
import { openDatabase } from "../../src/database/database.ts";
import { createSealer } from "../../src/database/sealing.ts";
import { createElements, type Elements } from "../../src/elements/elements.ts";
import { createEvents, type Events } from "../../src/events/events.ts";
import { openKv } from "../../src/kv/kv.ts";
import { createProjects, type Projects } from "../../src/projects/projects.ts";
import { createRateLimits } from "../../src/rate_limits/rate_limits.ts";
import { createSessions } from "../../src/sessions/sessions.ts";
import { createUsers } from "../../src/users/users.ts";
import { createProject } from "./captures.ts";
import { startApp } from "./running_app.ts";

/** The elements room on the data folder of an app that was stopped, with one project of its admin's. */
export interface ElementsRoom extends AsyncDisposable {
  elements: Elements;
  actor: UserActor;
  projectId: string;
  /** How many subscriptions on the bus were not ended. */
  open(): number;
}

/** Opens the room; `wrap` puts something around what it is told of projects. */
export async function openElementsRoom(
  wrap: (projects: Projects) => Projects = (projects) => projects,
): Promise<ElementsRoom> {
  await using stack = new AsyncDisposableStack();
  const app = stack.use(await startApp());
  const projectId = fromGlobalId(await createProject(app, app.token))?.id ?? "";
  const userId = fromGlobalId((await app.ask(`{ viewer { id } }`, {}, app.token)).viewer.id)?.id ?? "";
  await app.stop();
  const { paths, secretKeys } = stack.use(await openDataFolder(app.dataDir, null));
  const database = stack.use(openDatabase(paths.database));
  const kv = stack.use(await openKv(paths.kv));
  const { events, open } = countedEvents();
  const sealer = await createSealer(secretKeys);
  const { database: databaseFile, auditCheckpoints: checkpointFile } = paths;
  const audit = stack.use(await openAudit({ database, events, sealer, clock, databaseFile, checkpointFile }));
  const projects = wrap(createProjects({ database, audit, clock }));
  const rateLimits = createRateLimits({ database, kv, audit, clock });
  const users = createUsers({ database, audit, clock });
  const requireProject = () => Promise.resolve();
  const sessions = stack.use(createSessions({ database, kv, audit, rateLimits, users, clock, requireProject }));
  const elements = createElements({ database, audit, events, rateLimits, projects, sessions, clock });
  const origin = { ipAddress: null, userAgent: null };
  const actor: UserActor = { kind: "user", userId, role: "ADMIN", sessionId: "", origin };
  const opened = stack.move();
  return { elements, actor, projectId, open, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

/** A bus that tells how many subscriptions were not ended. */
function countedEvents(): { events: Events; open: () => number } {
  const events = createEvents();
  let open = 0;
  const subscribe: Events["subscribe"] = (topic, key, options) => {
    const subscription = events.subscribe(topic, key, options);
    const end = subscription.end.bind(subscription);
    open++;
    subscription.end = () => {
      subscription.end = end;
      open--;
      end();
    };
    return subscription;
  };
  return { events: { ...events, subscribe }, open: () => open };
}
