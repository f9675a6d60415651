-- up
-- What a tool was called with is known by its hash alone.
ALTER TABLE mcp_tool_executions ADD COLUMN argument_hash TEXT CHECK (
  length(argument_hash) = 64 AND argument_hash NOT GLOB '*[^0-9a-f]*');
UPDATE mcp_tool_executions SET argument_hash = printf('%064d', 0);
ALTER TABLE mcp_tool_executions ALTER COLUMN argument_hash SET NOT NULL;
ALTER TABLE mcp_tool_executions ADD CONSTRAINT mcp_tool_executions_id_shape CHECK (
  id GLOB '????????-????-????-????-????????????' AND length(replace(id, '-', '')) = 32);
ALTER TABLE mcp_tool_executions ADD CONSTRAINT mcp_tool_executions_tool_shape CHECK (
  tool GLOB '[a-z]*' AND tool NOT GLOB '*[^a-z0-9_]*');
ALTER TABLE mcp_tool_executions ADD CONSTRAINT mcp_tool_executions_error CHECK (
  error_code IS NULL OR (outcome <> 'ok' AND error_code GLOB '[A-Z]*' AND error_code NOT GLOB '*[^A-Z_]*'));
-- Numbers that JSON and GraphQL's Int have.
ALTER TABLE mcp_tool_executions ADD CONSTRAINT mcp_tool_executions_numbers CHECK (
  duration_ms <= 1.7976931348623157e308 AND result_bytes <= 2147483647);

-- Lists are newest first: an id begins with the time at which its execution started.
DROP INDEX mcp_tool_executions_by_actor;
CREATE INDEX mcp_tool_executions_by_actor ON mcp_tool_executions (actor_id, id) WHERE actor_id IS NOT NULL;
CREATE INDEX mcp_tool_executions_by_tool ON mcp_tool_executions (tool, id);
-- Nearly all are ok: those are found by their time.
CREATE INDEX mcp_tool_executions_failed ON mcp_tool_executions (outcome, id) WHERE outcome <> 'ok';

-- down
DROP INDEX mcp_tool_executions_failed;
DROP INDEX mcp_tool_executions_by_tool;
DROP INDEX mcp_tool_executions_by_actor;
CREATE INDEX mcp_tool_executions_by_actor ON mcp_tool_executions (actor_id) WHERE actor_id IS NOT NULL;
ALTER TABLE mcp_tool_executions DROP CONSTRAINT mcp_tool_executions_numbers;
ALTER TABLE mcp_tool_executions DROP CONSTRAINT mcp_tool_executions_error;
ALTER TABLE mcp_tool_executions DROP CONSTRAINT mcp_tool_executions_tool_shape;
ALTER TABLE mcp_tool_executions DROP CONSTRAINT mcp_tool_executions_id_shape;
ALTER TABLE mcp_tool_executions DROP COLUMN argument_hash;
