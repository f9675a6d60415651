import { isLoopback } from "../base/config.ts";
import { AppError } from "../base/errors.ts";
import { requirePermission } from "../base/permissions.ts";
import { localId } from "../graphql/nodes.ts";
import type { App } from "./app.ts";
import { answerDiscovery } from "./authorization_discovery.ts";
import { identifySignedIn, type Incoming } from "./incoming.ts";
import { answerMcp } from "./mcp_route.ts";
import { answerPair } from "./pair_route.ts";
import { answerPointerScript } from "./pointer_script.ts";

/** Answers a request by its path, with the headers that every answer has. Throws what refuses it. */
export function route(app: App, incoming: Incoming): Response | Promise<Response> {
  // What most requests ask for writes all of its headers at once.
  if (incoming.pathname === "/graphql") return answerGraphql(app, incoming);
  if (incoming.pathname === "/mcp" && incoming.request.method !== "OPTIONS") return answerAiTool(app, incoming);
  return answerOther(app, incoming).then((response) => withHeaders(app, incoming, response));
}

/** Adds to an answer the headers that every answer has. */
export function withHeaders({ edge }: App, { request }: Incoming, response: Response): Response {
  edge.addHeaders(request, response);
  return response;
}

function answerGraphql(app: App, incoming: Incoming): Response | Promise<Response> {
  const { request, guest } = incoming;
  requireKnownHost(app, request);
  const { method, headers } = request;
  if (method === "OPTIONS") return withHeaders(app, incoming, app.edge.answerPreflight(request));
  const isUpgrade = method === "GET" && headers.get("upgrade")?.toLowerCase() === "websocket";
  return isUpgrade ? app.webSockets.upgrade(request, guest) : app.graphql(request, guest);
}

async function answerAiTool(app: App, incoming: Incoming): Promise<Response> {
  const { request } = incoming;
  requireKnownHost(app, request);
  const answer = await answerMcp(app, incoming);
  if (answer instanceof Response) return withHeaders(app, incoming, answer);
  return new Response(answer.body, { headers: { ...app.edge.resultHeaders(request), ...answer.headers } });
}

function requireKnownHost({ edge }: App, request: Request): void {
  if (edge.isKnownHost(request)) return;
  throw new AppError("FORBIDDEN", "Cannot serve this host name: FINGERPOST_PUBLIC_URL says which one is served");
}

async function answerOther(app: App, incoming: Incoming): Promise<Response> {
  const { request, pathname } = incoming;
  requireKnownHost(app, request);
  const discovery = answerDiscovery(request, pathname, app.edge.ownOrigin(request));
  if (discovery !== null) return discovery;
  if (request.method === "OPTIONS") return app.edge.answerPreflight(request);
  if (pathname === "/pointer.js" && app.servesPointerScript) return await answerPointerScript(request);
  if (pathname === "/pair") return await answerPair(app, incoming);
  const [, screenshotId] = /^\/screenshots\/([\w-]+)$/.exec(pathname) ?? [];
  if (screenshotId !== undefined) return await answerScreenshot(app, incoming, screenshotId);
  if (pathname === "/metrics") return await answerMetrics(app, incoming);
  if (pathname === "/health/live") return Response.json({ status: "ok", checks: {} });
  if (pathname === "/health/ready") return await answerReady(app);
  if (pathname === "/") return new Response(null, { status: 302, headers: { location: "/graphql" } });
  throw new AppError("NOT_FOUND", "Cannot find this path");
}

async function answerReady(app: App): Promise<Response> {
  const checks = await app.checkReadiness();
  const isReady = Object.values(checks).every((state) => state === "ok");
  return Response.json({ status: isReady ? "ok" : "failing", checks }, { status: isReady ? 200 : 503 });
}

// A proxy on this machine is loopback too: what it passes on is not.
async function answerMetrics(app: App, incoming: Incoming): Promise<Response> {
  const { request, guest } = incoming;
  const isPassedOn = ["x-forwarded-for", "forwarded", "via"].some((name) => request.headers.has(name));
  if (isPassedOn || !isLoopback(guest.origin.ipAddress ?? "")) {
    requirePermission(await identifySignedIn(app, incoming), "READ_METRICS");
  }
  return new Response(await app.metrics.text(), { headers: { "content-type": app.metrics.contentType } });
}

async function answerScreenshot(app: App, incoming: Incoming, id: string): Promise<Response> {
  const { request } = incoming;
  const actor = await identifySignedIn(app, incoming);
  const { mimeType, bytes } = await app.elements.image(actor, localId("Element", id));
  const headers = {
    "content-type": mimeType,
    "content-length": String(bytes.length),
    "content-security-policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox",
    "cache-control": "private, no-cache",
  };
  return new Response(request.method === "HEAD" ? null : bytes.slice(), { headers });
}
