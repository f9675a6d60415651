-- up
-- Clients that ask to be approved by a person: RFC 8628. A row is deleted when its token is handed out, and else soon after it expired.
CREATE TABLE pairings (
  id TEXT PRIMARY KEY CHECK (
    id GLOB '????????-????-????-????-????????????' AND length(replace(id, '-', '')) = 32),
  device_code_hash BLOB NOT NULL UNIQUE CHECK (length(device_code_hash) = 32), -- SHA-256; the code itself is nowhere
  user_code TEXT NOT NULL UNIQUE CHECK (length(user_code) = 8 AND user_code NOT GLOB '*[^BCDFGHJKLMNPQRSTVWXZ]*'),
  client_name TEXT NOT NULL CHECK (length(client_name) BETWEEN 1 AND 100 AND instr(client_name, char(0)) = 0),
  scopes TEXT NOT NULL CHECK (
    json_type(scopes) = 'array' AND json_array_length(scopes) BETWEEN 1 AND 5
    AND replace(replace(replace(replace(replace(replace(scopes, '"ELEMENTS_READ"', ''), '"ELEMENTS_WRITE"', ''), '"SIGNALS"', ''),
      '"LIVE_COMMANDS"', ''), '"AUDIT_READ"', ''), ',', '') = '[]'),
  ip_address TEXT CHECK (length(ip_address) <= 100),
  user_agent TEXT CHECK (length(user_agent) <= 500),
  state TEXT NOT NULL DEFAULT 'PENDING' CHECK (state IN ('PENDING', 'APPROVED', 'DENIED')),
  approved_by TEXT REFERENCES users (id) ON DELETE CASCADE,
  session_id TEXT CHECK (length(session_id) = 36),
  project_id TEXT REFERENCES projects (id) ON DELETE CASCADE, -- set: the token will be good for this project alone
  token_expires_at INTEGER CHECK (token_expires_at BETWEEN 0 AND 8640000000000000),
  created_at INTEGER NOT NULL CHECK (created_at BETWEEN 0 AND 8640000000000000),
  expires_at INTEGER NOT NULL CHECK (expires_at BETWEEN created_at AND 8640000000000000),
  CHECK ((state = 'APPROVED') = (approved_by IS NOT NULL)),
  CHECK ((state = 'APPROVED') = (session_id IS NOT NULL))
) STRICT;

CREATE INDEX pairings_by_expiry ON pairings (expires_at);
CREATE INDEX pairings_by_approver ON pairings (approved_by) WHERE approved_by IS NOT NULL;
CREATE INDEX pairings_by_project ON pairings (project_id) WHERE project_id IS NOT NULL;

INSERT INTO rate_limits (action, max_count, window_seconds, updated_at) VALUES
  ('start_pairing', 20, 60, 0),
  ('pairing_code', 20, 60, 0);

-- down
DELETE FROM rate_limits WHERE action IN ('start_pairing', 'pairing_code');
DROP TABLE pairings;
