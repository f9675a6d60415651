-- up
-- Of a project's elements, newest first, those that a filter leaves.
CREATE INDEX elements_by_status ON elements (project_id, status, id);
CREATE INDEX elements_by_page ON elements (project_id, page_id, id) WHERE page_id IS NOT NULL;
CREATE INDEX elements_by_page_url ON elements (project_id, page_url, id);
CREATE INDEX elements_by_tag_name ON elements (project_id, tag_name COLLATE NOCASE, id);
CREATE INDEX elements_by_captor ON elements (project_id, captured_by, id) WHERE captured_by IS NOT NULL;
CREATE INDEX elements_by_time ON elements (project_id, created_at, id);
CREATE INDEX users_by_role ON users (role, status, id);

-- down
DROP INDEX users_by_role;
DROP INDEX elements_by_time;
DROP INDEX elements_by_captor;
DROP INDEX elements_by_tag_name;
DROP INDEX elements_by_page_url;
DROP INDEX elements_by_page;
DROP INDEX elements_by_status;
