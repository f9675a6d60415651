// Many clients in a process of their own, for `sockets_bench.ts`: it sends one command a line, and is answered with one line.
import { openRawWebSocket, type RawWebSocket } from "../tests/support/raw_web_socket.ts";

/** Opens subscriptions, each by the next of the tokens, and waits until all of them are live. */
export interface OpenCommand {
  name: "open";
  count: number;
  tokens: string[];
  query: string;
  projectId: string;
  /** One less than the project's revision: the event that is missed tells that the subscription is live. */
  after: number;
}

/** Captures one after the other, and waits until each subscription has it. */
export interface CaptureCommand {
  name: "capture";
  token: string;
  projectId: string;
  count: number;
  intervalMs: number;
  htmlBytes: number;
}

/** Opens a subscription to everything that never reads; reads on what it left; closes all but that one. */
export type OtherCommand = { name: "stall"; token: string; projectId: string } | { name: "resume" } | { name: "close" };

/** Milliseconds from a capture's request until it was answered, and until the first and the last subscription had it. */
export interface CaptureTimes {
  answered: number;
  first: number;
  last: number;
}

/** What came to the reader that stalled, once it read: the answer to `resume`. */
export interface Resumed {
  bytes: number;
  /** null: the connection ended without one, or lives on. */
  closeCode: number | null;
}

type Command = OpenCommand | CaptureCommand | OtherCommand;

/** In which the rest is read: one that was not dropped goes on and on. */
const RESUMED_MS = 3_000;
/** Handshakes at once: as many as a listener's queue takes. */
const OPENED_AT_ONCE = 50;
const ALL = `subscription ($projectId: ID!) {
  elementEvents(projectId: $projectId, after: 0) { revision element { note html } } }`;
const CAPTURE = `mutation ($input: CaptureElementInput!) { captureElement(input: $input) { id revision } }`;

const [url = ""] = Deno.args;
const sockets = new Set<RawWebSocket>();
let received = { count: 0, first: 0, last: 0, wanted: 0, done: () => {} };
let stalled: RawWebSocket | null = null;

let text = "";
for await (const chunk of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  text += chunk;
  const lines = text.split("\n");
  text = lines.pop() ?? "";
  for (const line of lines) {
    const answer = JSON.stringify(await run(JSON.parse(line)));
    Deno.stdout.writeSync(new TextEncoder().encode(`${answer}\n`));
  }
}
// Sockets that are open would keep the process.
Deno.exit(0);

async function run(command: Command): Promise<unknown> {
  if (command.name === "open") return await open(command);
  if (command.name === "capture") return await capture(command);
  if (command.name === "stall") return await stall(command.token, command.projectId);
  if (command.name === "resume") return await resume();
  for (const socket of sockets) socket[Symbol.dispose]();
  sockets.clear();
  return {};
}

async function open(command: OpenCommand): Promise<{ milliseconds: number }> {
  const startedAt = performance.now();
  for (let index = 0; index < command.count; index += OPENED_AT_ONCE) {
    const tokens = Array.from(
      { length: Math.min(OPENED_AT_ONCE, command.count - index) },
      (_, offset) => command.tokens[(index + offset) % command.tokens.length] ?? "",
    );
    const live = expect(tokens.length);
    await Promise.all(tokens.map(async (token) => {
      const { query, projectId, after } = command;
      const socket = await subscribe(token, query, { projectId, after });
      sockets.add(socket);
      void follow(socket, after);
    }));
    await live;
  }
  return { milliseconds: performance.now() - startedAt };
}

async function subscribe(token: string, query: string, variables: Record<string, unknown>): Promise<RawWebSocket> {
  const socket = await openRawWebSocket(url);
  await socket.send({ type: "connection_init", payload: { authorization: `Bearer ${token}` } });
  const answer = await socket.read();
  if (answer !== '{"type":"connection_ack"}') throw new Error(`The server answered ${answer}`);
  await socket.send({ id: "1", type: "subscribe", payload: { query, variables } });
  return socket;
}

async function follow(socket: RawWebSocket, after: number): Promise<void> {
  for (let revision = after;;) {
    const message = await socket.read();
    if (!sockets.has(socket)) return;
    if (typeof message !== "string") throw new Error(`A socket closed with ${message}`);
    const [, told] = /"revision":(\d+)/.exec(message) ?? [];
    if (Number(told) !== ++revision) throw new Error(`Expected revision ${revision}: ${message}`);
    received.last = performance.now();
    if (received.count === 0) received.first = received.last;
    if (++received.count === received.wanted) received.done();
  }
}

/** Waits for as many messages. */
function expect(wanted: number): Promise<void> {
  return new Promise((done) => received = { count: 0, first: 0, last: 0, wanted, done });
}

async function capture({ token, projectId, count, intervalMs, htmlBytes }: CaptureCommand): Promise<CaptureTimes[]> {
  const times: CaptureTimes[] = [];
  for (let index = 0; index < count; index++) {
    const input = {
      clientId: crypto.randomUUID(),
      projectId,
      pageUrl: "https://shop.example/cart",
      selector: "main > form > button.pay",
      tagName: "BUTTON",
      html: `<button>${"x".repeat(htmlBytes)}</button>`,
      computedStyles: { display: "flex" },
      box: { x: 1, y: 2, width: 300, height: 40 },
      note: "Make this line up",
      text: "Pay now",
    };
    const body = JSON.stringify({ query: CAPTURE, variables: { input } });
    const all = sockets.size === 0 ? Promise.resolve() : expect(sockets.size);
    const startedAt = performance.now();
    const response = await fetch(`${url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body,
    });
    const { errors } = await response.json();
    if (errors) throw new Error(JSON.stringify(errors));
    const answered = performance.now() - startedAt;
    await all;
    times.push({ answered, first: received.first - startedAt, last: received.last - startedAt });
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
  return times;
}

async function stall(token: string, projectId: string): Promise<Record<string, never>> {
  stalled = await subscribe(token, ALL, { projectId });
  return {};
}

async function resume(): Promise<Resumed> {
  const resumed: Resumed = { bytes: 0, closeCode: null };
  using socket = stalled;
  const timer = setTimeout(() => socket?.[Symbol.dispose](), RESUMED_MS);
  for (;;) {
    const message = await socket?.read() ?? null;
    if (typeof message === "string") resumed.bytes += message.length;
    else {
      clearTimeout(timer);
      return { ...resumed, closeCode: message };
    }
  }
}
