-- Walls between the roles: each has a login of its own (infra/logins.py makes them), read models have an owner of their own, and a
-- tenant's context counts only with a signature that no session can make. docs/decisions/0003-logins.md explains it.

RESET ROLE; -- roles are made by whoever migrates
DO $$
BEGIN
    BEGIN
        CREATE ROLE retrace_builder NOLOGIN NOSUPERUSER NOBYPASSRLS;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL; -- made for another database of this cluster
    END;
    IF NOT pg_has_role(current_user, 'retrace_builder', 'SET') THEN
        EXECUTE format('GRANT retrace_builder TO %I', current_user);
    END IF;
END
$$;
GRANT SELECT ON public.retrace_migrations TO retrace_runner;

SET LOCAL ROLE retrace_owner;
GRANT USAGE, CREATE ON SCHEMA retrace, retrace_next, retrace_old TO retrace_builder;

-- Keys of HMAC-SHA-256, one pair a master key (infra/cell.py). Nobody may read them but the functions below, as their owner.
CREATE TABLE context_keys (
    master bytea PRIMARY KEY, -- fingerprint of the master key that they are derived from
    inner_pad bytea NOT NULL,
    outer_pad bytea NOT NULL
);

-- The tenant of this transaction: what the setting `retrace.tenant` names, if that is signed; NULL where it names none.
CREATE FUNCTION tenant() RETURNS uuid LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = retrace, pg_temp
AS $$
DECLARE
    said text := current_setting('retrace.tenant', true);
    named uuid;
BEGIN
    IF said IS NULL OR said = '' THEN
        RETURN NULL;
    END IF;
    IF said ~ '^[0-9a-f-]{36}\.[0-9a-f]{64}$' THEN
        named := left(said, 36)::uuid;
        PERFORM FROM context_keys
        WHERE sha256(outer_pad || sha256(inner_pad || uuid_send(named))) = decode(right(said, 64), 'hex');
        IF FOUND THEN
            RETURN named;
        END IF;
    END IF;
    RAISE insufficient_privilege USING MESSAGE = 'retrace.tenant is not signed by this deployment';
END
$$;
REVOKE ALL ON FUNCTION tenant FROM public;
GRANT EXECUTE ON FUNCTION tenant TO retrace_app, retrace_projector, retrace_runner, retrace_eraser, retrace_keeper, retrace_builder;

-- Asked once a statement, before its first row (an initial plan): a setting that is changed while the statement runs has no effect on it.
RESET ROLE;
DO $$
DECLARE
    found record;
BEGIN
    FOR found IN
        SELECT format('%I.%I', n.nspname, c.relname) AS name, c.relname, n.nspname FROM pg_policy p
        JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE p.polname = 'tenant' AND n.nspname IN ('retrace', 'retrace_next', 'retrace_old')
    LOOP
        EXECUTE format('ALTER POLICY tenant ON %s USING (tenant = (SELECT retrace.tenant()))', found.name);
    END LOOP;
    -- Read models belong to the role that builds them, which has no right to the log.
    FOR found IN
        SELECT DISTINCT format('%I.%I', s.nspname, t.name) AS name FROM retrace.builds b
        CROSS JOIN LATERAL unnest(b.tables) AS t (name)
        JOIN pg_namespace s ON s.nspname = CASE b.place WHEN 'live' THEN 'retrace' ELSE 'retrace_' || b.place END
        WHERE to_regclass(format('%I.%I', s.nspname, t.name)) IS NOT NULL
    LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO retrace_builder', found.name);
    END LOOP;
END
$$;
SET LOCAL ROLE retrace_owner;

-- What the role that builds read models, compares copies and puts them in place needs beside its tables.
GRANT SELECT, INSERT, UPDATE, DELETE ON builds TO retrace_builder;
GRANT SELECT ON heads TO retrace_builder;
CREATE POLICY builder ON builds TO retrace_builder USING (true);
CREATE POLICY builder ON heads FOR SELECT TO retrace_builder USING (true);
DO $$
DECLARE
    place text;
    name text;
BEGIN
    FOREACH place IN ARRAY ARRAY['retrace', 'retrace_next', 'retrace_old'] LOOP
        FOREACH name IN ARRAY ARRAY['cursors', 'parked'] LOOP
            EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I.%I TO retrace_builder', place, name);
            EXECUTE format('CREATE POLICY builder ON %I.%I TO retrace_builder USING (true)', place, name);
        END LOOP;
    END LOOP;
END
$$;

CREATE OR REPLACE FUNCTION hold_key(of_subject uuid) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
SET search_path = retrace, pg_temp
AS $$
BEGIN
    PERFORM FROM subject_keys WHERE tenant = (SELECT tenant()) AND subject = of_subject FOR KEY SHARE;
    RETURN FOUND;
END
$$;

CREATE OR REPLACE FUNCTION calls_sealed_by(subject bytea) RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = retrace, pg_temp
AS $$
    SELECT stream FROM events
    WHERE tenant = (SELECT tenant()) AND topic = 'call.requested' AND substring(payload FROM 2 FOR 16) = subject;
$$;

-- The first key of the tenant whose context this is, unless it has one, or had one that was destroyed. Nobody who serves requests may
-- write keys of tenants otherwise.
REVOKE INSERT ON tenant_keys FROM retrace_app, retrace_projector;
CREATE FUNCTION found_tenant_key(of_key bytea, of_master bytea) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = retrace, pg_temp
AS $$
DECLARE
    ours uuid := tenant();
BEGIN
    INSERT INTO tenant_keys (tenant, generation, wrapped, master)
    SELECT ours, 1, of_key, of_master
    WHERE NOT EXISTS (SELECT FROM tenant_keys k WHERE k.tenant = ours)
        AND NOT EXISTS (SELECT FROM destroyed_keys d WHERE d.tenant = ours AND d.subject = '00000000-0000-0000-0000-000000000000')
    ON CONFLICT DO NOTHING;
END
$$;
REVOKE ALL ON FUNCTION found_tenant_key FROM public;
GRANT EXECUTE ON FUNCTION found_tenant_key TO retrace_app, retrace_projector;

REVOKE SELECT ON inbox, tally, snapshots FROM retrace_projector; -- it never asked for them
