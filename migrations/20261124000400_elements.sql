-- up
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

CREATE INDEX elements_by_project ON elements (project_id, id);

-- Large, and apart from the row that lists read.
CREATE TABLE element_contents (
  element_id TEXT PRIMARY KEY REFERENCES elements (id) ON DELETE CASCADE,
  html BLOB NOT NULL, -- UTF-8; a BLOB keeps a NUL and is cut by bytes
  computed_styles TEXT NOT NULL CHECK (json_type(computed_styles) = 'object')
) STRICT;

CREATE TABLE screenshots (
  element_id TEXT PRIMARY KEY REFERENCES elements (id) ON DELETE CASCADE,
  mime_type TEXT NOT NULL CHECK (mime_type IN ('image/png', 'image/jpeg', 'image/webp')),
  width INTEGER NOT NULL CHECK (width > 0),
  height INTEGER NOT NULL CHECK (height > 0),
  bytes BLOB NOT NULL CHECK (length(bytes) > 0)
) STRICT;

CREATE TABLE element_comments (
  id TEXT PRIMARY KEY CHECK (length(id) = 36),
  element_id TEXT NOT NULL REFERENCES elements (id) ON DELETE CASCADE,
  author_id TEXT REFERENCES users (id) ON DELETE SET NULL,
  body TEXT NOT NULL CHECK (length(body) > 0),
  created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX element_comments_by_element ON element_comments (element_id, id);
CREATE INDEX element_comments_by_author ON element_comments (author_id) WHERE author_id IS NOT NULL;

-- The project's feed: one row for each revision, ids only, so that what is deleted leaves nothing here.
CREATE TABLE element_events (
  project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  revision INTEGER NOT NULL CHECK (revision > 0),
  kind TEXT NOT NULL CHECK (kind IN ('CAPTURED', 'UPDATED', 'STALE', 'DELETED')),
  element_id TEXT NOT NULL,
  PRIMARY KEY (project_id, revision)
) STRICT, WITHOUT ROWID;

-- down
DROP TABLE element_events;
DROP TABLE element_comments;
DROP TABLE screenshots;
DROP TABLE element_contents;
DROP TABLE elements;
