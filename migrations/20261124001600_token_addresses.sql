-- up
-- From where each access token was used, so that a new place shows.
CREATE TABLE access_token_addresses (
  token_id TEXT NOT NULL REFERENCES access_tokens (id) ON DELETE CASCADE,
  ip_address TEXT NOT NULL CHECK (length(ip_address) BETWEEN 2 AND 45 AND ip_address NOT GLOB '*[^0-9a-f:.]*'),
  first_used_at INTEGER NOT NULL CHECK (first_used_at BETWEEN 0 AND 8640000000000000),
  PRIMARY KEY (token_id, ip_address)
) STRICT, WITHOUT ROWID;

-- down
DROP TABLE access_token_addresses;
