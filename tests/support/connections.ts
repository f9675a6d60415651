import { newId } from "../../src/base/ids.ts";
import { write } from "./people.ts";
import type { Data, RunningApp } from "./running_app.ts";

/** The list of connections with every field. */
export const CONNECTIONS = `query ($projectId: ID) { webrtcConnections(projectId: $projectId, first: 100) {
  edges { node {
    id project { id } state initiator { id } bytesReceived bytesSent roundTripMs openedAt closedAt createdAt
  } } } }`;

/** The connections that somebody sees, newest first. */
export async function listConnections(app: RunningApp, token = app.token, projectId?: string): Promise<Data[]> {
  const { webrtcConnections } = await app.ask(CONNECTIONS, { projectId: projectId ?? null }, token);
  return webrtcConnections.edges.map(({ node }: Data) => node);
}

/** Puts connections straight into the database, in turn of these projects and by these people; returns their ids. */
export function addConnections(
  app: Pick<RunningApp, "dataDir">,
  { count, projectIds, personIds, state = "CLOSED" }: {
    count: number;
    projectIds: string[];
    personIds: string[];
    state?: "NEW" | "CLOSED";
  },
): string[] {
  const local = (ids: string[], index: number) => ids[index % ids.length]?.replace(/^[a-z]+_/, "") ?? null;
  const ids = Array.from({ length: count }, newId);
  write(app, (database) => {
    const insert = database.prepare(
      "INSERT INTO webrtc_connections (id, project_id, initiator_id, state, closed_at, created_at) VALUES (?, ?, ?, ?, ?, 0)",
    );
    database.exec("BEGIN");
    for (const [index, id] of ids.entries()) {
      insert.run(id, local(projectIds, index), local(personIds, index), state, state === "NEW" ? null : 0);
    }
    database.exec("COMMIT");
  });
  return ids;
}
