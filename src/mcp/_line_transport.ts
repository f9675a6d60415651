import {
  type JSONRPCMessage,
  parseJSONRPCMessage,
  ProtocolErrorCode,
  type Transport,
} from "@modelcontextprotocol/server";
import { roomLog } from "../base/log.ts";
import { objectOf } from "./_answer_reading.ts";
import { type LineStreams, readLines } from "./lines.ts";

const log = roomLog("mcp");

/** What may be between the lines and the protocol. */
export interface LineTransportOptions {
  /** Sees each message before the protocol does; a promise holds that message back, and false keeps it away. */
  onIncoming: (message: JSONRPCMessage) => Promise<boolean> | null;
  /** Answers what the protocol need not see: with a line or, with null, not at all; null: the protocol is to. */
  answer: (json: unknown) => Promise<string | null> | null;
  /** Sees what the protocol sends. */
  onSent: (message: JSONRPCMessage) => void;
  /** Called once, when there is nothing more to read or to write to. */
  onEnd: () => void;
}

/** A longer line is answered with an error. */
const MAX_LINE_BYTES = 10_000_000;
/** What a client may take for too long to be one message; a message's line ends below. */
const MAX_SENT_BYTES = 1_000_000;
/** While more wait for a client that does not read, it is not asked for more. */
const MAX_UNSENT_CHARACTERS = 1_000_000;
/** Of a character of UTF-16 in UTF-8. */
const MAX_BYTES_PER_CHARACTER = 3;

const encoder = new TextEncoder();

/** One JSON-RPC message a line, each way. What is no message is answered with an error, and the connection goes on. MCP, Transports, stdio */
export function createLineTransport(streams: LineStreams, options: LineTransportOptions): Transport {
  let isOpen = true;
  let unsent = "";
  let sending: Promise<void> | null = null;
  const transport: Transport = {
    start: () => {
      void read();
      return Promise.resolve();
    },
    send: (message) => {
      options.onSent(message);
      return write(JSON.stringify(message), "id" in message ? message.id : undefined);
    },
    close: () => {
      end();
      return Promise.resolve();
    },
  };
  return transport;

  async function read(): Promise<void> {
    try {
      for await (const line of readLines(streams.readable, MAX_LINE_BYTES)) {
        if (!isOpen) return;
        if ("tooLong" in line) await refuse(null, "ParseError", tooLong(line.tooLong));
        else if (line.text.trim() !== "") await take(line.text);
        if (unsent.length > MAX_UNSENT_CHARACTERS) await sending;
      }
    } catch (error) {
      log.debug("Reading ended: {error}", { error });
    }
    end();
  }

  async function take(text: string): Promise<void> {
    const json = parse(text);
    if (json === undefined) return await refuse(null, "ParseError", "Cannot read the line: it is no JSON");
    const answered = options.answer(json);
    if (answered !== null) {
      return void answered.then((line) => line === null ? undefined : write(line, objectOf(json)["id"]));
    }
    let message: JSONRPCMessage;
    try {
      message = parseJSONRPCMessage(json);
    } catch {
      const reason = Array.isArray(json) ? "Cannot take a batch: send one message a line" : "It is no JSON-RPC message";
      return await refuse(json, "InvalidRequest", reason);
    }
    const held = options.onIncoming(message);
    if (held === null) return void transport.onmessage?.(message);
    // Only this one waits.
    void held.then((goesOn) => goesOn && isOpen && transport.onmessage?.(message));
  }

  async function refuse(json: unknown, code: "ParseError" | "InvalidRequest", message: string): Promise<void> {
    const { id } = objectOf(json);
    const known = typeof id === "string" || typeof id === "number" ? id : null;
    await writeLine(JSON.stringify({ jsonrpc: "2.0", id: known, error: { code: ProtocolErrorCode[code], message } }));
  }

  async function write(line: string, id: unknown): Promise<void> {
    if (line.length * MAX_BYTES_PER_CHARACTER < MAX_SENT_BYTES) return await writeLine(line);
    const size = encoder.encode(line).length;
    if (size < MAX_SENT_BYTES) return await writeLine(line);
    if (id === undefined) return;
    const error = { code: ProtocolErrorCode.InternalError, message: `Cannot answer with ${size} bytes: ask for less` };
    await writeLine(JSON.stringify({ jsonrpc: "2.0", id, error }));
  }

  function writeLine(line: string): Promise<void> {
    if (!isOpen) return Promise.resolve();
    unsent += `${line}\n`;
    return sending ??= sendAll().finally(() => sending = null);
  }

  /** What came while one write was on its way goes with the next. Never rejects. */
  async function sendAll(): Promise<void> {
    try {
      while (unsent.length > 0 && isOpen) {
        // What else is answered meanwhile goes with it: a write costs more than a line.
        await new Promise((resolve) => setImmediate(resolve));
        const bytes = encoder.encode(unsent);
        unsent = "";
        await streams.write(bytes);
      }
    } catch (error) {
      log.debug("Writing ended: {error}", { error });
      end();
    }
  }

  function end(): void {
    if (!isOpen) return;
    isOpen = false;
    transport.onclose?.();
    options.onEnd();
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function tooLong(size: number): string {
  return `Cannot read a line of ${size} bytes: at most ${MAX_LINE_BYTES} are taken`;
}
