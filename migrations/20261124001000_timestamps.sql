-- up
-- Who changes a row and forgets to say when gets the present: the server always says it.
CREATE TRIGGER users_updated AFTER UPDATE OF email, email_key, name, role, status, password_hash ON users
WHEN new.updated_at IS old.updated_at
BEGIN
  UPDATE users SET updated_at = CAST(unixepoch('subsec') * 1000 AS INTEGER) WHERE id = new.id;
END;

CREATE TRIGGER projects_updated AFTER UPDATE OF name ON projects
WHEN new.updated_at IS old.updated_at
BEGIN
  UPDATE projects SET updated_at = CAST(unixepoch('subsec') * 1000 AS INTEGER) WHERE id = new.id;
END;

CREATE TRIGGER elements_updated AFTER UPDATE OF note, status ON elements
WHEN new.updated_at IS old.updated_at AND new.revision IS old.revision
BEGIN
  UPDATE elements SET updated_at = CAST(unixepoch('subsec') * 1000 AS INTEGER) WHERE id = new.id;
END;

CREATE TRIGGER rate_limits_updated AFTER UPDATE OF max_count, window_seconds ON rate_limits
WHEN new.updated_at IS old.updated_at
BEGIN
  UPDATE rate_limits SET updated_at = CAST(unixepoch('subsec') * 1000 AS INTEGER) WHERE action = new.action;
END;

CREATE TRIGGER app_config_updated AFTER UPDATE OF value, is_secret ON app_config
WHEN new.updated_at IS old.updated_at
BEGIN
  UPDATE app_config SET updated_at = CAST(unixepoch('subsec') * 1000 AS INTEGER) WHERE key = new.key;
END;

-- down
DROP TRIGGER app_config_updated;
DROP TRIGGER rate_limits_updated;
DROP TRIGGER elements_updated;
DROP TRIGGER projects_updated;
DROP TRIGGER users_updated;
