-- Read models stand in places: `live` (schema retrace) is what is read, `next` is built beside it, `old` was live before the last
-- switch. Each place has cursors and parked events of its own, so the same statements run in each by its search_path.
RESET ROLE;
CREATE SCHEMA retrace_next AUTHORIZATION retrace_owner;
CREATE SCHEMA retrace_old AUTHORIZATION retrace_owner;
SET LOCAL ROLE retrace_owner;
GRANT USAGE ON SCHEMA retrace_next, retrace_old TO retrace_app, retrace_projector, retrace_runner;

CREATE TABLE builds (
    tenant uuid NOT NULL, -- whose rows it has; 0000… for those of all tenants
    projection text NOT NULL,
    place text NOT NULL CHECK (place IN ('live', 'next', 'old')),
    version integer NOT NULL, -- only a program with this version of the projection keeps it up
    tables text[] NOT NULL,
    until bigint, -- the position at which it stops; NULL: it follows the log
    begun_at timestamptz NOT NULL DEFAULT now(),
    built_at timestamptz, -- when it had caught up for the first time
    PRIMARY KEY (tenant, projection, place)
);
ALTER TABLE builds ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON builds USING (tenant = nullif(current_setting('retrace.tenant', true), '')::uuid);
CREATE POLICY of_all ON builds FOR SELECT TO retrace_projector USING (tenant = '00000000-0000-0000-0000-000000000000');
CREATE POLICY runner ON builds FOR SELECT TO retrace_runner USING (true);
GRANT SELECT ON builds TO retrace_app, retrace_projector, retrace_runner;

DO $$
DECLARE
    place text;
    name text;
BEGIN
    FOREACH place IN ARRAY ARRAY['retrace_next', 'retrace_old'] LOOP
        FOREACH name IN ARRAY ARRAY['cursors', 'parked'] LOOP
            EXECUTE format('CREATE TABLE %I.%I (LIKE retrace.%I INCLUDING ALL)', place, name, name);
            EXECUTE format('ALTER TABLE %I.%I SET (fillfactor = 50)', place, name);
            EXECUTE format('ALTER TABLE %I.%I ENABLE ROW LEVEL SECURITY', place, name);
            EXECUTE format('CREATE POLICY tenant ON %I.%I USING (tenant = nullif(current_setting(''retrace.tenant'', true), '''')::uuid)', place, name);
            EXECUTE format('CREATE POLICY runner ON %I.%I FOR SELECT TO retrace_runner USING (true)', place, name);
            EXECUTE format('GRANT SELECT ON %I.%I TO retrace_app, retrace_runner', place, name);
            EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I.%I TO retrace_projector', place, name);
        END LOOP;
    END LOOP;
END
$$;
