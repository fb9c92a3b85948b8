-- How far each projection has come, tenant by tenant, and what it could not apply.

CREATE TABLE cursors (
    tenant uuid NOT NULL,
    projection text NOT NULL,
    version integer NOT NULL,
    seq bigint NOT NULL,
    hash bytea NOT NULL, -- of the event at `seq`
    recorded_at timestamptz NOT NULL, -- of the event at `seq`
    stopped text, -- why this projection does not go on for this tenant
    PRIMARY KEY (tenant, projection, version)
) WITH (fillfactor = 50);

CREATE TABLE parked (
    tenant uuid NOT NULL,
    projection text NOT NULL,
    version integer NOT NULL,
    seq bigint NOT NULL,
    topic text NOT NULL,
    error text NOT NULL, -- never personal text
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, projection, version, seq)
);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['cursors', 'parked'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON %I USING (tenant = nullif(current_setting(''retrace.tenant'', true), '''')::uuid)', name);
        EXECUTE format('CREATE POLICY runner ON %I FOR SELECT TO retrace_runner USING (true)', name);
        EXECUTE format('GRANT SELECT ON %I TO retrace_app, retrace_runner', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO retrace_projector', name);
    END LOOP;
END
$$;
