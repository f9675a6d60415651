-- up
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

-- down
DROP TABLE users;
