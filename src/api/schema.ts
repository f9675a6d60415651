import type { GraphQLSchema } from "graphql";
import type { Audit } from "../audit/audit.ts";
import { addAuditSchema } from "../audit/schema.ts";
import type { Clock } from "../base/clock.ts";
import { addElementsSchema } from "../elements/schema.ts";
import type { Elements } from "../elements/elements.ts";
import { createBuilder } from "../graphql/builder.ts";
import { toFastSchema } from "../graphql/fast_schema.ts";
import { addPairingSchema } from "../pairing/schema.ts";
import type { Pairing } from "../pairing/pairing.ts";
import { addConnectionSchema } from "../peers/connection_schema.ts";
import type { Connections } from "../peers/connections.ts";
import { addPeersSchema } from "../peers/schema.ts";
import type { Peers } from "../peers/peers.ts";
import { addProjectsSchema } from "../projects/schema.ts";
import type { Projects } from "../projects/projects.ts";
import { addRateLimitsSchema } from "../rate_limits/schema.ts";
import type { RateLimits } from "../rate_limits/rate_limits.ts";
import { addSessionsSchema } from "../sessions/schema.ts";
import type { Sessions } from "../sessions/sessions.ts";
import { addSettingsSchema } from "../settings/schema.ts";
import type { Settings } from "../settings/settings.ts";
import { addSignallingSchema } from "../signalling/schema.ts";
import type { Signalling } from "../signalling/signalling.ts";
import { addStatusSchema } from "../status/schema.ts";
import type { Status } from "../status/status.ts";
import { addToolExecutionsSchema } from "../tool_executions/schema.ts";
import type { ToolExecutions } from "../tool_executions/tool_executions.ts";
import { addUsersSchema } from "../users/schema.ts";
import type { Users } from "../users/users.ts";

/** The rooms that the schema shows. */
export interface Services {
  audit: Audit;
  users: Users;
  rateLimits: RateLimits;
  settings: Settings;
  status: Status;
  sessions: Sessions;
  projects: Projects;
  pairing: Pairing;
  toolExecutions: ToolExecutions;
  elements: Elements;
  signalling: Signalling;
  peers: Peers;
  connections: Connections;
}

/** Facts about the server that answers hold. */
export interface ServerFacts {
  /** The origin under which clients reach the server; known once it listens. */
  publicUrl: () => string;
  /** Whether clients reach it over HTTPS, so that cookies are `Secure`. */
  secureCookies: boolean;
  clock: Clock;
}

/** Assembles the schema, lower rooms first. */
export function buildSchema(services: Services, facts: ServerFacts): GraphQLSchema {
  const { audit, users, rateLimits, settings, status, sessions, projects, pairing } = services;
  const { toolExecutions, elements, signalling, peers, connections } = services;
  const builder = createBuilder();
  const userTypes = addUsersSchema(builder, users, addAuditSchema(builder, audit));
  addRateLimitsSchema(builder, rateLimits);
  addSettingsSchema(builder, settings);
  addStatusSchema(builder, status);
  const sessionTypes = addSessionsSchema(builder, sessions, { ...userTypes, ...facts });
  const projectTypes = addProjectsSchema(builder, { projects, users }, { ...userTypes, ...sessionTypes });
  addPairingSchema(builder, pairing, { ...sessionTypes, ...facts });
  addToolExecutionsSchema(builder, { toolExecutions, users, ...facts }, userTypes);
  const elementTypes = addElementsSchema(builder, { elements, projects, users }, {
    ...userTypes,
    ...projectTypes,
    ...facts,
  });
  addSignallingSchema(builder, { signalling, users }, userTypes);
  addPeersSchema(builder, { peers, projects, users }, { ...userTypes, ...projectTypes, ...elementTypes });
  addConnectionSchema(builder, { connections, projects, users }, { ...userTypes, ...projectTypes });
  return toFastSchema(builder);
}
