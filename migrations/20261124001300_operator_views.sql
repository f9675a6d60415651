-- up
CREATE VIEW active_users AS
SELECT id, email, name, role, last_sign_in_at, created_at FROM users WHERE status = 'ACTIVE';

CREATE VIEW open_elements AS
SELECT projects.id AS project_id, projects.name AS project_name, count(elements.id) AS open_count,
  min(elements.created_at) AS oldest_created_at, max(elements.updated_at) AS latest_updated_at
FROM projects LEFT JOIN elements ON elements.project_id = projects.id AND elements.status = 'OPEN'
GROUP BY projects.id;

CREATE VIEW recent_security_events AS
SELECT sequence, kind, severity, actor_kind, actor_id, subject_id, ip_address, details, occurred_at
FROM security_events ORDER BY sequence DESC LIMIT 1000;

-- down
DROP VIEW recent_security_events;
DROP VIEW open_elements;
DROP VIEW active_users;
