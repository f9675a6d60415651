CREATE INDEX access_tokens_by_project ON access_tokens (project_id) WHERE project_id IS NOT NULL;

CREATE INDEX access_tokens_by_user ON access_tokens (user_id, id);

CREATE INDEX element_comments_by_author ON element_comments (author_id) WHERE author_id IS NOT NULL;

CREATE INDEX element_comments_by_element ON element_comments (element_id, id);

CREATE INDEX elements_by_captor ON elements (project_id, captured_by, id) WHERE captured_by IS NOT NULL;

CREATE INDEX elements_by_page ON elements (project_id, page_id, id) WHERE page_id IS NOT NULL;

CREATE INDEX elements_by_page_url ON elements (project_id, page_url, id);

CREATE INDEX elements_by_project ON elements (project_id, id);

CREATE INDEX elements_by_status ON elements (project_id, status, id);

CREATE INDEX elements_by_tag_name ON elements (project_id, tag_name COLLATE NOCASE, id);

CREATE INDEX elements_by_time ON elements (project_id, created_at, id);

CREATE INDEX elements_stale ON elements (project_id, page_id) WHERE stale_since IS NOT NULL AND page_id IS NOT NULL;

CREATE INDEX mcp_tool_executions_by_actor ON mcp_tool_executions (actor_id, id) WHERE actor_id IS NOT NULL;

CREATE INDEX mcp_tool_executions_by_tool ON mcp_tool_executions (tool, id);

CREATE INDEX mcp_tool_executions_failed ON mcp_tool_executions (outcome, id) WHERE outcome <> 'ok';

CREATE INDEX pairings_by_approver ON pairings (approved_by) WHERE approved_by IS NOT NULL;

CREATE INDEX pairings_by_expiry ON pairings (expires_at);

CREATE INDEX pairings_by_project ON pairings (project_id) WHERE project_id IS NOT NULL;

CREATE INDEX project_members_by_project ON project_members (project_id, user_id);

CREATE INDEX security_events_by_actor ON security_events (actor_id, sequence) WHERE actor_id IS NOT NULL;

CREATE INDEX security_events_by_kind ON security_events (kind, sequence);

CREATE INDEX security_events_by_severity ON security_events (severity, sequence);

CREATE INDEX security_events_by_time ON security_events (occurred_at);

CREATE INDEX security_events_refused ON security_events (kind, occurred_at, ip_address, actor_id, severity) WHERE severity <> 'INFO';

CREATE INDEX users_by_role ON users (role, status, id);

CREATE INDEX webrtc_connections_by_end ON webrtc_connections (closed_at) WHERE closed_at IS NOT NULL;

CREATE INDEX webrtc_connections_by_initiator ON webrtc_connections (initiator_id) WHERE initiator_id IS NOT NULL;

CREATE INDEX webrtc_connections_by_project ON webrtc_connections (project_id, id);

CREATE INDEX webrtc_connections_open ON webrtc_connections (id) WHERE closed_at IS NULL;

CREATE TABLE access_token_addresses (
  token_id TEXT NOT NULL REFERENCES access_tokens (id) ON DELETE CASCADE,
  ip_address TEXT NOT NULL CHECK (length(ip_address) BETWEEN 2 AND 45 AND ip_address NOT GLOB '*[^0-9a-f:.]*'),
  first_used_at INTEGER NOT NULL CHECK (first_used_at BETWEEN 0 AND 8640000000000000),
  PRIMARY KEY (token_id, ip_address)
) STRICT, WITHOUT ROWID;

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
, CONSTRAINT access_tokens_id CHECK (id NOT GLOB '*[^0-9a-f-]*'), CONSTRAINT access_tokens_name CHECK (instr(name, char(0)) = 0), CONSTRAINT access_tokens_prefix CHECK (prefix GLOB 'fp_?*' AND length(prefix) <= 20), CONSTRAINT access_tokens_scopes CHECK (
  json_type(scopes) = 'array' AND json_array_length(scopes) BETWEEN 1 AND 5
  AND replace(replace(replace(replace(replace(replace(scopes, '"ELEMENTS_READ"', ''), '"ELEMENTS_WRITE"', ''), '"SIGNALS"', ''),
    '"LIVE_COMMANDS"', ''), '"AUDIT_READ"', ''), ',', '') = '[]'), CONSTRAINT access_tokens_times CHECK (
  created_at BETWEEN 0 AND 8640000000000000 AND coalesce(expires_at, 0) BETWEEN 0 AND 8640000000000000
  AND coalesce(last_used_at, 0) BETWEEN 0 AND 8640000000000000), CONSTRAINT access_tokens_id_shape CHECK (
  id GLOB '????????-????-????-????-????????????' AND length(replace(id, '-', '')) = 32)) STRICT;

