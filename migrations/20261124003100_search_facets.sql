-- up
-- Beside its project, an element has words for its tag, page and captor, so that a search with a filter reads what both leave and
-- no more. A mark that is no letter keeps them out of the beginnings that people search for. Beginnings of one letter and of four
-- have lists of their own now.
DROP TABLE element_search;
DROP VIEW element_search_texts;
DROP TRIGGER elements_search_before_update;
DROP TRIGGER elements_search_after_update;
DROP TRIGGER elements_search_insert;

-- The index must be told what it has of an element to forget it, also when the captor's account is gone by then: it has a number.
CREATE TABLE element_captors (
  number INTEGER PRIMARY KEY,
  user_id TEXT UNIQUE REFERENCES users (id) ON DELETE SET NULL
) STRICT;

INSERT INTO element_captors (user_id) SELECT DISTINCT captured_by FROM elements WHERE captured_by IS NOT NULL;
ALTER TABLE element_search_keys ADD COLUMN captor INTEGER;
UPDATE element_search_keys SET captor = (
  SELECT number FROM element_captors JOIN elements ON captured_by = user_id WHERE elements.id = element_id);

CREATE TRIGGER elements_search_insert AFTER INSERT ON elements
BEGIN
  INSERT INTO element_captors (user_id) SELECT new.captured_by
  WHERE new.captured_by IS NOT NULL AND NOT EXISTS (SELECT 1 FROM element_captors WHERE user_id = new.captured_by);
  INSERT INTO element_search_keys (element_id, captor)
  SELECT new.id, (SELECT number FROM element_captors WHERE user_id = new.captured_by);
  INSERT INTO element_search (rowid, project, text, note, comments, selector, component, title, url)
  SELECT * FROM element_search_texts WHERE id = (SELECT id FROM element_search_keys WHERE element_id = new.id);
END;

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

CREATE VIRTUAL TABLE element_search USING fts5 (
  project, text, note, comments, selector, component, title, url,
  content = 'element_search_texts', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2', prefix = '1 2 3 4'
);

INSERT INTO element_search (element_search, rank) VALUES ('secure-delete', 1);
INSERT INTO element_search (element_search) VALUES ('rebuild');

-- Every word that is in the index, in order.
CREATE VIRTUAL TABLE element_search_words USING fts5vocab (element_search, instance);

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

-- Of each 1,024 elements in the order of capturing, between which times and ids they lie: where a filter by time begins and ends.
-- Elements that were imported with an older time only make their own block wider.
CREATE TABLE element_blocks (
  block INTEGER PRIMARY KEY, -- a key's upper bits
  first_id TEXT NOT NULL,
  last_id TEXT NOT NULL,
  oldest INTEGER NOT NULL, -- created_at
  newest INTEGER NOT NULL
) STRICT;

INSERT INTO element_blocks (block, first_id, last_id, oldest, newest)
SELECT keys.id >> 10, min(elements.id), max(elements.id), min(elements.created_at), max(elements.created_at)
FROM element_search_keys AS keys JOIN elements ON elements.id = keys.element_id GROUP BY 1;

CREATE TRIGGER element_blocks_insert AFTER INSERT ON element_search_keys
BEGIN
  INSERT INTO element_blocks (block, first_id, last_id, oldest, newest)
  SELECT new.id >> 10, id, id, created_at, created_at FROM elements WHERE id = new.element_id
  ON CONFLICT (block) DO UPDATE SET first_id = min(first_id, excluded.first_id), last_id = max(last_id, excluded.last_id),
    oldest = min(oldest, excluded.oldest), newest = max(newest, excluded.newest);
END;

-- down
DROP TRIGGER element_blocks_insert;
DROP TABLE element_blocks;
DROP TRIGGER elements_search_after_update;
DROP TRIGGER elements_search_before_update;
DROP TABLE element_search_words;
DROP TABLE element_search;
DROP VIEW element_search_texts;
DROP TRIGGER elements_search_insert;

CREATE TRIGGER elements_search_insert AFTER INSERT ON elements
BEGIN
  INSERT INTO element_search_keys (element_id) VALUES (new.id);
  INSERT INTO element_search (rowid, project, text, note, comments, selector, component, title, url)
  SELECT * FROM element_search_texts WHERE id = (SELECT id FROM element_search_keys WHERE element_id = new.id);
END;

CREATE VIEW element_search_texts AS
SELECT
  keys.id AS id,
  replace(elements.project_id, '-', '') AS project,
  substr(elements.text, 1, 20000) AS text,
  elements.note AS note,
  (SELECT group_concat(body, char(10)) FROM (
    SELECT body FROM element_comments WHERE element_id = elements.id ORDER BY id)) AS comments,
  elements.selector AS selector,
  concat_ws(' ', json_extract(elements.component, '$.name'), json_extract(elements.component, '$.file')) AS component,
  elements.page_title AS title,
  elements.page_url AS url
FROM element_search_keys AS keys JOIN elements ON elements.id = keys.element_id;

CREATE VIRTUAL TABLE element_search USING fts5 (
  project, text, note, comments, selector, component, title, url,
  content = 'element_search_texts', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
);

INSERT INTO element_search (element_search, rank) VALUES ('secure-delete', 1);
INSERT INTO element_search (element_search) VALUES ('rebuild');

CREATE TRIGGER elements_search_before_update
BEFORE UPDATE OF project_id, text, note, selector, component, page_title, page_url ON elements
WHEN old.project_id IS NOT new.project_id OR old.text IS NOT new.text OR old.note IS NOT new.note
  OR old.selector IS NOT new.selector OR old.component IS NOT new.component
  OR old.page_title IS NOT new.page_title OR old.page_url IS NOT new.page_url
BEGIN
  INSERT INTO element_search (element_search, rowid, project, text, note, comments, selector, component, title, url)
  SELECT 'delete', * FROM element_search_texts WHERE id = (SELECT id FROM element_search_keys WHERE element_id = old.id);
END;

CREATE TRIGGER elements_search_after_update
AFTER UPDATE OF project_id, text, note, selector, component, page_title, page_url ON elements
WHEN old.project_id IS NOT new.project_id OR old.text IS NOT new.text OR old.note IS NOT new.note
  OR old.selector IS NOT new.selector OR old.component IS NOT new.component
  OR old.page_title IS NOT new.page_title OR old.page_url IS NOT new.page_url
BEGIN
  INSERT INTO element_search (rowid, project, text, note, comments, selector, component, title, url)
  SELECT * FROM element_search_texts WHERE id = (SELECT id FROM element_search_keys WHERE element_id = new.id);
END;

ALTER TABLE element_search_keys DROP COLUMN captor;
DROP TABLE element_captors;
