-- Views for analysts, in a schema of their own (projections/views/ says which; infra/projections/published.py makes them), and whose rows
-- each login of an analyst sees. docs/feeds.md explains it.
--
-- The views belong to retrace_publisher, which reads the read models they are of, under a policy that names the tenant of whoever has logged
-- in. So row-level security holds to each row that a view has, and no setting of a session's has any part in it.

RESET ROLE; -- roles are made by whoever migrates
DO $$
DECLARE
    name text;
    found record;
BEGIN
    FOREACH name IN ARRAY ARRAY['retrace_publisher', 'retrace_analyst'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS', name);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL; -- made for another database of this cluster
        END;
        IF NOT pg_has_role(current_user, name, 'SET') THEN
            EXECUTE format('GRANT %I TO %I', name, current_user);
        END IF;
    END LOOP;
    -- Whoever switches read models makes the views anew over what is read from then on.
    IF NOT pg_has_role('retrace_builder', 'retrace_publisher', 'SET') THEN
        GRANT retrace_publisher TO retrace_builder WITH INHERIT FALSE, SET TRUE;
    END IF;
    -- The policies that read models have are for those who read them by a signed context.
    FOR found IN
        SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_policy p
        JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE p.polname = 'tenant' AND n.nspname IN ('retrace', 'retrace_next', 'retrace_old')
            AND c.relowner = 'retrace_builder'::regrole
    LOOP
        EXECUTE format('ALTER POLICY tenant ON %s TO retrace_app, retrace_projector', found.name);
    END LOOP;
    EXECUTE 'CREATE SCHEMA retrace_analytics AUTHORIZATION retrace_owner';
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO retrace_analyst', current_database());
END
$$;
SET LOCAL ROLE retrace_owner;
GRANT USAGE ON SCHEMA retrace TO retrace_publisher;
GRANT USAGE, CREATE ON SCHEMA retrace_analytics TO retrace_publisher;
GRANT USAGE ON SCHEMA retrace_analytics TO retrace_analyst, retrace_builder;

-- Whose each analyst's login is. Nobody may read it but the functions, as their owner.
CREATE TABLE analyst_logins (
    role name PRIMARY KEY,
    tenant uuid NOT NULL,
    login uuid NOT NULL,
    expires_at timestamptz NOT NULL,
    locked boolean NOT NULL DEFAULT false
);
CREATE INDEX analyst_logins_tenant ON analyst_logins (tenant);

-- The tenant of whoever has logged in; NULL where it is no analyst's login, or one that sees nothing any more. No session can change its
-- session_user. Asked once a statement (an initial plan). Not PARALLEL SAFE: an analyst's statement takes one process.
CREATE FUNCTION retrace_analytics.tenant() RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = retrace, pg_temp
AS $$
    SELECT l.tenant FROM analyst_logins l
    WHERE l.role = session_user AND NOT l.locked AND l.expires_at > statement_timestamp()
        AND NOT EXISTS (SELECT FROM destroyed_keys d WHERE d.tenant = l.tenant AND d.subject = '00000000-0000-0000-0000-000000000000');
$$;
REVOKE ALL ON FUNCTION retrace_analytics.tenant FROM public;
GRANT EXECUTE ON FUNCTION retrace_analytics.tenant TO retrace_analyst;