CREATE TABLE app_config (
  key TEXT PRIMARY KEY CHECK (length(key) BETWEEN 1 AND 100 AND key NOT GLOB '*[^a-z_.]*'),
  value ANY NOT NULL, -- JSON; sealed where it is secret
  is_secret INTEGER NOT NULL CHECK (is_secret IN (0, 1)),
  updated_at INTEGER NOT NULL CHECK (updated_at BETWEEN 0 AND 8640000000000000),
  CHECK (CASE is_secret WHEN 1 THEN typeof(value) = 'blob' AND length(value) BETWEEN 30 AND 100000
    ELSE typeof(value) = 'text' AND json_valid(value) AND length(value) <= 100000 END)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_checkpoints (
  sequence INTEGER PRIMARY KEY CHECK (sequence >= 0), -- of the last event that it covers
  hash BLOB NOT NULL CHECK (length(hash) = 32), -- of that event
  signature BLOB NOT NULL CHECK (length(signature) = 32),
  made_at INTEGER NOT NULL CHECK (made_at BETWEEN 0 AND 8640000000000000)
) STRICT;

CREATE TABLE audit_keys (
  id TEXT PRIMARY KEY CHECK (length(id) = 36 AND id NOT GLOB '*[^0-9a-f-]*'),
  first_sequence INTEGER NOT NULL CHECK (first_sequence > 0),
  sealed_key BLOB NOT NULL CHECK (length(sealed_key) BETWEEN 60 AND 200)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_prunings (
  sequence INTEGER PRIMARY KEY CHECK (sequence > 0), -- of the last event that is gone
  hash BLOB NOT NULL CHECK (length(hash) = 32), -- of that event
  signature BLOB NOT NULL CHECK (length(signature) = 32),
  made_at INTEGER NOT NULL CHECK (made_at BETWEEN 0 AND 8640000000000000)
) STRICT;

CREATE TABLE demo_rows (
  kind TEXT NOT NULL CHECK (kind IN ('user', 'project')),
  row_id TEXT NOT NULL CHECK (length(row_id) = 36),
  PRIMARY KEY (kind, row_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE element_blocks (
  block INTEGER PRIMARY KEY, -- a key's upper bits
  first_id TEXT NOT NULL,
  last_id TEXT NOT NULL,
  oldest INTEGER NOT NULL, -- created_at
  newest INTEGER NOT NULL
) STRICT;

CREATE TABLE element_captors (
  number INTEGER PRIMARY KEY,
  user_id TEXT UNIQUE REFERENCES users (id) ON DELETE SET NULL
) STRICT;

CREATE TABLE element_comments (
  id TEXT PRIMARY KEY CHECK (length(id) = 36),
  element_id TEXT NOT NULL REFERENCES elements (id) ON DELETE CASCADE,
  author_id TEXT REFERENCES users (id) ON DELETE SET NULL,
  body TEXT NOT NULL CHECK (length(body) > 0),
  created_at INTEGER NOT NULL
, CONSTRAINT element_comments_id CHECK (id NOT GLOB '*[^0-9a-f-]*'), CONSTRAINT element_comments_body CHECK (length(body) <= 20000 AND instr(body, char(0)) = 0), CONSTRAINT element_comments_times CHECK (created_at BETWEEN 0 AND 8640000000000000), CONSTRAINT element_comments_id_shape CHECK (
  id GLOB '????????-????-????-????-????????????' AND length(replace(id, '-', '')) = 32)) STRICT;

CREATE TABLE element_contents (
  element_id TEXT PRIMARY KEY REFERENCES elements (id) ON DELETE CASCADE,
  html BLOB NOT NULL, -- UTF-8; a BLOB keeps a NUL and is cut by bytes
  computed_styles TEXT NOT NULL CHECK (json_type(computed_styles) = 'object')
, CONSTRAINT element_contents_html CHECK (length(html) <= 24000000), CONSTRAINT element_contents_json CHECK (json_valid(computed_styles))) STRICT;

CREATE TABLE element_events (
  project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  revision INTEGER NOT NULL CHECK (revision > 0),
  kind TEXT NOT NULL CHECK (kind IN ('CAPTURED', 'UPDATED', 'STALE', 'DELETED')),
  element_id TEXT NOT NULL,
  PRIMARY KEY (project_id, revision)
, CONSTRAINT element_events_element CHECK (length(element_id) = 36 AND element_id NOT GLOB '*[^0-9a-f-]*'), CONSTRAINT element_events_revision CHECK (revision <= 2147483647)) STRICT, WITHOUT ROWID;

CREATE VIRTUAL TABLE element_search USING fts5 (
  project, text, note, comments, selector, component, title, url,
  content = 'element_search_texts', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2', prefix = '1 2 3 4'
);

CREATE TABLE 'element_search_config'(k PRIMARY KEY, v) WITHOUT ROWID;

CREATE TABLE 'element_search_data'(id INTEGER PRIMARY KEY, block BLOB);

CREATE TABLE 'element_search_docsize'(id INTEGER PRIMARY KEY, sz BLOB);

CREATE TABLE 'element_search_idx'(segid, term, pgno, PRIMARY KEY(segid, term)) WITHOUT ROWID;

CREATE TABLE element_search_keys (
  id INTEGER PRIMARY KEY,
  element_id TEXT NOT NULL UNIQUE REFERENCES elements (id) ON DELETE CASCADE
, captor INTEGER) STRICT;

CREATE VIRTUAL TABLE element_search_words USING fts5vocab (element_search, instance);

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
, CONSTRAINT elements_ids CHECK (id NOT GLOB '*[^0-9a-f-]*' AND client_id NOT GLOB '*[^0-9a-f-]*'), CONSTRAINT elements_page_url CHECK (
  length(page_url) BETWEEN 1 AND 32768 AND instr(page_url, char(0)) = 0 AND instr(page_url, ':') > 1
  AND replace(replace(replace(lower(ltrim(page_url, char(1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32))),
    char(9), ''), char(10), ''), char(13), '') NOT GLOB 'javascript:*'
  AND replace(replace(replace(lower(ltrim(page_url, char(1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32))),
    char(9), ''), char(10), ''), char(13), '') NOT GLOB 'vbscript:*'), CONSTRAINT elements_texts CHECK (
  length(selector) BETWEEN 1 AND 20000 AND instr(selector, char(0)) = 0
  AND length(tag_name) BETWEEN 1 AND 200 AND instr(tag_name, char(0)) = 0
  AND (page_title IS NULL OR length(page_title) <= 10000 AND instr(page_title, char(0)) = 0)
  AND (page_id IS NULL OR length(page_id) BETWEEN 1 AND 200 AND instr(page_id, char(0)) = 0)
  AND (dom_id IS NULL OR length(dom_id) <= 10000 AND instr(dom_id, char(0)) = 0)
  AND (text IS NULL OR length(text) <= 1000000 AND instr(text, char(0)) = 0)
  AND (note IS NULL OR length(note) <= 20000 AND instr(note, char(0)) = 0)), CONSTRAINT elements_class_names CHECK (json_array_length(class_names) <= 2000), CONSTRAINT elements_html_byte_size CHECK (html_byte_size <= 24000000), CONSTRAINT elements_box CHECK (
  coalesce(json_type(box, '$.x') IN ('integer', 'real') AND json_type(box, '$.y') IN ('integer', 'real')
    AND json_type(box, '$.width') IN ('integer', 'real') AND json_type(box, '$.height') IN ('integer', 'real'), FALSE)
  AND json_extract(box, '$.width') >= 0 AND json_extract(box, '$.height') >= 0), CONSTRAINT elements_viewport CHECK (
  viewport IS NULL OR coalesce(json_type(viewport, '$.width') = 'integer' AND json_type(viewport, '$.height') = 'integer'
    AND json_type(viewport, '$.scrollX') IN ('integer', 'real') AND json_type(viewport, '$.scrollY') IN ('integer', 'real')
    AND json_type(viewport, '$.devicePixelRatio') IN ('integer', 'real'), FALSE)
  AND json_extract(viewport, '$.width') >= 0 AND json_extract(viewport, '$.height') >= 0
  AND json_extract(viewport, '$.devicePixelRatio') > 0), CONSTRAINT elements_accessibility CHECK (
  accessibility IS NULL OR coalesce(json_type(accessibility, '$.role'), 'null') IN ('null', 'text')
  AND coalesce(json_type(accessibility, '$.name'), 'null') IN ('null', 'text')
  AND coalesce(length(json_extract(accessibility, '$.role')), 0) <= 200
  AND coalesce(length(json_extract(accessibility, '$.name')), 0) <= 10000), CONSTRAINT elements_component CHECK (
  component IS NULL OR coalesce(json_type(component, '$.framework') = 'text' AND json_type(component, '$.name') = 'text', FALSE)
  AND length(json_extract(component, '$.framework')) BETWEEN 1 AND 100
  AND length(json_extract(component, '$.name')) BETWEEN 1 AND 1000
  AND coalesce(json_type(component, '$.file'), 'null') IN ('null', 'text')
  AND coalesce(length(json_extract(component, '$.file')), 0) <= 4096
  AND coalesce(json_type(component, '$.line'), 'null') IN ('null', 'integer')
  AND coalesce(json_type(component, '$.column'), 'null') IN ('null', 'integer')
  AND coalesce(json_extract(component, '$.line'), 0) >= 0 AND coalesce(json_extract(component, '$.column'), 0) >= 0), CONSTRAINT elements_times CHECK (
  created_at BETWEEN 0 AND 8640000000000000 AND updated_at BETWEEN 0 AND 8640000000000000
  AND coalesce(stale_since, 0) BETWEEN 0 AND 8640000000000000), CONSTRAINT elements_id_shapes CHECK (
  id GLOB '????????-????-????-????-????????????' AND length(replace(id, '-', '')) = 32
  AND length(replace(client_id, '-', '')) = 32 AND (
    client_id GLOB '????????-????-[1-8]???-[89ab]???-????????????'
    OR client_id IN ('00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'))), CONSTRAINT elements_revision CHECK (revision <= 2147483647), CONSTRAINT elements_json CHECK (
  json_valid(class_names) AND json_valid(attributes) AND json_valid(box) AND coalesce(json_valid(viewport), TRUE)
  AND coalesce(json_valid(accessibility), TRUE) AND coalesce(json_valid(component), TRUE)), CONSTRAINT elements_page_url_scheme CHECK (
  ltrim(page_url, char(1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32)) GLOB '[a-zA-Z]*'
  AND substr(page_url, 1, instr(page_url, ':') - 1) NOT GLOB '*[^' || char(1) || '- a-zA-Z0-9+.-]*'), CONSTRAINT elements_box_numbers CHECK (
  abs(json_extract(box, '$.x')) <= 1.7976931348623157e308 AND abs(json_extract(box, '$.y')) <= 1.7976931348623157e308
  AND json_extract(box, '$.width') <= 1.7976931348623157e308 AND json_extract(box, '$.height') <= 1.7976931348623157e308), CONSTRAINT elements_viewport_numbers CHECK (
  viewport IS NULL OR json_extract(viewport, '$.width') <= 2147483647 AND json_extract(viewport, '$.height') <= 2147483647
  AND abs(json_extract(viewport, '$.scrollX')) <= 1.7976931348623157e308
  AND abs(json_extract(viewport, '$.scrollY')) <= 1.7976931348623157e308
  AND json_extract(viewport, '$.devicePixelRatio') <= 1.7976931348623157e308), CONSTRAINT elements_accessibility_texts CHECK (
  instr(concat(json_extract(accessibility, '$.role'), json_extract(accessibility, '$.name')), char(0)) = 0), CONSTRAINT elements_component_values CHECK (
  coalesce(json_extract(component, '$.line'), 0) <= 2147483647 AND coalesce(json_extract(component, '$.column'), 0) <= 2147483647
  AND instr(concat(json_extract(component, '$.framework'), json_extract(component, '$.name'), json_extract(component, '$.file')), char(0)) = 0), CONSTRAINT elements_accessible_description CHECK (
  coalesce(json_type(accessibility, '$.description'), 'null') IN ('null', 'text')
  AND coalesce(length(json_extract(accessibility, '$.description')), 0) <= 10000
  AND coalesce(instr(json_extract(accessibility, '$.description'), char(0)), 0) = 0)) STRICT;

CREATE TABLE mcp_tool_executions (
  id TEXT PRIMARY KEY CHECK (length(id) = 36 AND id NOT GLOB '*[^0-9a-f-]*'),
  tool TEXT NOT NULL CHECK (length(tool) BETWEEN 1 AND 100),
  actor_id TEXT REFERENCES users (id) ON DELETE SET NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('ok', 'error', 'denied')),
  error_code TEXT CHECK (length(error_code) BETWEEN 1 AND 100),
  duration_ms REAL NOT NULL CHECK (duration_ms >= 0),
  result_bytes INTEGER NOT NULL CHECK (result_bytes >= 0),
  started_at INTEGER NOT NULL CHECK (started_at BETWEEN 0 AND 8640000000000000)
, argument_hash TEXT CHECK (
  length(argument_hash) = 64 AND argument_hash NOT GLOB '*[^0-9a-f]*') NOT NULL, CONSTRAINT mcp_tool_executions_id_shape CHECK (
  id GLOB '????????-????-????-????-????????????' AND length(replace(id, '-', '')) = 32), CONSTRAINT mcp_tool_executions_tool_shape CHECK (
  tool GLOB '[a-z]*' AND tool NOT GLOB '*[^a-z0-9_]*'), CONSTRAINT mcp_tool_executions_error CHECK (
  error_code IS NULL OR (outcome <> 'ok' AND error_code GLOB '[A-Z]*' AND error_code NOT GLOB '*[^A-Z_]*')), CONSTRAINT mcp_tool_executions_numbers CHECK (
  duration_ms <= 1.7976931348623157e308 AND result_bytes <= 2147483647)) STRICT;

CREATE TABLE migrations (
  version TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  applied_at INTEGER NOT NULL,
  duration_ms REAL NOT NULL
) STRICT;

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

CREATE TABLE project_members (
  project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  role TEXT NOT NULL CHECK (role IN ('OWNER', 'EDITOR', 'VIEWER')),
  created_at INTEGER NOT NULL,
  PRIMARY KEY (user_id, project_id)
, CONSTRAINT project_members_times CHECK (created_at BETWEEN 0 AND 8640000000000000)) STRICT, WITHOUT ROWID;

CREATE TABLE projects (
  id TEXT PRIMARY KEY CHECK (length(id) = 36),
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  revision INTEGER NOT NULL DEFAULT 0 CHECK (revision >= 0), -- the number of changes to its elements so far
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
, CONSTRAINT projects_id CHECK (id NOT GLOB '*[^0-9a-f-]*'), CONSTRAINT projects_name CHECK (instr(name, char(0)) = 0), CONSTRAINT projects_times CHECK (
  created_at BETWEEN 0 AND 8640000000000000 AND updated_at BETWEEN 0 AND 8640000000000000), CONSTRAINT projects_id_shape CHECK (
  id GLOB '????????-????-????-????-????????????' AND length(replace(id, '-', '')) = 32), CONSTRAINT projects_revision CHECK (revision <= 2147483647)) STRICT;

CREATE TABLE rate_limits (
  action TEXT PRIMARY KEY,
  max_count INTEGER NOT NULL CHECK (max_count > 0),
  window_seconds INTEGER NOT NULL CHECK (window_seconds BETWEEN 1 AND 86400),
  updated_at INTEGER NOT NULL
, CONSTRAINT rate_limits_action CHECK (action GLOB '[a-z]*' AND action NOT GLOB '*[^a-z_]*' AND length(action) <= 100), CONSTRAINT rate_limits_count CHECK (max_count <= 1000000000), CONSTRAINT rate_limits_time CHECK (updated_at BETWEEN 0 AND 8640000000000000)) STRICT, WITHOUT ROWID;

CREATE TABLE screenshots (
  element_id TEXT PRIMARY KEY REFERENCES elements (id) ON DELETE CASCADE,
  mime_type TEXT NOT NULL CHECK (mime_type IN ('image/png', 'image/jpeg', 'image/webp')),
  width INTEGER NOT NULL CHECK (width > 0),
  height INTEGER NOT NULL CHECK (height > 0),
  bytes BLOB NOT NULL CHECK (length(bytes) > 0)
, CONSTRAINT screenshots_size CHECK (width * height <= 40960000 AND length(bytes) <= 12582912)) STRICT;

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
, hash BLOB CHECK (hash IS NULL OR length(hash) = 32), CONSTRAINT security_events_kind CHECK (
  length(kind) BETWEEN 3 AND 100 AND kind GLOB '[a-z]*.[a-z]*' AND kind NOT GLOB '*[^a-z_.]*'), CONSTRAINT security_events_ids CHECK (
  id NOT GLOB '*[^0-9a-f-]*' AND (actor_id IS NULL OR length(actor_id) = 36) AND length(coalesce(subject_id, '')) <= 200), CONSTRAINT security_events_time CHECK (occurred_at BETWEEN 0 AND 8640000000000000), CONSTRAINT security_events_json CHECK (json_valid(details))) STRICT;

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
, CONSTRAINT users_id CHECK (id NOT GLOB '*[^0-9a-f-]*'), CONSTRAINT users_email CHECK (
  email GLOB '?*@?*' AND instr(email, ' ') + instr(email, char(9)) + instr(email, char(10)) + instr(email, char(13)) = 0 AND instr(email, char(0)) = 0), CONSTRAINT users_email_key CHECK (length(email_key) >= 3 AND instr(email_key, char(0)) = 0), CONSTRAINT users_name CHECK (instr(name, char(0)) = 0), CONSTRAINT users_password_hash CHECK (length(password_hash) = 60 AND password_hash GLOB '$2*'), CONSTRAINT users_times CHECK (
  created_at BETWEEN 0 AND 8640000000000000 AND updated_at BETWEEN 0 AND 8640000000000000
  AND coalesce(locked_until, 0) BETWEEN 0 AND 8640000000000000 AND coalesce(last_sign_in_at, 0) BETWEEN 0 AND 8640000000000000), CONSTRAINT users_id_shape CHECK (
  id GLOB '????????-????-????-????-????????????' AND length(replace(id, '-', '')) = 32), CONSTRAINT users_email_shape CHECK (
  length(email) - length(replace(email, '@', '')) = 1
  AND email NOT GLOB '*[' || char(9, 11, 12, 160, 5760, 8232, 8233, 8239, 8287, 12288, 65279) || char(8192) || '-' || char(8202) || ']*'), CONSTRAINT users_email_key_case CHECK (email_key = lower(email_key))) STRICT;

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
, CONSTRAINT webrtc_connections_id_shape CHECK (
  id GLOB '????????-????-????-????-????????????' AND length(replace(id, '-', '')) = 32), CONSTRAINT webrtc_connections_end CHECK (
  (state IN ('FAILED', 'CLOSED')) = (closed_at IS NOT NULL)), CONSTRAINT webrtc_connections_opening CHECK (
  opened_at IS NOT NULL OR state NOT IN ('CONNECTED', 'DISCONNECTED')), CONSTRAINT webrtc_connections_numbers CHECK (
  bytes_received <= 9007199254740991 AND bytes_sent <= 9007199254740991
  AND coalesce(round_trip_ms, 0) <= 1.7976931348623157e308)) STRICT;

