-- up
-- What the API refuses can't be stored by anyone. Lengths here are code points, of which a text never has more than the
-- UTF-16 units that the API counts; times are milliseconds since the Unix epoch, at most what a date can hold (ECMA-262 §21.4.1.1).
ALTER TABLE users ADD CONSTRAINT users_id CHECK (id NOT GLOB '*[^0-9a-f-]*');
ALTER TABLE users ADD CONSTRAINT users_email CHECK (
  email GLOB '?*@?*' AND instr(email, ' ') + instr(email, char(9)) + instr(email, char(10)) + instr(email, char(13)) = 0 AND instr(email, char(0)) = 0);
ALTER TABLE users ADD CONSTRAINT users_email_key CHECK (length(email_key) >= 3 AND instr(email_key, char(0)) = 0);
ALTER TABLE users ADD CONSTRAINT users_name CHECK (instr(name, char(0)) = 0);
ALTER TABLE users ADD CONSTRAINT users_password_hash CHECK (length(password_hash) = 60 AND password_hash GLOB '$2*');
ALTER TABLE users ADD CONSTRAINT users_times CHECK (
  created_at BETWEEN 0 AND 8640000000000000 AND updated_at BETWEEN 0 AND 8640000000000000
  AND coalesce(locked_until, 0) BETWEEN 0 AND 8640000000000000 AND coalesce(last_sign_in_at, 0) BETWEEN 0 AND 8640000000000000);

ALTER TABLE projects ADD CONSTRAINT projects_id CHECK (id NOT GLOB '*[^0-9a-f-]*');
ALTER TABLE projects ADD CONSTRAINT projects_name CHECK (instr(name, char(0)) = 0);
ALTER TABLE projects ADD CONSTRAINT projects_times CHECK (
  created_at BETWEEN 0 AND 8640000000000000 AND updated_at BETWEEN 0 AND 8640000000000000);
ALTER TABLE project_members ADD CONSTRAINT project_members_times CHECK (created_at BETWEEN 0 AND 8640000000000000);

ALTER TABLE access_tokens ADD CONSTRAINT access_tokens_id CHECK (id NOT GLOB '*[^0-9a-f-]*');
ALTER TABLE access_tokens ADD CONSTRAINT access_tokens_name CHECK (instr(name, char(0)) = 0);
ALTER TABLE access_tokens ADD CONSTRAINT access_tokens_prefix CHECK (prefix GLOB 'fp_?*' AND length(prefix) <= 20);
ALTER TABLE access_tokens ADD CONSTRAINT access_tokens_scopes CHECK (
  json_type(scopes) = 'array' AND json_array_length(scopes) BETWEEN 1 AND 5
  AND replace(replace(replace(replace(replace(replace(scopes, '"ELEMENTS_READ"', ''), '"ELEMENTS_WRITE"', ''), '"SIGNALS"', ''),
    '"LIVE_COMMANDS"', ''), '"AUDIT_READ"', ''), ',', '') = '[]');
ALTER TABLE access_tokens ADD CONSTRAINT access_tokens_times CHECK (
  created_at BETWEEN 0 AND 8640000000000000 AND coalesce(expires_at, 0) BETWEEN 0 AND 8640000000000000
  AND coalesce(last_used_at, 0) BETWEEN 0 AND 8640000000000000);

ALTER TABLE elements ADD CONSTRAINT elements_ids CHECK (id NOT GLOB '*[^0-9a-f-]*' AND client_id NOT GLOB '*[^0-9a-f-]*');
-- A browser skips white space before a scheme and line breaks in it. https://url.spec.whatwg.org/#concept-basic-url-parser
ALTER TABLE elements ADD CONSTRAINT elements_page_url CHECK (
  length(page_url) BETWEEN 1 AND 32768 AND instr(page_url, char(0)) = 0 AND instr(page_url, ':') > 1
  AND replace(replace(replace(lower(ltrim(page_url, char(1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32))),
    char(9), ''), char(10), ''), char(13), '') NOT GLOB 'javascript:*'
  AND replace(replace(replace(lower(ltrim(page_url, char(1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32))),
    char(9), ''), char(10), ''), char(13), '') NOT GLOB 'vbscript:*');
