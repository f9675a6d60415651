-- up
-- The full-text index wants an integer that never changes, and an implicit rowid may.
CREATE TABLE element_search_keys (
  id INTEGER PRIMARY KEY,
  element_id TEXT NOT NULL UNIQUE REFERENCES elements (id) ON DELETE CASCADE
) STRICT;

INSERT INTO element_search_keys (element_id) SELECT id FROM elements ORDER BY id;

-- What is found of an element; the project is a word too, so that a search reads its own project's matches alone.
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

-- What is deleted is gone from the index at once, and not only marked. https://sqlite.org/fts5.html#the_secure_delete_configuration_option
INSERT INTO element_search (element_search, rank) VALUES ('secure-delete', 1);
INSERT INTO element_search (element_search) VALUES ('rebuild');

CREATE TRIGGER elements_search_insert AFTER INSERT ON elements
BEGIN
  INSERT INTO element_search_keys (element_id) VALUES (new.id);
  INSERT INTO element_search (rowid, project, text, note, comments, selector, component, title, url)
  SELECT * FROM element_search_texts WHERE id = (SELECT id FROM element_search_keys WHERE element_id = new.id);
END;

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

-- The key goes too, so that what the deletion takes along finds nothing left to change.
CREATE TRIGGER elements_search_delete BEFORE DELETE ON elements
BEGIN
  INSERT INTO element_search (element_search, rowid, project, text, note, comments, selector, component, title, url)
  SELECT 'delete', * FROM element_search_texts WHERE id = (SELECT id FROM element_search_keys WHERE element_id = old.id);
  DELETE FROM element_search_keys WHERE element_id = old.id;
END;

CREATE TRIGGER element_comments_search_before_insert BEFORE INSERT ON element_comments
BEGIN
  INSERT INTO element_search (element_search, rowid, project, text, note, comments, selector, component, title, url)
  SELECT 'delete', * FROM element_search_texts WHERE id = (SELECT id FROM element_search_keys WHERE element_id = new.element_id);
END;

CREATE TRIGGER element_comments_search_after_insert AFTER INSERT ON element_comments
BEGIN
  INSERT INTO element_search (rowid, project, text, note, comments, selector, component, title, url)
  SELECT * FROM element_search_texts WHERE id = (SELECT id FROM element_search_keys WHERE element_id = new.element_id);
END;

CREATE TRIGGER element_comments_search_before_update BEFORE UPDATE OF body, element_id ON element_comments
BEGIN
  INSERT INTO element_search (element_search, rowid, project, text, note, comments, selector, component, title, url)
  SELECT 'delete', * FROM element_search_texts
  WHERE id IN (SELECT id FROM element_search_keys WHERE element_id IN (old.element_id, new.element_id));
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

CREATE TRIGGER element_comments_search_after_delete AFTER DELETE ON element_comments
BEGIN
  INSERT INTO element_search (rowid, project, text, note, comments, selector, component, title, url)
  SELECT * FROM element_search_texts WHERE id = (SELECT id FROM element_search_keys WHERE element_id = old.element_id);
END;

-- down
DROP TRIGGER element_comments_search_after_delete;
DROP TRIGGER element_comments_search_before_delete;
DROP TRIGGER element_comments_search_after_update;
DROP TRIGGER element_comments_search_before_update;
DROP TRIGGER element_comments_search_after_insert;
DROP TRIGGER element_comments_search_before_insert;
DROP TRIGGER elements_search_delete;
DROP TRIGGER elements_search_after_update;
DROP TRIGGER elements_search_before_update;
DROP TRIGGER elements_search_insert;
DROP TABLE element_search;
DROP VIEW element_search_texts;
DROP TABLE element_search_keys;
