-- Proofs over a tenant's log: the Merkle tree that its events are the leaves of, and signed statements of its root. docs/audit.md
-- explains them. Nobody has to trust these rows: whoever keeps a checkpoint can check them, and the log, against it.

-- Hashes of the tree's nodes at height 8 × level, 256 a row: level 0 are the leaves. A row that is not full grows.
CREATE TABLE tiles (
    tenant uuid NOT NULL,
    level smallint NOT NULL,
    n bigint NOT NULL,
    hashes bytea NOT NULL,
    PRIMARY KEY (tenant, level, n)
);
ALTER TABLE tiles ALTER COLUMN hashes SET STORAGE EXTERNAL; -- hashes do not compress

CREATE TABLE checkpoints (
    tenant uuid NOT NULL,
    size bigint NOT NULL, -- of the tree: the position of its last event
    note text NOT NULL, -- a signed note
    signed_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, size)
);

CREATE TABLE signing_keys (
    tenant uuid NOT NULL,
    public bytea NOT NULL, -- Ed25519
    sealed bytea NOT NULL, -- the private key, under the tenant's keys
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant)
);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['tiles', 'checkpoints', 'signing_keys'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON %I USING (tenant = nullif(current_setting(''retrace.tenant'', true), '''')::uuid)', name);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO retrace_app, retrace_projector', name);
    END LOOP;
END
$$;
GRANT UPDATE (hashes) ON tiles TO retrace_app, retrace_projector;
GRANT UPDATE (created_at) ON signing_keys TO retrace_app, retrace_projector; -- to lock a tenant's row: one checkpoint at a time
CREATE POLICY runner ON checkpoints FOR SELECT TO retrace_runner USING (true);
GRANT SELECT ON checkpoints TO retrace_runner;
