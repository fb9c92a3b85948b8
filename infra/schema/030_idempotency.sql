-- Results of requests that came with an Idempotency-Key, for a day. What may vanish: the effects are guarded by the inbox.

CREATE TABLE idempotency (
    tenant uuid NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL, -- SHA-256 of method, path and body
    lease_until timestamptz NOT NULL, -- until then the first request is taken to be running
    response bytea, -- sealed; NULL while it runs
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, key)
);
CREATE INDEX idempotency_created ON idempotency (tenant, created_at);
ALTER TABLE idempotency ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON idempotency USING (tenant = nullif(current_setting('retrace.tenant', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency TO retrace_app;
