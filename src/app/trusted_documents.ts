import { createHash } from "node:crypto";
import { z } from "zod";
import type { TrustedDocuments } from "../api/persisted_documents.ts";
import { AppError } from "../base/errors.ts";
import { DOCTOR_DOCUMENTS } from "./doctor_documents.ts";

/** Ids and texts, as Relay and graphql-codegen write them. */
const mapManifest = z.record(z.string().min(1), z.string().min(1));
/** As Apollo's tools write it: https://www.apollographql.com/docs/react/data/persisted-queries */
const apolloManifest = z.object({
  format: z.literal("apollo-persisted-query-manifest"),
  version: z.literal(1),
  operations: z.array(z.object({ id: z.string().min(1), body: z.string().min(1) })),
}).transform(({ operations }) => Object.fromEntries(operations.map(({ id, body }) => [id, body])));
const manifestSchema = z.union([apolloManifest, mapManifest]);

/** The id of a document: the SHA-256 of its text in UTF-8, in hexadecimal digits. */
export function documentHash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/**
 * Reads the manifest of trusted documents: a JSON object of ids and texts, or Apollo's. One that is not there is as an empty one
 * unless it is needed; the product's own documents are trusted too. Throws `INVALID_INPUT` that names the file.
 */
export async function readTrustedDocuments(
  path: string,
  { isNeeded, own = [] }: { isNeeded: boolean; own?: readonly string[] },
): Promise<TrustedDocuments> {
  const manifest = await readManifest(path, isNeeded);
  const byId = new Map(Object.entries(manifest));
  for (const [id, text] of Object.entries(manifest)) {
    const hash = documentHash(text);
    if (/^[\da-f]{64}$/.test(id) && id !== hash) throw unusable(path, `"${id}" is not the SHA-256 of its text`);
    byId.set(hash, text);
  }
  for (const text of own) byId.set(documentHash(text), text);
  const texts = new Set([...byId.values(), ...Object.values(DOCTOR_DOCUMENTS)]);
  return { find: (id) => byId.get(id), has: (text) => texts.has(text) };
}

async function readManifest(path: string, isNeeded: boolean): Promise<Record<string, string>> {
  try {
    return manifestSchema.parse(JSON.parse(await Deno.readTextFile(path)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      if (!isNeeded) return {};
      throw unusable(path, "it is not there, and FINGERPOST_TRUSTED_DOCUMENTS is only");
    }
    const reason = error instanceof z.ZodError ? "it holds no ids and texts" : String(error);
    throw unusable(path, reason);
  }
}

function unusable(path: string, reason: string): AppError {
  const how = "deno task documents writes one";
  return new AppError("INVALID_INPUT", `Cannot use the trusted documents in "${path}": ${reason}; ${how}`);
}