ALTER TABLE elements ADD CONSTRAINT elements_texts CHECK (
  length(selector) BETWEEN 1 AND 20000 AND instr(selector, char(0)) = 0
  AND length(tag_name) BETWEEN 1 AND 200 AND instr(tag_name, char(0)) = 0
  AND (page_title IS NULL OR length(page_title) <= 10000 AND instr(page_title, char(0)) = 0)
  AND (page_id IS NULL OR length(page_id) BETWEEN 1 AND 200 AND instr(page_id, char(0)) = 0)
  AND (dom_id IS NULL OR length(dom_id) <= 10000 AND instr(dom_id, char(0)) = 0)
  AND (text IS NULL OR length(text) <= 1000000 AND instr(text, char(0)) = 0)
  AND (note IS NULL OR length(note) <= 20000 AND instr(note, char(0)) = 0));
ALTER TABLE elements ADD CONSTRAINT elements_class_names CHECK (json_array_length(class_names) <= 2000);
ALTER TABLE elements ADD CONSTRAINT elements_html_byte_size CHECK (html_byte_size <= 24000000);
ALTER TABLE elements ADD CONSTRAINT elements_box CHECK (
  coalesce(json_type(box, '$.x') IN ('integer', 'real') AND json_type(box, '$.y') IN ('integer', 'real')
    AND json_type(box, '$.width') IN ('integer', 'real') AND json_type(box, '$.height') IN ('integer', 'real'), FALSE)
  AND json_extract(box, '$.width') >= 0 AND json_extract(box, '$.height') >= 0);
ALTER TABLE elements ADD CONSTRAINT elements_viewport CHECK (
  viewport IS NULL OR coalesce(json_type(viewport, '$.width') = 'integer' AND json_type(viewport, '$.height') = 'integer'
    AND json_type(viewport, '$.scrollX') IN ('integer', 'real') AND json_type(viewport, '$.scrollY') IN ('integer', 'real')
    AND json_type(viewport, '$.devicePixelRatio') IN ('integer', 'real'), FALSE)
  AND json_extract(viewport, '$.width') >= 0 AND json_extract(viewport, '$.height') >= 0
  AND json_extract(viewport, '$.devicePixelRatio') > 0);
ALTER TABLE elements ADD CONSTRAINT elements_accessibility CHECK (
  accessibility IS NULL OR coalesce(json_type(accessibility, '$.role'), 'null') IN ('null', 'text')
  AND coalesce(json_type(accessibility, '$.name'), 'null') IN ('null', 'text')
  AND coalesce(length(json_extract(accessibility, '$.role')), 0) <= 200
  AND coalesce(length(json_extract(accessibility, '$.name')), 0) <= 10000);
ALTER TABLE elements ADD CONSTRAINT elements_component CHECK (
  component IS NULL OR coalesce(json_type(component, '$.framework') = 'text' AND json_type(component, '$.name') = 'text', FALSE)
  AND length(json_extract(component, '$.framework')) BETWEEN 1 AND 100
  AND length(json_extract(component, '$.name')) BETWEEN 1 AND 1000
  AND coalesce(json_type(component, '$.file'), 'null') IN ('null', 'text')
  AND coalesce(length(json_extract(component, '$.file')), 0) <= 4096
  AND coalesce(json_type(component, '$.line'), 'null') IN ('null', 'integer')
  AND coalesce(json_type(component, '$.column'), 'null') IN ('null', 'integer')
  AND coalesce(json_extract(component, '$.line'), 0) >= 0 AND coalesce(json_extract(component, '$.column'), 0) >= 0);
ALTER TABLE elements ADD CONSTRAINT elements_times CHECK (
  created_at BETWEEN 0 AND 8640000000000000 AND updated_at BETWEEN 0 AND 8640000000000000
  AND coalesce(stale_since, 0) BETWEEN 0 AND 8640000000000000);

ALTER TABLE element_contents ADD CONSTRAINT element_contents_html CHECK (length(html) <= 24000000);
ALTER TABLE screenshots ADD CONSTRAINT screenshots_size CHECK (width * height <= 40960000 AND length(bytes) <= 12582912);
ALTER TABLE element_comments ADD CONSTRAINT element_comments_id CHECK (id NOT GLOB '*[^0-9a-f-]*');
ALTER TABLE element_comments ADD CONSTRAINT element_comments_body CHECK (length(body) <= 20000 AND instr(body, char(0)) = 0);
ALTER TABLE element_comments ADD CONSTRAINT element_comments_times CHECK (created_at BETWEEN 0 AND 8640000000000000);
ALTER TABLE element_events ADD CONSTRAINT element_events_element CHECK (length(element_id) = 36 AND element_id NOT GLOB '*[^0-9a-f-]*');

