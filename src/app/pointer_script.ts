import { hash } from "node:crypto";
import { AppError } from "../base/errors.ts";

/** Made by `deno task pointer` and kept in the repository: the server bundles nothing. */
const SCRIPT = new URL("../../clients/dist/pointer.js", import.meta.url);

/** A script as it is served. */
interface Script {
  bytes: Uint8Array<ArrayBuffer>;
  etag: string;
}

let script: Script | null = null;

/** Answers for `/pointer.js`, which any site's page may load: it is the same for all and knows nobody. Throws `INVALID_INPUT`. */
export async function answerPointerScript({ method, headers: asked }: Request): Promise<Response> {
  if (method !== "GET" && method !== "HEAD") {
    throw new AppError("INVALID_INPUT", `Cannot answer ${method}: send GET`, { httpStatus: 405 });
  }
  script ??= await readScript();
  const { bytes, etag } = script;
  const headers = {
    "content-type": "text/javascript; charset=utf-8",
    etag,
    // Asked for anew each time, so that a page has the script of the server that runs.
    "cache-control": "no-cache",
    "cross-origin-resource-policy": "cross-origin",
    // For pages that load it as a module or with `integrity`. Fetch §3.2
    "access-control-allow-origin": "*",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
  };
  if (isKnown(asked.get("if-none-match"), etag)) return new Response(null, { status: 304, headers });
  return new Response(method === "HEAD" ? null : bytes, {
    headers: { ...headers, "content-length": String(bytes.length) },
  });
}

async function readScript(): Promise<Script> {
  const bytes = await Deno.readFile(SCRIPT);
  return { bytes, etag: `"${hash("sha256", bytes, "base64url")}"` };
}

// RFC 9110 §13.1.2: compared weakly, as a proxy that compresses makes weak ones of it.
function isKnown(ifNoneMatch: string | null, etag: string): boolean {
  return ifNoneMatch?.split(",").some((known) => known.trim() === "*" || known.trim().replace(/^W\//, "") === etag) ??
    false;
}
