CREATE INDEX access_tokens_by_project ON access_tokens (project_id) WHERE project_id IS NOT NULL;

CREATE INDEX access_tokens_by_user ON access_tokens (user_id, id);

CREATE INDEX element_comments_by_author ON element_comments (author_id) WHERE author_id IS NOT NULL;

CREATE INDEX element_comments_by_element ON element_comments (element_id, id);

CREATE INDEX elements_by_project ON elements (project_id, id);

CREATE INDEX project_members_by_project ON project_members (project_id, user_id);

CREATE TABLE access_tokens (
  id TEXT PRIMARY KEY CHECK (length(id) = 36),
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  token_hash BLOB NOT NULL UNIQUE CHECK (length(token_hash) = 32), -- SHA-256; the token itself is nowhere
  prefix TEXT NOT NULL,
  scopes TEXT NOT NULL CHECK (json_valid(scopes)),
  project_id TEXT REFERENCES projects (id) ON DELETE CASCADE, -- set: good for this project alone
  expires_at INTEGER,
  last_used_at INTEGER,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE element_comments (
  id TEXT PRIMARY KEY CHECK (length(id) = 36),
  element_id TEXT NOT NULL REFERENCES elements (id) ON DELETE CASCADE,
  author_id TEXT REFERENCES users (id) ON DELETE SET NULL,
  body TEXT NOT NULL CHECK (length(body) > 0),
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE element_contents (
  element_id TEXT PRIMARY KEY REFERENCES elements (id) ON DELETE CASCADE,
  html BLOB NOT NULL, -- UTF-8; a BLOB keeps a NUL and is cut by bytes
  computed_styles TEXT NOT NULL CHECK (json_type(computed_styles) = 'object')
) STRICT;

CREATE TABLE element_events (
  project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  revision INTEGER NOT NULL CHECK (revision > 0),
  kind TEXT NOT NULL CHECK (kind IN ('CAPTURED', 'UPDATED', 'STALE', 'DELETED')),
  element_id TEXT NOT NULL,
  PRIMARY KEY (project_id, revision)
) STRICT, WITHOUT ROWID;

CREATE TABLE elements (
  id TEXT PRIMARY KEY CHECK (length(id) = 36),
  project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  captured_by TEXT REFERENCES users (id) ON DELETE SET NULL,
  client_id TEXT NOT NULL CHECK (length(client_id) = 36), -- the client's own UUID: a retry finds the element by it
  revision INTEGER NOT NULL CHECK (revision > 0), -- the project's at the last change
  page_url TEXT NOT NULL,
  page_title TEXT,
  page_id TEXT,
  selector TEXT NOT NULL,
  tag_name TEXT NOT NULL,
  dom_id TEXT,
  class_names TEXT NOT NULL CHECK (json_type(class_names) = 'array'),
  attributes TEXT NOT NULL CHECK (json_type(attributes) = 'object'),
  text TEXT,
  html_byte_size INTEGER NOT NULL CHECK (html_byte_size >= 0),
  box TEXT NOT NULL CHECK (json_type(box) = 'object'),
  viewport TEXT CHECK (json_type(viewport) = 'object'),
  accessibility TEXT CHECK (json_type(accessibility) = 'object'),
  component TEXT CHECK (json_type(component) = 'object'),
  note TEXT,
  status TEXT NOT NULL DEFAULT 'OPEN' CHECK (status IN ('OPEN', 'ACKNOWLEDGED', 'RESOLVED', 'DISMISSED')),
  stale_since INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (captured_by, client_id)
) STRICT;

CREATE TABLE migrations (
  version TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  applied_at INTEGER NOT NULL,
  duration_ms REAL NOT NULL
) STRICT;

CREATE TABLE project_members (
  project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  role TEXT NOT NULL CHECK (role IN ('OWNER', 'EDITOR', 'VIEWER')),
  created_at INTEGER NOT NULL,
  PRIMARY KEY (user_id, project_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE projects (
  id TEXT PRIMARY KEY CHECK (length(id) = 36),
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  revision INTEGER NOT NULL DEFAULT 0 CHECK (revision >= 0), -- the number of changes to its elements so far
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE rate_limits (
  action TEXT PRIMARY KEY,
  max_count INTEGER NOT NULL CHECK (max_count > 0),
  window_seconds INTEGER NOT NULL CHECK (window_seconds BETWEEN 1 AND 86400),
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE screenshots (
  element_id TEXT PRIMARY KEY REFERENCES elements (id) ON DELETE CASCADE,
  mime_type TEXT NOT NULL CHECK (mime_type IN ('image/png', 'image/jpeg', 'image/webp')),
  width INTEGER NOT NULL CHECK (width > 0),
  height INTEGER NOT NULL CHECK (height > 0),
  bytes BLOB NOT NULL CHECK (length(bytes) > 0)
) STRICT;

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

CREATE TABLE users (
  id TEXT PRIMARY KEY CHECK (length(id) = 36),
  email TEXT NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
  email_key TEXT NOT NULL UNIQUE, -- the e-mail in NFKC lower case: what sign-in compares
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  role TEXT NOT NULL CHECK (role IN ('ADMIN', 'DEVELOPER', 'VIEWER')),
  status TEXT NOT NULL DEFAULT 'ACTIVE' CHECK (status IN ('ACTIVE', 'DISABLED')),
  password_hash TEXT NOT NULL,
  locked_until INTEGER,
  last_sign_in_at INTEGER,
  created_at INTEGER NOT NULL, -- every time: milliseconds since the Unix epoch
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TRIGGER security_events_keep_delete BEFORE DELETE ON security_events
BEGIN
  SELECT RAISE(ABORT, 'security events are append-only');
END;

CREATE TRIGGER security_events_keep_update BEFORE UPDATE ON security_events
BEGIN
  SELECT RAISE(ABORT, 'security events are append-only');
END;
