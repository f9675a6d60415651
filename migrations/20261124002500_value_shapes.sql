-- up
-- What `value_limits` left open of what the API refuses. JSON is that of RFC 8259: SQLite reads JSON5 too, which the server does not.
ALTER TABLE users ADD CONSTRAINT users_id_shape CHECK (
  id GLOB '????????-????-????-????-????????????' AND length(replace(id, '-', '')) = 32);
-- One @ and no white space as ECMA-262 §12.2 and §12.3 have it.
ALTER TABLE users ADD CONSTRAINT users_email_shape CHECK (
  length(email) - length(replace(email, '@', '')) = 1
  AND email NOT GLOB '*[' || char(9, 11, 12, 160, 5760, 8232, 8233, 8239, 8287, 12288, 65279) || char(8192) || '-' || char(8202) || ']*');
ALTER TABLE users ADD CONSTRAINT users_email_key_case CHECK (email_key = lower(email_key));
ALTER TABLE projects ADD CONSTRAINT projects_id_shape CHECK (
  id GLOB '????????-????-????-????-????????????' AND length(replace(id, '-', '')) = 32);
ALTER TABLE access_tokens ADD CONSTRAINT access_tokens_id_shape CHECK (
  id GLOB '????????-????-????-????-????????????' AND length(replace(id, '-', '')) = 32);
ALTER TABLE element_comments ADD CONSTRAINT element_comments_id_shape CHECK (
  id GLOB '????????-????-????-????-????????????' AND length(replace(id, '-', '')) = 32);

-- A GraphQL Int has 32 bits.
ALTER TABLE projects ADD CONSTRAINT projects_revision CHECK (revision <= 2147483647);
ALTER TABLE element_events ADD CONSTRAINT element_events_revision CHECK (revision <= 2147483647);

-- Versions and variant of a UUID: RFC 9562 §4, with its nil and its max.
ALTER TABLE elements ADD CONSTRAINT elements_id_shapes CHECK (
  id GLOB '????????-????-????-????-????????????' AND length(replace(id, '-', '')) = 32
  AND length(replace(client_id, '-', '')) = 32 AND (
    client_id GLOB '????????-????-[1-8]???-[89ab]???-????????????'
    OR client_id IN ('00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff')));
ALTER TABLE elements ADD CONSTRAINT elements_revision CHECK (revision <= 2147483647);
ALTER TABLE elements ADD CONSTRAINT elements_json CHECK (
  json_valid(class_names) AND json_valid(attributes) AND json_valid(box) AND coalesce(json_valid(viewport), TRUE)
  AND coalesce(json_valid(accessibility), TRUE) AND coalesce(json_valid(component), TRUE));
-- A letter, then letters, digits, +, - and . up to the colon, beside what a browser skips there. https://url.spec.whatwg.org/#url-scheme-string
ALTER TABLE elements ADD CONSTRAINT elements_page_url_scheme CHECK (
  ltrim(page_url, char(1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32)) GLOB '[a-zA-Z]*'
  AND substr(page_url, 1, instr(page_url, ':') - 1) NOT GLOB '*[^' || char(1) || '- a-zA-Z0-9+.-]*');
-- JSON has numbers beyond those of a computer.
ALTER TABLE elements ADD CONSTRAINT elements_box_numbers CHECK (
  abs(json_extract(box, '$.x')) <= 1.7976931348623157e308 AND abs(json_extract(box, '$.y')) <= 1.7976931348623157e308
  AND json_extract(box, '$.width') <= 1.7976931348623157e308 AND json_extract(box, '$.height') <= 1.7976931348623157e308);
ALTER TABLE elements ADD CONSTRAINT elements_viewport_numbers CHECK (
  viewport IS NULL OR json_extract(viewport, '$.width') <= 2147483647 AND json_extract(viewport, '$.height') <= 2147483647
  AND abs(json_extract(viewport, '$.scrollX')) <= 1.7976931348623157e308
  AND abs(json_extract(viewport, '$.scrollY')) <= 1.7976931348623157e308
  AND json_extract(viewport, '$.devicePixelRatio') <= 1.7976931348623157e308);
ALTER TABLE elements ADD CONSTRAINT elements_accessibility_texts CHECK (
  instr(concat(json_extract(accessibility, '$.role'), json_extract(accessibility, '$.name')), char(0)) = 0);
ALTER TABLE elements ADD CONSTRAINT elements_component_values CHECK (
  coalesce(json_extract(component, '$.line'), 0) <= 2147483647 AND coalesce(json_extract(component, '$.column'), 0) <= 2147483647
  AND instr(concat(json_extract(component, '$.framework'), json_extract(component, '$.name'), json_extract(component, '$.file')), char(0)) = 0);

ALTER TABLE element_contents ADD CONSTRAINT element_contents_json CHECK (json_valid(computed_styles));
ALTER TABLE security_events ADD CONSTRAINT security_events_json CHECK (json_valid(details));

-- A CHECK can't look at each item of a list.
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

-- down
DROP TRIGGER elements_class_names_update;
DROP TRIGGER elements_class_names_insert;
ALTER TABLE security_events DROP CONSTRAINT security_events_json;
ALTER TABLE element_contents DROP CONSTRAINT element_contents_json;
ALTER TABLE elements DROP CONSTRAINT elements_component_values;
ALTER TABLE elements DROP CONSTRAINT elements_accessibility_texts;
ALTER TABLE elements DROP CONSTRAINT elements_viewport_numbers;
ALTER TABLE elements DROP CONSTRAINT elements_box_numbers;
ALTER TABLE elements DROP CONSTRAINT elements_page_url_scheme;
ALTER TABLE elements DROP CONSTRAINT elements_json;
ALTER TABLE elements DROP CONSTRAINT elements_revision;
ALTER TABLE elements DROP CONSTRAINT elements_id_shapes;
ALTER TABLE element_events DROP CONSTRAINT element_events_revision;
ALTER TABLE projects DROP CONSTRAINT projects_revision;
ALTER TABLE element_comments DROP CONSTRAINT element_comments_id_shape;
ALTER TABLE access_tokens DROP CONSTRAINT access_tokens_id_shape;
ALTER TABLE projects DROP CONSTRAINT projects_id_shape;
ALTER TABLE users DROP CONSTRAINT users_email_key_case;
ALTER TABLE users DROP CONSTRAINT users_email_shape;
ALTER TABLE users DROP CONSTRAINT users_id_shape;