CREATE TRIGGER app_config_updated AFTER UPDATE OF value, is_secret ON app_config
WHEN new.updated_at IS old.updated_at
BEGIN
  UPDATE app_config SET updated_at = CAST(unixepoch('subsec') * 1000 AS INTEGER) WHERE key = new.key;
END;

CREATE TRIGGER audit_checkpoints_keep_delete BEFORE DELETE ON audit_checkpoints
BEGIN
  SELECT RAISE(ABORT, 'audit checkpoints are append-only');
END;

CREATE TRIGGER audit_checkpoints_keep_update BEFORE UPDATE ON audit_checkpoints
BEGIN
  SELECT RAISE(ABORT, 'audit checkpoints are append-only');
END;

CREATE TRIGGER audit_keys_keep_delete BEFORE DELETE ON audit_keys
BEGIN
  SELECT RAISE(ABORT, 'audit keys are append-only');
END;

CREATE TRIGGER audit_keys_keep_update BEFORE UPDATE OF id, first_sequence ON audit_keys
BEGIN
  SELECT RAISE(ABORT, 'audit keys are append-only');
END;

CREATE TRIGGER audit_prunings_keep_delete BEFORE DELETE ON audit_prunings
BEGIN
  SELECT RAISE(ABORT, 'audit prunings are append-only');