ALTER TABLE security_events ADD CONSTRAINT security_events_kind CHECK (
  length(kind) BETWEEN 3 AND 100 AND kind GLOB '[a-z]*.[a-z]*' AND kind NOT GLOB '*[^a-z_.]*');
ALTER TABLE security_events ADD CONSTRAINT security_events_ids CHECK (
  id NOT GLOB '*[^0-9a-f-]*' AND (actor_id IS NULL OR length(actor_id) = 36) AND length(coalesce(subject_id, '')) <= 200);
ALTER TABLE security_events ADD CONSTRAINT security_events_time CHECK (occurred_at BETWEEN 0 AND 8640000000000000);
ALTER TABLE rate_limits ADD CONSTRAINT rate_limits_action CHECK (action GLOB '[a-z]*' AND action NOT GLOB '*[^a-z_]*' AND length(action) <= 100);
ALTER TABLE rate_limits ADD CONSTRAINT rate_limits_count CHECK (max_count <= 1000000000);
ALTER TABLE rate_limits ADD CONSTRAINT rate_limits_time CHECK (updated_at BETWEEN 0 AND 8640000000000000);

-- down
ALTER TABLE rate_limits DROP CONSTRAINT rate_limits_time;
ALTER TABLE rate_limits DROP CONSTRAINT rate_limits_count;
ALTER TABLE rate_limits DROP CONSTRAINT rate_limits_action;
ALTER TABLE security_events DROP CONSTRAINT security_events_time;
ALTER TABLE security_events DROP CONSTRAINT security_events_ids;
ALTER TABLE security_events DROP CONSTRAINT security_events_kind;
ALTER TABLE element_events DROP CONSTRAINT element_events_element;
ALTER TABLE element_comments DROP CONSTRAINT element_comments_times;
ALTER TABLE element_comments DROP CONSTRAINT element_comments_body;
ALTER TABLE element_comments DROP CONSTRAINT element_comments_id;
ALTER TABLE screenshots DROP CONSTRAINT screenshots_size;
ALTER TABLE element_contents DROP CONSTRAINT element_contents_html;
ALTER TABLE elements DROP CONSTRAINT elements_times;
ALTER TABLE elements DROP CONSTRAINT elements_component;
ALTER TABLE elements DROP CONSTRAINT elements_accessibility;
ALTER TABLE elements DROP CONSTRAINT elements_viewport;
ALTER TABLE elements DROP CONSTRAINT elements_box;
ALTER TABLE elements DROP CONSTRAINT elements_html_byte_size;
ALTER TABLE elements DROP CONSTRAINT elements_class_names;
ALTER TABLE elements DROP CONSTRAINT elements_texts;
ALTER TABLE elements DROP CONSTRAINT elements_page_url;
ALTER TABLE elements DROP CONSTRAINT elements_ids;
ALTER TABLE access_tokens DROP CONSTRAINT access_tokens_times;
ALTER TABLE access_tokens DROP CONSTRAINT access_tokens_scopes;
ALTER TABLE access_tokens DROP CONSTRAINT access_tokens_prefix;
ALTER TABLE access_tokens DROP CONSTRAINT access_tokens_name;
ALTER TABLE access_tokens DROP CONSTRAINT access_tokens_id;
ALTER TABLE project_members DROP CONSTRAINT project_members_times;
ALTER TABLE projects DROP CONSTRAINT projects_times;
ALTER TABLE projects DROP CONSTRAINT projects_name;
ALTER TABLE projects DROP CONSTRAINT projects_id;
ALTER TABLE users DROP CONSTRAINT users_times;
ALTER TABLE users DROP CONSTRAINT users_password_hash;
ALTER TABLE users DROP CONSTRAINT users_name;
ALTER TABLE users DROP CONSTRAINT users_email_key;
ALTER TABLE users DROP CONSTRAINT users_email;
ALTER TABLE users DROP CONSTRAINT users_id;
