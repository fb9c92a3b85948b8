-- A projection that stopped where the log does not go on looks whether it does again, and goes on by itself. What is parked and where a
-- projection stops is owed an alert, in the transaction that parks or stops.

ALTER TABLE cursors ADD COLUMN gap boolean NOT NULL DEFAULT false; -- stopped because the log does not go on after `seq`
ALTER TABLE retrace_next.cursors ADD COLUMN gap boolean NOT NULL DEFAULT false;
ALTER TABLE retrace_old.cursors ADD COLUMN gap boolean NOT NULL DEFAULT false;
UPDATE cursors SET gap = true WHERE stopped LIKE 'the log does not go on after %';
UPDATE retrace_next.cursors SET gap = true WHERE stopped LIKE 'the log does not go on after %';
UPDATE retrace_old.cursors SET gap = true WHERE stopped LIKE 'the log does not go on after %';
CREATE INDEX cursors_gaps ON cursors (tenant) WHERE gap;
CREATE INDEX cursors_gaps ON retrace_next.cursors (tenant) WHERE gap;
CREATE INDEX cursors_gaps ON retrace_old.cursors (tenant) WHERE gap;

GRANT INSERT ON work TO retrace_projector;

INSERT INTO work (tenant, kind, key, due_at, wake_at)
SELECT tenant, 'projection_alert', format('parked/%s/%s/%s/%s/%s', projection, version, seq, topic, error), now(), now()
FROM parked;