END;

CREATE TRIGGER audit_prunings_keep_update BEFORE UPDATE ON audit_prunings
BEGIN
  SELECT RAISE(ABORT, 'audit prunings are append-only');
END;

CREATE TRIGGER element_blocks_insert AFTER INSERT ON element_search_keys
BEGIN
  INSERT INTO element_blocks (block, first_id, last_id, oldest, newest)
  SELECT new.id >> 10, id, id, created_at, created_at FROM elements WHERE id = new.element_id
  ON CONFLICT (block) DO UPDATE SET first_id = min(first_id, excluded.first_id), last_id = max(last_id, excluded.last_id),
    oldest = min(oldest, excluded.oldest), newest = max(newest, excluded.newest);
END;

CREATE TRIGGER element_comments_search_after_delete AFTER DELETE ON element_comments
BEGIN
  INSERT INTO element_search (rowid, project, text, note, comments, selector, component, title, url)
  SELECT * FROM element_search_texts WHERE id = (SELECT id FROM element_search_keys WHERE element_id = old.element_id);
END;

CREATE TRIGGER element_comments_search_after_insert AFTER INSERT ON element_comments
BEGIN
  INSERT INTO element_search (rowid, project, text, note, comments, selector, component, title, url)
  SELECT * FROM element_search_texts WHERE id = (SELECT id FROM element_search_keys WHERE element_id = new.element_id);
