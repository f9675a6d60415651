/** What `deno task mcp` asks a server on its own account. */
export const REMOTE_DOCUMENTS = {
  scopes: `query McpTokenScopes { currentToken { scopes } }`,
  record:
    `mutation McpRecordToolExecutions($inputs: [RecordToolExecutionInput!]!) { recordToolExecutions(inputs: $inputs) }`,
};
