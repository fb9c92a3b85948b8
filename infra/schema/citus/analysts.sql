-- Analysts see rows by policies that ask whose a login is, and a shard can't ask that: so there are no logins of theirs here.
RESET ROLE; -- it stays retrace_registrar's
CREATE OR REPLACE FUNCTION analyst_logins_hindered() RETURNS text LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = retrace, pg_temp
AS $$
    SELECT 'a database that is no Citus: analysts have no logins on one (docs/citus.md)'::text;
$$;
SET LOCAL ROLE retrace_owner;
