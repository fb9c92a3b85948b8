-- The log: a tenant's events, numbered 1, 2, 3 … without a hole in commit order. docs/log.md explains it.
-- No application role may write these tables; `append` and, for the payloads of erased subjects, `retrace_eraser` do.

CREATE TABLE events (
    tenant uuid NOT NULL,
    seq bigint NOT NULL,
    stream uuid NOT NULL,
    version integer NOT NULL,
    topic text NOT NULL,
    recorded_at timestamptz NOT NULL,
    actor text NOT NULL,
    correlation uuid NOT NULL,
    causation uuid,
    payload bytea, -- NULL once its subject was erased; the hashes do not need it
    digest bytea NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (tenant, seq),
    UNIQUE (tenant, stream, version)
);
ALTER TABLE events ALTER COLUMN payload SET STORAGE EXTERNAL; -- ciphertext does not compress

CREATE TABLE heads (
    tenant uuid PRIMARY KEY,
    seq bigint NOT NULL
) WITH (fillfactor = 50); -- each append updates a row in place

CREATE TABLE inbox (
    tenant uuid NOT NULL,
    key text NOT NULL,
    seq bigint NOT NULL, -- the first event that the command with this key wrote
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, key)
);

CREATE TABLE tally (
    tenant uuid NOT NULL,
    kind text NOT NULL,
    key text NOT NULL,
    value bigint NOT NULL,
    PRIMARY KEY (tenant, kind, key)
) WITH (fillfactor = 50);

CREATE TABLE tenant_keys (
    tenant uuid NOT NULL,
    generation integer NOT NULL,
    wrapped bytea NOT NULL, -- under the master key
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, generation)
);

CREATE TABLE subject_keys (
    tenant uuid NOT NULL,
    subject uuid NOT NULL,
    generation integer NOT NULL, -- of the tenant's key
    wrapped bytea NOT NULL,
    PRIMARY KEY (tenant, subject)
);

CREATE TABLE snapshots (
    tenant uuid NOT NULL,
    stream uuid NOT NULL,
    version integer NOT NULL,
    schema text NOT NULL, -- fingerprint of the state's type: another one is passed over
    hash bytea NOT NULL, -- of the event at this version
    created_at timestamptz NOT NULL,
    modified_at timestamptz NOT NULL,
    state bytea NOT NULL, -- sealed
    PRIMARY KEY (tenant, stream)
);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['events', 'heads', 'inbox', 'tally', 'tenant_keys', 'subject_keys', 'snapshots'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON %I USING (tenant = nullif(current_setting(''retrace.tenant'', true), '''')::uuid)', name);
        EXECUTE format('GRANT SELECT ON %I TO retrace_app, retrace_projector', name);
    END LOOP;
END
$$;
GRANT INSERT ON tenant_keys, subject_keys TO retrace_app, retrace_projector;
GRANT INSERT, UPDATE, DELETE ON snapshots TO retrace_app;
CREATE POLICY runner ON heads FOR SELECT TO retrace_runner USING (true);
GRANT SELECT ON heads TO retrace_runner;
GRANT SELECT, UPDATE (payload) ON events TO retrace_eraser;