END;

CREATE TRIGGER element_comments_search_after_update AFTER UPDATE OF body, element_id ON element_comments
BEGIN
  INSERT INTO element_search (rowid, project, text, note, comments, selector, component, title, url)
  SELECT * FROM element_search_texts
  WHERE id IN (SELECT id FROM element_search_keys WHERE element_id IN (old.element_id, new.element_id));
END;

CREATE TRIGGER element_comments_search_before_delete BEFORE DELETE ON element_comments
BEGIN
  INSERT INTO element_search (element_search, rowid, project, text, note, comments, selector, component, title, url)
  SELECT 'delete', * FROM element_search_texts WHERE id = (SELECT id FROM element_search_keys WHERE element_id = old.element_id);
END;

CREATE TRIGGER element_comments_search_before_insert BEFORE INSERT ON element_comments
BEGIN
  INSERT INTO element_search (element_search, rowid, project, text, note, comments, selector, component, title, url)
  SELECT 'delete', * FROM element_search_texts WHERE id = (SELECT id FROM element_search_keys WHERE element_id = new.element_id);
END;

CREATE TRIGGER element_comments_search_before_update BEFORE UPDATE OF body, element_id ON element_comments
BEGIN
  INSERT INTO element_search (element_search, rowid, project, text, note, comments, selector, component, title, url)
  SELECT 'delete', * FROM element_search_texts
  WHERE id IN (SELECT id FROM element_search_keys WHERE element_id IN (old.element_id, new.element_id));
