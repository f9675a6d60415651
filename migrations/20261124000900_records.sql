-- up
CREATE TABLE webrtc_connections (
  id TEXT PRIMARY KEY CHECK (length(id) = 36 AND id NOT GLOB '*[^0-9a-f-]*'),
  project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  initiator_id TEXT REFERENCES users (id) ON DELETE SET NULL,
  state TEXT NOT NULL CHECK (state IN ('NEW', 'CONNECTING', 'CONNECTED', 'DISCONNECTED', 'FAILED', 'CLOSED')),
  bytes_received INTEGER NOT NULL DEFAULT 0 CHECK (bytes_received >= 0),
  bytes_sent INTEGER NOT NULL DEFAULT 0 CHECK (bytes_sent >= 0),
  round_trip_ms REAL CHECK (round_trip_ms >= 0),
  opened_at INTEGER CHECK (opened_at BETWEEN 0 AND 8640000000000000),
  closed_at INTEGER CHECK (closed_at BETWEEN 0 AND 8640000000000000),
  created_at INTEGER NOT NULL CHECK (created_at BETWEEN 0 AND 8640000000000000)
) STRICT;

CREATE INDEX webrtc_connections_by_project ON webrtc_connections (project_id, id);
CREATE INDEX webrtc_connections_by_initiator ON webrtc_connections (initiator_id) WHERE initiator_id IS NOT NULL;
CREATE INDEX webrtc_connections_open ON webrtc_connections (id) WHERE closed_at IS NULL;

CREATE TABLE mcp_tool_executions (
  id TEXT PRIMARY KEY CHECK (length(id) = 36 AND id NOT GLOB '*[^0-9a-f-]*'),
  tool TEXT NOT NULL CHECK (length(tool) BETWEEN 1 AND 100),
  actor_id TEXT REFERENCES users (id) ON DELETE SET NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('ok', 'error', 'denied')),
  error_code TEXT CHECK (length(error_code) BETWEEN 1 AND 100),
  duration_ms REAL NOT NULL CHECK (duration_ms >= 0),
  result_bytes INTEGER NOT NULL CHECK (result_bytes >= 0),
  started_at INTEGER NOT NULL CHECK (started_at BETWEEN 0 AND 8640000000000000)
) STRICT;

CREATE INDEX mcp_tool_executions_by_actor ON mcp_tool_executions (actor_id) WHERE actor_id IS NOT NULL;

CREATE TABLE audit_checkpoints (
  sequence INTEGER PRIMARY KEY CHECK (sequence >= 0), -- of the last event that it covers
  hash BLOB NOT NULL CHECK (length(hash) = 32), -- of that event
  signature BLOB NOT NULL CHECK (length(signature) = 32),
  made_at INTEGER NOT NULL CHECK (made_at BETWEEN 0 AND 8640000000000000)
) STRICT;

CREATE TRIGGER audit_checkpoints_keep_update BEFORE UPDATE ON audit_checkpoints
BEGIN
  SELECT RAISE(ABORT, 'audit checkpoints are append-only');
END;

CREATE TRIGGER audit_checkpoints_keep_delete BEFORE DELETE ON audit_checkpoints
BEGIN
  SELECT RAISE(ABORT, 'audit checkpoints are append-only');
END;

CREATE TABLE app_config (
  key TEXT PRIMARY KEY CHECK (length(key) BETWEEN 1 AND 100 AND key NOT GLOB '*[^a-z_.]*'),
  value ANY NOT NULL, -- JSON; sealed where it is secret
  is_secret INTEGER NOT NULL CHECK (is_secret IN (0, 1)),
  updated_at INTEGER NOT NULL CHECK (updated_at BETWEEN 0 AND 8640000000000000),
  CHECK (CASE is_secret WHEN 1 THEN typeof(value) = 'blob' AND length(value) BETWEEN 30 AND 100000
    ELSE typeof(value) = 'text' AND json_valid(value) AND length(value) <= 100000 END)
) STRICT, WITHOUT ROWID;

-- down
DROP TABLE app_config;
DROP TABLE audit_checkpoints;
DROP TABLE mcp_tool_executions;
DROP TABLE webrtc_connections;
