/** The closed list of codes that a client may see in `extensions.code`; the document errors of GraphQL itself stand beside it. */
export const ERROR_CODES = [
  "UNAUTHENTICATED",
  "INVALID_CREDENTIALS",
  "FORBIDDEN",
  "NOT_FOUND",
  "INVALID_INPUT",
  "CONFLICT",
  "RATE_LIMITED",
  "TOO_LARGE",
  "TOO_COMPLEX",
  "PEER_UNAVAILABLE",
  "UNAVAILABLE",
  "INTERNAL",
] as const;

/** One of the closed list of codes. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/** What is wrong with one place of an input; `path` leads from the input's root to it. */
export interface InputIssue {
  path: (string | number)[];
  message: string;
}

/** What a code carries beside its message. */
export interface ErrorDetails {
  issues?: InputIssue[];
  retryAfterSeconds?: number;
}

/** What else was refused with an error, for the audit log alone: a thing that is there and hidden, or a credential that is dead or none. */
export type Refusal = "hidden" | "credential";

/** A tool that was called with an access token that lacks scopes, and all scopes that it needs. */
export interface ToolScopes {
  tool: string;
  scopes: readonly string[];
}

/** What an error carries for the server alone. */
interface ErrorFacts {
  refusal?: Refusal;
  httpStatus?: number;
  needed?: ToolScopes;
}

/** The one error that rooms throw on purpose and clients may read; anything else is a bug and is masked as `INTERNAL`. */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
  /** Never shown to a client. */
  readonly refusal: Refusal | null;
  /** The HTTP status of an answer that is this error alone, where it says more than the code's. */
  readonly httpStatus: number | null;
  /** Set: a client that asks for more scopes may call again. */
  readonly needed: ToolScopes | null;

  constructor(code: ErrorCode, message: string, options: ErrorDetails & ErrorOptions & ErrorFacts = {}) {
    const { cause, refusal = null, httpStatus = null, needed = null, ...details } = options;
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.details = details;
    this.refusal = refusal;
    this.httpStatus = httpStatus;
    this.needed = needed;
  }
}

/** An `INVALID_INPUT` about a single place of an input. */
export function invalidInput(path: (string | number)[], message: string): AppError {
  return new AppError("INVALID_INPUT", message, { issues: [{ path, message }] });
}
