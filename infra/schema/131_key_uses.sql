-- When each API key was last used, within an hour: what Redis knows within a minute and may lose. No event, because nothing is decided
-- by it, and a key that is used all the time would make its tenant's stream grow by an event an hour.

CREATE TABLE key_uses (
    tenant uuid NOT NULL,
    key text NOT NULL,
    used_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, key)
) WITH (fillfactor = 50);
ALTER TABLE key_uses ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON key_uses USING (tenant = nullif(current_setting('retrace.tenant', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON key_uses TO retrace_app;
GRANT SELECT, DELETE ON key_uses TO retrace_eraser;
