-- up
ALTER TABLE elements ADD CONSTRAINT elements_accessible_description CHECK (
  coalesce(json_type(accessibility, '$.description'), 'null') IN ('null', 'text')
  AND coalesce(length(json_extract(accessibility, '$.description')), 0) <= 10000
  AND coalesce(instr(json_extract(accessibility, '$.description'), char(0)), 0) = 0);

-- down
ALTER TABLE elements DROP CONSTRAINT elements_accessible_description;
