-- Logins of analysts: made, locked and dropped by functions of a role that may make roles and nothing else. It can't log in, and who may
-- call the functions says in a tenant's signed context for whom. docs/feeds.md explains it.

RESET ROLE; -- roles are made by whoever migrates
DO $$
BEGIN
    BEGIN
        CREATE ROLE retrace_registrar NOLOGIN NOSUPERUSER NOBYPASSRLS CREATEROLE;
    EXCEPTION
        WHEN duplicate_object OR unique_violation THEN
            NULL; -- made for another database of this cluster
        WHEN insufficient_privilege THEN -- then no logins are made, and `retrace doctor` says what to grant
            CREATE ROLE retrace_registrar NOLOGIN NOSUPERUSER NOBYPASSRLS;
    END;
    IF NOT pg_has_role(current_user, 'retrace_registrar', 'SET') THEN
        EXECUTE format('GRANT retrace_registrar TO %I', current_user);
    END IF; -- what else it needs: infra/postgres/analyst_roles.py
END
$$;

SET LOCAL ROLE retrace_owner;
GRANT USAGE, CREATE ON SCHEMA retrace TO retrace_registrar;
GRANT SELECT, INSERT, UPDATE, DELETE ON analyst_logins TO retrace_registrar;
GRANT EXECUTE ON FUNCTION tenant TO retrace_registrar;
RESET ROLE;

SET LOCAL ROLE retrace_registrar;

-- What keeps this server from making logins; NULL: nothing.
CREATE FUNCTION analyst_logins_hindered() RETURNS text LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = retrace, pg_temp
AS $$
    SELECT CASE
        WHEN NOT (SELECT rolcreaterole FROM pg_roles WHERE rolname = current_user) THEN 'ALTER ROLE retrace_registrar CREATEROLE'
        WHEN NOT pg_has_role(current_user, 'retrace_analyst', 'MEMBER WITH ADMIN OPTION')
            THEN 'GRANT retrace_analyst TO retrace_registrar WITH ADMIN TRUE, INHERIT FALSE, SET FALSE'
    END;
$$;

-- A login of the tenant whose context this is. Of the password only the verifier comes here.
CREATE FUNCTION make_analyst_login(of_login uuid, of_role name, verifier text, until timestamptz, connections integer)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = retrace, pg_temp
AS $$
DECLARE
    ours uuid := tenant();
BEGIN
    IF ours IS NULL OR of_role !~ '^retrace_analyst_[0-9a-f]{16}$' OR verifier !~ '^SCRAM-SHA-256\$\d+:[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+$'
        OR until IS NULL OR connections NOT BETWEEN 1 AND 100 THEN
        RAISE invalid_parameter_value USING MESSAGE = 'this is no login of an analyst';
    END IF;
    INSERT INTO analyst_logins (role, tenant, login, expires_at) VALUES (of_role, ours, of_login, until);
    EXECUTE format('CREATE ROLE %I LOGIN PASSWORD %L CONNECTION LIMIT %s VALID UNTIL %L', of_role, verifier, connections, until);
    EXECUTE format('GRANT retrace_analyst TO %I WITH INHERIT TRUE, SET FALSE, ADMIN FALSE', of_role);
    EXECUTE format('GRANT %I TO retrace_registrar WITH INHERIT TRUE, SET FALSE', of_role); -- so that its sessions can be ended
    EXECUTE format('ALTER ROLE %I SET search_path = retrace_analytics', of_role);
    EXECUTE format('ALTER ROLE %I SET default_transaction_read_only = on', of_role);
    EXECUTE format('ALTER ROLE %I SET statement_timeout = ''30s''', of_role);
    EXECUTE format('ALTER ROLE %I SET lock_timeout = ''5s''', of_role);
    EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout = ''30s''', of_role);
    EXECUTE format('ALTER ROLE %I SET timezone = ''UTC''', of_role);
    IF has_parameter_privilege('temp_file_limit', 'SET') THEN
        EXECUTE format('ALTER ROLE %I SET temp_file_limit = ''1GB''', of_role);
    END IF;
END
$$;

-- The tenant's logins as they stand here.
CREATE FUNCTION analyst_logins_standing() RETURNS TABLE (of_login uuid, of_role name, is_locked boolean, is_there boolean)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = retrace, pg_temp
AS $$
    SELECT l.login, l.role, l.locked, EXISTS (SELECT FROM pg_roles r WHERE r.rolname = l.role)
    FROM analyst_logins l WHERE l.tenant = (SELECT tenant());
$$;

-- Lock a login of the tenant's, so that nobody can use it, or unlock it.
CREATE FUNCTION lock_analyst_login(of_role name, shut boolean) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = retrace, pg_temp
AS $$
BEGIN
    UPDATE analyst_logins SET locked = shut WHERE role = of_role AND tenant = (SELECT tenant());
    IF FOUND AND EXISTS (SELECT FROM pg_roles WHERE rolname = of_role) THEN
        EXECUTE format('ALTER ROLE %I %s', of_role, CASE WHEN shut THEN 'NOLOGIN' ELSE 'LOGIN' END);
        IF shut THEN
            PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = of_role;
        END IF;
    END IF;
END
$$;

-- Drop a login of the tenant's that is locked already, and end what sessions it has left.
CREATE FUNCTION drop_analyst_login(of_role name) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = retrace, pg_temp
AS $$
BEGIN
    DELETE FROM analyst_logins WHERE role = of_role AND tenant = (SELECT tenant()) AND locked;
    IF FOUND AND EXISTS (SELECT FROM pg_roles WHERE rolname = of_role) THEN
        PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = of_role;
        EXECUTE format('DROP ROLE %I', of_role);
    END IF;
END
$$;

-- End analysts' transactions that go on for longer than this, and sessions that hold locks of their own making: an analyst can set time-outs
-- aside, and a transaction of his keeps read models from being switched. How many there were.
CREATE FUNCTION end_analysts(longer_than interval) RETURNS bigint LANGUAGE sql SECURITY DEFINER
SET search_path = retrace, pg_temp
AS $$
    SELECT count(pg_terminate_backend(a.pid)) FROM pg_stat_activity a JOIN analyst_logins l ON l.role = a.usename
    WHERE a.datname = current_database() AND (
        a.xact_start < clock_timestamp() - longer_than
        OR EXISTS (SELECT FROM pg_locks k WHERE k.pid = a.pid AND k.locktype = 'advisory')
    );
$$;

REVOKE ALL ON FUNCTION analyst_logins_hindered, make_analyst_login, analyst_logins_standing, lock_analyst_login, drop_analyst_login, end_analysts FROM public;
GRANT EXECUTE ON FUNCTION make_analyst_login, analyst_logins_standing, lock_analyst_login, drop_analyst_login TO retrace_app;
GRANT EXECUTE ON FUNCTION analyst_logins_hindered TO retrace_app, retrace_runner;
GRANT EXECUTE ON FUNCTION end_analysts TO retrace_runner, retrace_builder;
RESET ROLE;
SET LOCAL ROLE retrace_owner;
REVOKE CREATE ON SCHEMA retrace FROM retrace_registrar;
