-- up
-- Few are stale at a time: those of one page, which a new capture of the same place finds.
CREATE INDEX elements_stale ON elements (project_id, page_id) WHERE stale_since IS NOT NULL AND page_id IS NOT NULL;

-- down
DROP INDEX elements_stale;
