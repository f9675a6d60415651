-- up
-- A connection's times fit its state, and those that ended long ago are found to be deleted.
ALTER TABLE webrtc_connections ADD CONSTRAINT webrtc_connections_id_shape CHECK (
  id GLOB '????????-????-????-????-????????????' AND length(replace(id, '-', '')) = 32);
ALTER TABLE webrtc_connections ADD CONSTRAINT webrtc_connections_end CHECK (
  (state IN ('FAILED', 'CLOSED')) = (closed_at IS NOT NULL));
ALTER TABLE webrtc_connections ADD CONSTRAINT webrtc_connections_opening CHECK (
  opened_at IS NOT NULL OR state NOT IN ('CONNECTED', 'DISCONNECTED'));
-- Numbers that JSON and JavaScript have.
ALTER TABLE webrtc_connections ADD CONSTRAINT webrtc_connections_numbers CHECK (
  bytes_received <= 9007199254740991 AND bytes_sent <= 9007199254740991
  AND coalesce(round_trip_ms, 0) <= 1.7976931348623157e308);

CREATE INDEX webrtc_connections_by_end ON webrtc_connections (closed_at) WHERE closed_at IS NOT NULL;

-- down
DROP INDEX webrtc_connections_by_end;
ALTER TABLE webrtc_connections DROP CONSTRAINT webrtc_connections_numbers;
ALTER TABLE webrtc_connections DROP CONSTRAINT webrtc_connections_opening;
ALTER TABLE webrtc_connections DROP CONSTRAINT webrtc_connections_end;
ALTER TABLE webrtc_connections DROP CONSTRAINT webrtc_connections_id_shape;
