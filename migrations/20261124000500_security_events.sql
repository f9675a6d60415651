-- up
CREATE TABLE security_events (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE CHECK (length(id) = 36),
  kind TEXT NOT NULL,
  severity TEXT NOT NULL CHECK (severity IN ('INFO', 'WARNING', 'CRITICAL')),
  actor_kind TEXT NOT NULL CHECK (actor_kind IN ('guest', 'user', 'token', 'system')),
  actor_id TEXT, -- a user's id, kept when the account is deleted
  subject_id TEXT,
  ip_address TEXT,
  user_agent TEXT,
  details TEXT NOT NULL CHECK (json_type(details) = 'object'),
  occurred_at INTEGER NOT NULL
) STRICT;

CREATE TRIGGER security_events_keep_update BEFORE UPDATE ON security_events
BEGIN
  SELECT RAISE(ABORT, 'security events are append-only');
END;

CREATE TRIGGER security_events_keep_delete BEFORE DELETE ON security_events
BEGIN
  SELECT RAISE(ABORT, 'security events are append-only');
END;

-- down
DROP TABLE security_events;