END;

CREATE TRIGGER elements_class_names_insert BEFORE INSERT ON elements
WHEN new.class_names <> '[]'
BEGIN
  SELECT RAISE(ABORT, 'CHECK constraint failed: elements_class_names') FROM json_each(new.class_names)
  WHERE type <> 'text' OR length(value) > 10000 OR instr(value, char(0)) > 0;
END;

CREATE TRIGGER elements_class_names_update BEFORE UPDATE OF class_names ON elements
WHEN new.class_names <> '[]'
BEGIN
  SELECT RAISE(ABORT, 'CHECK constraint failed: elements_class_names') FROM json_each(new.class_names)
  WHERE type <> 'text' OR length(value) > 10000 OR instr(value, char(0)) > 0;
END;

CREATE TRIGGER elements_search_after_update
AFTER UPDATE OF project_id, text, note, selector, component, page_title, page_url, tag_name, page_id ON elements
WHEN old.project_id IS NOT new.project_id OR old.text IS NOT new.text OR old.note IS NOT new.note
  OR old.selector IS NOT new.selector OR old.component IS NOT new.component
  OR old.page_title IS NOT new.page_title OR old.page_url IS NOT new.page_url
  OR old.tag_name IS NOT new.tag_name OR old.page_id IS NOT new.page_id
