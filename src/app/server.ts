import { subjectOf } from "../api/graphql_http.ts";
import type { Actor } from "../base/actor.ts";
import { requireSignedIn } from "../base/actor.ts";
import type { Clock } from "../base/clock.ts";
import type { Config } from "../base/config.ts";
import { AppError } from "../base/errors.ts";
import { newId } from "../base/ids.ts";
import { roomLog } from "../base/log.ts";
import { errorBody, httpStatus } from "../graphql/error_mask.ts";
import { localId } from "../graphql/nodes.ts";
import type { Credentials } from "../users/users.ts";
import { type App, createApp } from "./app.ts";

const log = roomLog("app");

/** A server that listens. */
export interface RunningServer extends AsyncDisposable {
  /** The origin of the address it listens on. */
  url: string;
  /** Takes no more requests, ends streams and sockets, lets running requests end, closes every room. */
  stop(): Promise<void>;
}

/** What may be set beside the settings. */
export interface ServerOptions {
  clock?: Clock;
  /** Told the first admin as soon as this start has made it, whatever fails after. */
  onFirstAdmin?: (credentials: Credentials) => void;
}

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
    const server = Deno.serve(
      { hostname: config.host, port: config.port, onListen: () => {} },
      (request, info) => answer(app, traffic, { request, ipAddress: addressOf(info) }),
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
async function stopServer(app: App, traffic: Traffic, server: Deno.HttpServer<Deno.NetAddr>): Promise<void> {
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

interface Incoming {
  request: Request;
  ipAddress: string | null;
}

async function answer(app: App, traffic: Traffic, { request, ipAddress }: Incoming): Promise<Response> {
  const startedAt = performance.now();
  // Read first: an upgraded request can't be asked any more.
  const { method, url } = request;
  traffic.running++;
  const response = await (traffic.stopping ? Promise.reject(stopped()) : route(app, request, ipAddress))
    .catch((error: unknown) => refusal(error))
    .finally(() => traffic.running--);
  // A `Host` that makes no URL was refused, and is logged all the same.
  const pathname = URL.parse(url)?.pathname ?? url;
  const durationMs = Math.round(performance.now() - startedAt);
  log.debug("{method} {pathname} {status} in {durationMs} ms", {
    method,
    pathname,
    status: response.status,
    durationMs,
  });
  return response;
}

function stopped(): AppError {
  return new AppError("UNAVAILABLE", "Cannot answer: the server stops");
}

async function route(app: App, request: Request, ipAddress: string | null): Promise<Response> {
  if (!app.edge.isKnownHost(request)) {
    throw new AppError("FORBIDDEN", "Cannot serve this host name: FINGERPOST_PUBLIC_URL says which one is served");
  }
  const { pathname } = new URL(request.url);
  if (pathname === "/graphql") {
    const isUpgrade = request.headers.get("upgrade")?.toLowerCase() === "websocket";
    return isUpgrade ? await app.webSockets.upgrade(request, ipAddress) : await app.graphql(request, ipAddress);
  }
  if (pathname === "/mcp") return await answerMcp(app, request, ipAddress);
  const [, screenshotId] = /^\/screenshots\/([\w-]+)$/.exec(pathname) ?? [];
  if (screenshotId !== undefined) return await answerScreenshot(app, { request, ipAddress, id: screenshotId });
  if (pathname === "/health/live") return Response.json({ status: "ok", checks: {} });
  if (pathname === "/health/ready") return await answerReady(app);
  if (pathname === "/") return Response.redirect(new URL("/graphql", request.url), 302);
  throw new AppError("NOT_FOUND", "Cannot find this path");
}

async function answerReady(app: App): Promise<Response> {
  const checks = await app.checkReadiness();
  const isReady = Object.values(checks).every((state) => state === "ok");
  return Response.json({ status: isReady ? "ok" : "failing", checks }, { status: isReady ? 200 : 503 });
}

async function answerMcp(app: App, request: Request, ipAddress: string | null): Promise<Response> {
  if (!app.edge.isAllowedOrigin(request)) throw new AppError("FORBIDDEN", "Cannot call from this origin");
  const headers = app.edge.corsHeaders(request);
  if (request.method === "OPTIONS") return new Response(null, { status: 204, headers });
  const actor = await identifySignedIn(app, request, ipAddress);
  await app.rateLimits.take("mcp", subjectOf(actor));
  const response = await app.mcp.fetch(request, actor);
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
  return response;
}

async function answerScreenshot(
  app: App,
  { request, ipAddress, id }: { request: Request; ipAddress: string | null; id: string },
): Promise<Response> {
  const actor = await identifySignedIn(app, request, ipAddress);
  const { mimeType, bytes } = await app.elements.image(actor, localId("Element", id));
  const headers = {
    ...app.edge.corsHeaders(request),
    "content-type": mimeType,
    "content-length": String(bytes.length),
    "content-security-policy": "default-src 'none'; sandbox",
    "x-content-type-options": "nosniff",
    "cache-control": "private, no-cache",
  };
  return new Response(request.method === "HEAD" ? null : bytes.slice(), { headers });
}

async function identifySignedIn(app: App, request: Request, ipAddress: string | null): Promise<Actor> {
  return requireSignedIn(await app.edge.identify(request, ipAddress));
}

function refusal(thrown: unknown): Response {
  const error = thrown instanceof AppError ? thrown : unexpected(thrown);
  const { retryAfterSeconds } = error.details;
  const headers = new Headers({ "x-content-type-options": "nosniff" });
  if (retryAfterSeconds !== undefined) headers.set("retry-after", String(retryAfterSeconds));
  if (error.code === "UNAUTHENTICATED") headers.set("www-authenticate", 'Bearer realm="fingerpost"');
  return Response.json(errorBody(error), { status: httpStatus(error.code), headers });
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
