-- up
-- What `db:seed --demo` made, so that `db:seed --clear` removes that and nothing else.
CREATE TABLE demo_rows (
  kind TEXT NOT NULL CHECK (kind IN ('user', 'project')),
  row_id TEXT NOT NULL CHECK (length(row_id) = 36),
  PRIMARY KEY (kind, row_id)
) STRICT, WITHOUT ROWID;

-- down
DROP TABLE demo_rows;