BEGIN
  INSERT INTO element_search (rowid, project, text, note, comments, selector, component, title, url)
  SELECT * FROM element_search_texts WHERE id = (SELECT id FROM element_search_keys WHERE element_id = new.id);
END;

CREATE TRIGGER elements_search_before_update
BEFORE UPDATE OF project_id, text, note, selector, component, page_title, page_url, tag_name, page_id ON elements
WHEN old.project_id IS NOT new.project_id OR old.text IS NOT new.text OR old.note IS NOT new.note
  OR old.selector IS NOT new.selector OR old.component IS NOT new.component
  OR old.page_title IS NOT new.page_title OR old.page_url IS NOT new.page_url
  OR old.tag_name IS NOT new.tag_name OR old.page_id IS NOT new.page_id
BEGIN
  INSERT INTO element_search (element_search, rowid, project, text, note, comments, selector, component, title, url)
  SELECT 'delete', * FROM element_search_texts WHERE id = (SELECT id FROM element_search_keys WHERE element_id = old.id);
END;

CREATE TRIGGER elements_search_delete BEFORE DELETE ON elements
BEGIN
  INSERT INTO element_search (element_search, rowid, project, text, note, comments, selector, component, title, url)
  SELECT 'delete', * FROM element_search_texts WHERE id = (SELECT id FROM element_search_keys WHERE element_id = old.id);
  DELETE FROM element_search_keys WHERE element_id = old.id;
END;

