-- up
CREATE TABLE rate_limits (
  action TEXT PRIMARY KEY,
  max_count INTEGER NOT NULL CHECK (max_count > 0),
  window_seconds INTEGER NOT NULL CHECK (window_seconds BETWEEN 1 AND 86400),
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO rate_limits (action, max_count, window_seconds, updated_at) VALUES
  ('sign_in', 20, 60, 0),
  ('graphql', 1200, 60, 0),
  ('capture_element', 240, 60, 0),
  ('send_signal', 3000, 60, 0),
  ('mcp', 600, 60, 0),
  ('socket', 120, 60, 0);

-- down
DROP TABLE rate_limits;
