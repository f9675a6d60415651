import { Counter, Gauge, Histogram, Registry } from "prom-client";

/** What the server counts, for a Prometheus that asks now and then. */
export interface Metrics {
  /** An answer to a request: under which route, with what status, after how long. */
  answered(route: Route, status: number, milliseconds: number): void;
  /** An error of a GraphQL answer, by its code. */
  failed(code: string): void;
  /** Everything in the text format that Prometheus reads. https://prometheus.io/docs/instrumenting/exposition_formats/ */
  text(): Promise<string>;
  contentType: string;
}

/** What is looked at when somebody asks. */
export interface MetricSources {
  version: string;
  openSockets: () => number;
  mcpStreams: () => number;
  /** Bytes of the database's file and its log. */
  databaseBytes: () => Promise<number>;
}

/** The paths that are told apart: a path itself may be anything. */
export const ROUTES = ["graphql", "mcp", "screenshots", "pair", "pointer.js", "health", "metrics", "other"] as const;
/** One of them. */
export type Route = (typeof ROUTES)[number];

/** Upper bounds in seconds, from a query of one row to the deadline of an operation. */
const DURATIONS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** Builds the metrics. */
export function createMetrics({ version, openSockets, mcpStreams, databaseBytes }: MetricSources): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const durations = new Histogram({
    name: "fingerpost_http_request_duration_seconds",
    help: "From a request's head to its answer's, by route and status",
    labelNames: ["route", "status"],
    buckets: DURATIONS,
    registers,
  });
  const errors = new Counter({
    name: "fingerpost_graphql_errors_total",
    help: "Errors in GraphQL answers, by code",
    labelNames: ["code"],
    registers,
  });
  addGauge("fingerpost_open_sockets", "WebSockets that are open", openSockets);
  addGauge("fingerpost_mcp_streams", "Streams of MCP clients that listen for updates", mcpStreams);
  addGauge("fingerpost_database_bytes", "The database's file and its log", databaseBytes);
  addGauge("process_resident_memory_bytes", "Resident memory", () => Deno.memoryUsage().rss);
  addGauge("fingerpost_heap_used_bytes", "Memory that JavaScript uses", () => Deno.memoryUsage().heapUsed);
  new Gauge({ name: "fingerpost_info", help: "The version, always 1", labelNames: ["version"], registers })
    .set({ version }, 1);
  // As many as there are routes and statuses: looking one up by its labels costs more than counting.
  const observed = new Map<string, { observe(seconds: number): void }>();
  const durationsOf = (key: string) => observed.getOrInsertComputed(key, () => durations.labels(...key.split(" ")));
  return {
    answered: (route, status, milliseconds) => durationsOf(`${route} ${status}`).observe(milliseconds / 1_000),
    failed: (code) => errors.labels(code).inc(),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };

  function addGauge(name: string, help: string, read: () => number | Promise<number>): void {
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        this.set(await read());
      },
    });
  }
}

/** The route of a path. */
export function routeOf(pathname: string): Route {
  const first = pathname.split("/")[1];
  return ROUTES.find((route) => route === first) ?? "other";
}
