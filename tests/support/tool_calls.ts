/** A call of a tool, and what comes of it on a server without live pages. */
export interface ToolCall {
  tool: string;
  input: Record<string, unknown>;
  /** The code of the error that its answer is; absent: it succeeds. */
  error?: string;
}

/** A call of each tool, for an element and its project. */
export function callsOfEveryTool({ elementId, projectId }: { elementId: string; projectId: string }): ToolCall[] {
  return [
    { tool: "comment_on_element", input: { elementId, body: "Moved it by 4 px" } },
    { tool: "get_element", input: { elementId, level: "full", maxTokens: 2_000 } },
    { tool: "get_element_screenshot", input: { elementId } },
    { tool: "get_pointed_element", input: { projectId } },
    { tool: "highlight_element", input: { elementId }, error: "PEER_UNAVAILABLE" },
    { tool: "inspect_element", input: { elementId }, error: "PEER_UNAVAILABLE" },
    { tool: "list_elements", input: { projectId, status: ["OPEN", "ACKNOWLEDGED"], first: 5 } },
    { tool: "list_pages", input: {} },
    { tool: "list_security_events", input: { first: 3 } },
    { tool: "search_elements", input: { query: "total" } },
    { tool: "set_element_status", input: { elementId, status: "ACKNOWLEDGED" } },
    { tool: "watch_elements", input: { projectId, after: 0, timeoutSeconds: 0 } },
  ];
}
