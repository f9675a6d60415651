import { createHash } from "node:crypto";
import type { Actor } from "../base/actor.ts";
import { AppError } from "../base/errors.ts";
import { createAutomaticDocuments } from "./_automatic_documents.ts";
import type { GraphqlRequest } from "./operations.ts";

/** Documents that the operator put there, by their ids and by their texts. */
export interface TrustedDocuments {
  /** The text with this id: the SHA-256 of the text in hexadecimal digits, or whatever id the manifest gave it. */
  find(id: string): string | undefined;
  has(text: string): boolean;
}

/** A request as it came, its parts unchecked: with a document, or with the id of one. */
export interface DocumentRequest {
  query?: unknown;
  /** GraphQL over HTTP, appendix A "Persisted Documents". */
  documentId?: unknown;
  /** `persistedQuery: { version: 1, sha256Hash }`, as Apollo's clients send it. */
  extensions?: unknown;
  variables?: GraphqlRequest["variables"];
  operationName?: GraphqlRequest["operationName"];
}

/** Finds the documents of requests that name theirs, and holds to the trusted ones where only those are run. */
export interface PersistedDocuments {
  /**
   * The request with its document. Throws `NOT_FOUND` with the message `PersistedQueryNotFound`, at which clients send the text
   * too; `FORBIDDEN` for what is not trusted where only that is run; `INVALID_INPUT`.
   */
  resolve(request: DocumentRequest, actor: Actor): GraphqlRequest;
}

/** What is run. */
export interface PersistedOptions {
  trusted: TrustedDocuments;
  /** Whether nothing else is run. */
  only: boolean;
}

/** The id that a request names its document by, and whether the client may teach the server what it stands for. */
interface DocumentName {
  id: string;
  isAutomatic: boolean;
}

/** Builds the resolution of documents. */
export function createPersistedDocuments({ trusted, only }: PersistedOptions): PersistedDocuments {
  const automatic = createAutomaticDocuments();
  return { resolve };

  function resolve(request: DocumentRequest, actor: Actor): GraphqlRequest {
    const { documentId: _id, ...rest } = request;
    const query = typeof rest.query === "string" && rest.query !== "" ? rest.query : null;
    const name = nameOf(request);
    if (name === null) return { ...rest, query: allowed(query ?? missing()) };
    if (query === null) return { ...rest, query: find(name) };
    if (!name.isAutomatic) throw new AppError("INVALID_INPUT", "Cannot take both a query and a documentId: send one");
    if (createHash("sha256").update(query).digest("hex") !== name.id) {
      throw new AppError("INVALID_INPUT", "Cannot take this query: sha256Hash is not the SHA-256 of its UTF-8 text");
    }
    allowed(query);
    if (!only) automatic.keep(name.id, query, actor.kind === "guest" ? "guest" : "signed_in");
    return { ...rest, query };
  }

  function allowed(query: string): string {
    if (!only || trusted.has(query)) return query;
    throw new AppError("FORBIDDEN", "Cannot run this document: only trusted documents are run here, and it is none");
  }

  function find({ id }: DocumentName): string {
    const text = trusted.find(id) ?? (only ? undefined : automatic.find(id));
    if (text !== undefined) return text;
    if (only) throw new AppError("FORBIDDEN", "Cannot run this document: no trusted document has this id");
    // The message is the protocol; with another status than 200 some clients would not read it.
    throw new AppError("NOT_FOUND", "PersistedQueryNotFound", { httpStatus: 200 });
  }
}

function nameOf({ documentId, extensions }: DocumentRequest): DocumentName | null {
  if (documentId !== undefined && documentId !== null) return { id: readDocumentId(documentId), isAutomatic: false };
  if (!isObject(extensions) || extensions["persistedQuery"] === undefined) return null;
  const persisted = extensions["persistedQuery"];
  if (!isObject(persisted) || persisted["version"] !== 1) {
    throw new AppError("INVALID_INPUT", "Cannot read extensions.persistedQuery: its version must be 1");
  }
  const hash = persisted["sha256Hash"];
  if (typeof hash === "string" && /^[\da-f]{64}$/.test(hash)) return { id: hash, isAutomatic: true };
  throw new AppError("INVALID_INPUT", "Cannot read extensions.persistedQuery: sha256Hash must be 64 digits of 0 to f");
}

// Appendix A: `sha256:` and 64 digits, or a name without a colon. No other prefix has a meaning here.
function readDocumentId(documentId: unknown): string {
  const [, hash, custom] = /^(?:sha256:([\da-f]{64})|([\w.~-]{1,200}))$/.exec(String(documentId)) ?? [];
  const id = hash ?? custom;
  if (typeof documentId === "string" && id !== undefined) return id;
  throw new AppError("INVALID_INPUT", "Cannot read documentId: send sha256:<64 digits of 0 to f>, or a manifest's id");
}

function missing(): never {
  throw new AppError("INVALID_INPUT", "Cannot answer a request without a query: send query, or documentId");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
