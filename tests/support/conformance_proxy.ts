import { Buffer } from "node:buffer";
import { createServer, type IncomingMessage, request as forward, type ServerResponse } from "node:http";
import { Transform } from "node:stream";

/** A server in front of another, for what the conformance suite can't do by itself. */
export interface ConformanceProxy extends AsyncDisposable {
  url: string;
}

/** What it changes of what it passes on; everything else stays as it was sent, Host and Origin too. */
export interface ProxyChanges {
  /** The access token that requests get. */
  token: string;
  /** What the suite calls something, and its name on the server, in the order in which they are replaced. */
  names: [asked: string, real: string][];
  /** What is replaced in answers alone, after the names. */
  told: [real: string, asked: string][];
}

/** Starts one on a free port. */
export async function startConformanceProxy(target: string, changes: ProxyChanges): Promise<ConformanceProxy> {
  const { pathname } = new URL(target);
  const server = createServer((incoming, outgoing) => {
    // The suite closes streams in the middle.
    pass(incoming, outgoing, { target, ...changes }).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The proxy has no port");
  return {
    url: `http://127.0.0.1:${address.port}${pathname}`,
    [Symbol.asyncDispose]: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function pass(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { target, token, names, told }: ProxyChanges & { target: string },
): Promise<void> {
  const toReal = (text: string) => names.reduce((changed, [asked, real]) => changed.replaceAll(asked, real), text);
  const back = [...names.map(([asked, real]) => [real, asked] as const), ...told];
  const toAsked = (text: string) => back.reduce((changed, [real, asked]) => changed.replaceAll(real, asked), text);
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const body = toReal(Buffer.concat(chunks).toString());
  const headers = [
    ...without("content-length", incoming.rawHeaders).map(toReal),
    ...(body === "" ? [] : ["content-length", String(Buffer.byteLength(body))]),
    ...["authorization", `Bearer ${token}`],
  ];
  const { hostname, port } = new URL(target);
  const { method = "GET", url: path = "/" } = incoming;
  const upstream = forward({ hostname, port, path, method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, without("content-length", answer.rawHeaders));
    answer.pipe(changeLines(toAsked)).pipe(outgoing);
  });
  upstream.on("error", () => outgoing.destroy());
  outgoing.on("close", () => upstream.destroy());
  upstream.end(body);
}

function without(name: string, rawHeaders: string[]): string[] {
  return rawHeaders.filter((_, index) => rawHeaders[index - index % 2]?.toLowerCase() !== name);
}

/** Changes a body line by line: those of an event stream come one by one. */
function changeLines(change: (text: string) => string): Transform {
  let rest = Buffer.alloc(0);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      rest = Buffer.concat([rest, chunk]);
      const end = rest.lastIndexOf("\n") + 1;
      const lines = rest.subarray(0, end).toString();
      rest = rest.subarray(end);
      done(null, change(lines));
    },
    flush: (done) => done(null, change(rest.toString())),
  });
}