CREATE TRIGGER elements_search_insert AFTER INSERT ON elements
BEGIN
  INSERT INTO element_captors (user_id) SELECT new.captured_by
  WHERE new.captured_by IS NOT NULL AND NOT EXISTS (SELECT 1 FROM element_captors WHERE user_id = new.captured_by);
  INSERT INTO element_search_keys (element_id, captor)
  SELECT new.id, (SELECT number FROM element_captors WHERE user_id = new.captured_by);
  INSERT INTO element_search (rowid, project, text, note, comments, selector, component, title, url)
  SELECT * FROM element_search_texts WHERE id = (SELECT id FROM element_search_keys WHERE element_id = new.id);
END;

CREATE TRIGGER elements_updated AFTER UPDATE OF note, status ON elements
WHEN new.updated_at IS old.updated_at AND new.revision IS old.revision
BEGIN
  UPDATE elements SET updated_at = CAST(unixepoch('subsec') * 1000 AS INTEGER) WHERE id = new.id;
END;

CREATE TRIGGER projects_updated AFTER UPDATE OF name ON projects
WHEN new.updated_at IS old.updated_at
BEGIN
  UPDATE projects SET updated_at = CAST(unixepoch('subsec') * 1000 AS INTEGER) WHERE id = new.id;
END;

CREATE TRIGGER rate_limits_updated AFTER UPDATE OF max_count, window_seconds ON rate_limits
WHEN new.updated_at IS old.updated_at
BEGIN
  UPDATE rate_limits SET updated_at = CAST(unixepoch('subsec') * 1000 AS INTEGER) WHERE action = new.action;
END;

CREATE TRIGGER security_events_chained BEFORE INSERT ON security_events
WHEN new.hash IS NULL
BEGIN
  SELECT RAISE(ABORT, 'security events are chained: a hash is missing');
END;

CREATE TRIGGER security_events_keep_delete BEFORE DELETE ON security_events
WHEN NOT EXISTS (SELECT 1 FROM audit_prunings WHERE sequence >= old.sequence)
BEGIN
  SELECT RAISE(ABORT, 'security events are append-only');
END;

CREATE TRIGGER security_events_keep_update BEFORE UPDATE ON security_events
WHEN NOT (old.hash IS NULL AND new.hash IS NOT NULL AND
  (new.sequence, new.id, new.kind, new.severity, new.actor_kind, new.actor_id, new.subject_id, new.ip_address, new.user_agent,
    new.details, new.occurred_at) IS
  (old.sequence, old.id, old.kind, old.severity, old.actor_kind, old.actor_id, old.subject_id, old.ip_address, old.user_agent,
    old.details, old.occurred_at))
BEGIN
  SELECT RAISE(ABORT, 'security events are append-only');
END;

CREATE TRIGGER users_updated AFTER UPDATE OF email, email_key, name, role, status, password_hash ON users
WHEN new.updated_at IS old.updated_at
BEGIN
  UPDATE users SET updated_at = CAST(unixepoch('subsec') * 1000 AS INTEGER) WHERE id = new.id;
END;

CREATE VIEW active_users AS
SELECT id, email, name, role, last_sign_in_at, created_at FROM users WHERE status = 'ACTIVE';

CREATE VIEW element_search_texts AS
SELECT
  keys.id AS id,
  concat_ws(' ', replace(elements.project_id, '-', ''), char(57344) || 't' || hex(lower(elements.tag_name)),
    iif(elements.page_id IS NULL, NULL, char(57344) || 'p' || hex(elements.page_id)),
    char(57344) || 'c' || keys.captor) AS project,
  substr(elements.text, 1, 20000) AS text,
  elements.note AS note,
  (SELECT group_concat(body, char(10)) FROM (
    SELECT body FROM element_comments WHERE element_id = elements.id ORDER BY id)) AS comments,
  elements.selector AS selector,
  concat_ws(' ', json_extract(elements.component, '$.name'), json_extract(elements.component, '$.file')) AS component,
  elements.page_title AS title,
  elements.page_url AS url
FROM element_search_keys AS keys JOIN elements ON elements.id = keys.element_id;

CREATE VIEW open_elements AS
SELECT projects.id AS project_id, projects.name AS project_name, count(elements.id) AS open_count,
  min(elements.created_at) AS oldest_created_at, max(elements.updated_at) AS latest_updated_at
FROM projects LEFT JOIN elements ON elements.project_id = projects.id AND elements.status = 'OPEN'
GROUP BY projects.id;

CREATE VIEW recent_security_events AS
SELECT sequence, kind, severity, actor_kind, actor_id, subject_id, ip_address, details, occurred_at
FROM security_events ORDER BY sequence DESC LIMIT 1000;
