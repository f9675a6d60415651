import { refusalResponse } from "../api/refusal.ts";
import type { Config } from "../base/config.ts";
import { AppError } from "../base/errors.ts";
import { newId } from "../base/ids.ts";
import { roomLog } from "../base/log.ts";
import { type App, type AppOptions, createApp } from "./app.ts";
import { listen, type Listener } from "./listener.ts";
import { routeOf } from "./metrics.ts";
import { resourceMetadataFor } from "./authorization_discovery.ts";
import type { Incoming } from "./incoming.ts";
import { route, withHeaders } from "./routes.ts";

const log = roomLog("app");

/** A server that listens. */
export interface RunningServer extends AsyncDisposable {
  /** The origin of the address it listens on. */
  url: string;
  /** Takes no more requests, ends streams and sockets, lets running requests end, closes every room. */
  stop(): Promise<void>;
}

/** What may be set beside the settings. */
export type ServerOptions = Omit<AppOptions, "publicUrl">;

/** How long running requests and their answers may take to end when the server stops. */
const GRACE_MS = 5_000;
/** The least that connections get to close, where requests took all of it. */
const MIN_CLOSE_MS = 500;
const POLL_MS = 20;

/** Opens the data folder and listens. Throws `UNAVAILABLE`, `INVALID_INPUT` with one line for the operator. */
export async function startServer(config: Config, options: ServerOptions = {}): Promise<RunningServer> {
  let url = "";
  const app = await createApp(config, { ...options, publicUrl: () => config.publicUrl ?? url });
  const traffic: Traffic = { running: 0, stopping: false };
  try {
    const server = listen(
      { hostname: config.host, port: config.port },
      (request, info) => answer(app, traffic, request, addressOf(info)),
    );
    url = `http://${urlHost(config.host)}:${server.addr.port}`;
    let stopping: Promise<void> | null = null;
    const stop = () => stopping ??= stopServer(app, traffic, server);
    return { url, stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await app[Symbol.asyncDispose]();
    const reason = error instanceof Error ? error.message : String(error);
    throw new AppError("UNAVAILABLE", `Cannot listen on ${config.host}:${config.port}: ${reason}`, { cause: error });
  }
}

/** Requests between their first byte and their answer's. */
interface Traffic {
  running: number;
  stopping: boolean;
}

// Not by Deno's own shutdown alone: it breaks off bodies that are still arriving, and waits for a peer that never closes.
async function stopServer(app: App, traffic: Traffic, server: Listener): Promise<void> {
  traffic.stopping = true;
  app.endStreams();
  const graceEndsAt = performance.now() + GRACE_MS;
  while (traffic.running > 0 && performance.now() < graceEndsAt) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  // Only now: it breaks off tool calls under way, and ends what listens on and on.
  await app.mcp.close();
  const closeMs = Math.max(MIN_CLOSE_MS, graceEndsAt - performance.now());
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise((resolve) => timer = setTimeout(resolve, closeMs));
  await Promise.race([server.shutdown(), late]).finally(() => clearTimeout(timer));
  await app[Symbol.asyncDispose]();
}

async function answer(app: App, traffic: Traffic, request: Request, peer: string | null): Promise<Response> {
  const startedAt = performance.now();
  // Read first: an upgraded request can't be asked any more.
  const { method } = request;
  const incoming = toIncoming(app, request, peer);
  const { pathname } = incoming;
  const response = await answerOrRefuse(app, traffic, incoming);
  const milliseconds = performance.now() - startedAt;
  app.metrics.answered(routeOf(pathname), response.status, milliseconds);
  if (log.isEnabledFor("debug")) {
    const durationMs = Math.round(milliseconds);
    log.debug("{method} {pathname} {status} in {durationMs} ms", {
      method,
      pathname,
      status: response.status,
      durationMs,
    });
  }
  return response;
}

async function answerOrRefuse(app: App, traffic: Traffic, incoming: Incoming): Promise<Response> {
  traffic.running++;
  try {
    if (traffic.stopping) throw stopped();
    return await route(app, incoming);
  } catch (error) {
    return withHeaders(app, incoming, refuse(app, incoming, toAppError(error)));
  } finally {
    traffic.running--;
  }
}

function stopped(): AppError {
  return new AppError("UNAVAILABLE", "Cannot answer: the server stops");
}

function toIncoming({ edge }: App, request: Request, peer: string | null): Incoming {
  const guest = edge.guestOf(request, edge.clientAddress(request, peer));
  // A `Host` that makes no URL is refused, and counted and logged all the same.
  const pathname = URL.parse(request.url)?.pathname ?? "";
  return { request, guest, actor: guest, pathname };
}

function refuse(app: App, { request, actor, pathname }: Incoming, error: AppError): Response {
  const route = routeOf(pathname);
  // Of a path only what is ours is noted: the rest may be anything.
  const operation = route === "other" || route === "health" ? "/" : `/${route}`;
  app.noteRefusal(actor, error, error.needed?.tool ?? operation);
  const resourceMetadata = resourceMetadataFor(pathname, app.edge.ownOrigin(request));
  return refusalResponse(request, error, { resourceMetadata });
}

function toAppError(thrown: unknown): AppError {
  return thrown instanceof AppError ? thrown : unexpected(thrown);
}

function unexpected(error: unknown): AppError {
  const requestId = newId();
  log.error("Unexpected error in request {requestId}: {error}", { requestId, error });
  return new AppError("INTERNAL", `Unexpected error (request ${requestId})`);
}

function addressOf({ remoteAddr }: Deno.ServeHandlerInfo): string | null {
  return remoteAddr.transport === "tcp" ? remoteAddr.hostname : null;
}

function urlHost(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
