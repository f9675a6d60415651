-- up
-- HMAC-SHA-256 over the event's canonical JSON and the hash before it. NULL only where the server has not chained an older row yet.
ALTER TABLE security_events ADD COLUMN hash BLOB CHECK (hash IS NULL OR length(hash) = 32);

CREATE TRIGGER security_events_chained BEFORE INSERT ON security_events
WHEN new.hash IS NULL
BEGIN
  SELECT RAISE(ABORT, 'security events are chained: a hash is missing');
END;

DROP TRIGGER security_events_keep_update;
CREATE TRIGGER security_events_keep_update BEFORE UPDATE ON security_events
WHEN NOT (old.hash IS NULL AND new.hash IS NOT NULL AND
  (new.sequence, new.id, new.kind, new.severity, new.actor_kind, new.actor_id, new.subject_id, new.ip_address, new.user_agent,
    new.details, new.occurred_at) IS
  (old.sequence, old.id, old.kind, old.severity, old.actor_kind, old.actor_id, old.subject_id, old.ip_address, old.user_agent,
    old.details, old.occurred_at))
BEGIN
  SELECT RAISE(ABORT, 'security events are append-only');
END;

-- What was deleted by age, each with the hash of the last event that is gone, from which the chain goes on.
CREATE TABLE audit_prunings (
  sequence INTEGER PRIMARY KEY CHECK (sequence > 0), -- of the last event that is gone
  hash BLOB NOT NULL CHECK (length(hash) = 32), -- of that event
  signature BLOB NOT NULL CHECK (length(signature) = 32),
  made_at INTEGER NOT NULL CHECK (made_at BETWEEN 0 AND 8640000000000000)
) STRICT;

CREATE TRIGGER audit_prunings_keep_update BEFORE UPDATE ON audit_prunings
BEGIN
  SELECT RAISE(ABORT, 'audit prunings are append-only');
END;

CREATE TRIGGER audit_prunings_keep_delete BEFORE DELETE ON audit_prunings
BEGIN
  SELECT RAISE(ABORT, 'audit prunings are append-only');
END;

DROP TRIGGER security_events_keep_delete;
CREATE TRIGGER security_events_keep_delete BEFORE DELETE ON security_events
WHEN NOT EXISTS (SELECT 1 FROM audit_prunings WHERE sequence >= old.sequence)
BEGIN
  SELECT RAISE(ABORT, 'security events are append-only');
END;

-- The keys of the chain, sealed under the secret key: each from its first event on.
CREATE TABLE audit_keys (
  id TEXT PRIMARY KEY CHECK (length(id) = 36 AND id NOT GLOB '*[^0-9a-f-]*'),
  first_sequence INTEGER NOT NULL CHECK (first_sequence > 0),
  sealed_key BLOB NOT NULL CHECK (length(sealed_key) BETWEEN 60 AND 200)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER audit_keys_keep_update BEFORE UPDATE OF id, first_sequence ON audit_keys
BEGIN
  SELECT RAISE(ABORT, 'audit keys are append-only');
END;

CREATE TRIGGER audit_keys_keep_delete BEFORE DELETE ON audit_keys
BEGIN
  SELECT RAISE(ABORT, 'audit keys are append-only');
END;

CREATE INDEX security_events_by_kind ON security_events (kind, sequence);
CREATE INDEX security_events_by_severity ON security_events (severity, sequence);
CREATE INDEX security_events_by_actor ON security_events (actor_id, sequence) WHERE actor_id IS NOT NULL;
CREATE INDEX security_events_by_time ON security_events (occurred_at);

-- down
DROP INDEX security_events_by_time;
DROP INDEX security_events_by_actor;
DROP INDEX security_events_by_severity;
DROP INDEX security_events_by_kind;
DROP TABLE audit_keys;
DROP TRIGGER security_events_keep_delete;
DROP TABLE audit_prunings;
CREATE TRIGGER security_events_keep_delete BEFORE DELETE ON security_events
BEGIN
  SELECT RAISE(ABORT, 'security events are append-only');
END;
DROP TRIGGER security_events_keep_update;
CREATE TRIGGER security_events_keep_update BEFORE UPDATE ON security_events
BEGIN
  SELECT RAISE(ABORT, 'security events are append-only');
END;
DROP TRIGGER security_events_chained;
ALTER TABLE security_events DROP COLUMN hash;
