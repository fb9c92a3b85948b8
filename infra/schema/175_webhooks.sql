-- How far each line of deliveries to webhooks has come: an endpoint's own, and one for each replay. Bookkeeping, as cursors of read models
-- are: what was decided (endpoints, dead letters, replays) are events. `topics` tells whoever saves such events that something is owed.
CREATE TABLE webhook_lines (
    tenant uuid NOT NULL,
    line text NOT NULL,
    topics text[] NOT NULL,
    position bigint NOT NULL,
    last bigint,
    tries int NOT NULL DEFAULT 0,
    refused int NOT NULL DEFAULT 0,
    delivered bigint NOT NULL DEFAULT 0,
    not_before timestamptz,
    reason text,
    told_at timestamptz,
    PRIMARY KEY (tenant, line)
) WITH (fillfactor = 50);
ALTER TABLE webhook_lines ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON webhook_lines USING (tenant = (SELECT tenant()));
CREATE POLICY runner ON webhook_lines FOR SELECT TO retrace_runner USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_lines TO retrace_app;
GRANT SELECT ON webhook_lines TO retrace_runner;
GRANT SELECT, DELETE ON webhook_lines TO retrace_eraser;
