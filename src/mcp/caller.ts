/** What a GraphQL operation answered. */
export interface ExecutionAnswer {
  data?: Record<string, unknown> | null | undefined;
  errors?: readonly { message: string; extensions: Record<string, unknown> }[] | undefined;
}

/** How a tool's call went. */
export interface ToolExecution {
  tool: string;
  /** `denied`: who asked was not known, or may not. */
  outcome: "ok" | "error" | "denied";
  errorCode: string | null;
  durationMs: number;
  /** Bytes of the result as JSON. */
  resultBytes: number;
  /** SHA-256, in hexadecimal digits, of the arguments as JSON, their names in order. */
  argumentHash: string;
  startedAt: Date;
}

/** Who asks, as the adapter sees it. In the server it is bound to an actor; in an AI tool's process it sends HTTP. */
export interface Caller {
  /** Runs one operation as the caller; its signal is made when it is first asked for: few operations do. Never throws. */
  execute(
    query: string,
    variables: Record<string, unknown>,
    options: { signal: () => AbortSignal },
  ): Promise<ExecutionAnswer>;
  /** Results of a subscription as the caller, until the signal or its end. Errors come as answers. */
  subscribe(
    query: string,
    variables: Record<string, unknown>,
    options: { signal: AbortSignal },
  ): AsyncIterable<ExecutionAnswer>;
  /** The scopes of its access token; null: it may do all that its person may. Tools that need others are not listed. */
  scopes: readonly string[] | null;
  /** Has a tool's call recorded. */
  record(execution: ToolExecution): void;
}
