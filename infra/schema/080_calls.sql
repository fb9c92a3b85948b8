-- Calls by whose key sealed them, for the erasure of a user with all their calls (infra/crypto/erasing.py).

CREATE INDEX events_calls ON events (tenant, (substring(payload FROM 2 FOR 16))) WHERE topic = 'call.requested';

-- As their owner: row-level security would not let an index be asked for a part of a payload.
CREATE FUNCTION calls_sealed_by(subject bytea) RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = retrace, pg_temp
AS $$
    SELECT stream FROM events
    WHERE tenant = nullif(current_setting('retrace.tenant', true), '')::uuid AND topic = 'call.requested'
        AND substring(payload FROM 2 FOR 16) = subject;
$$;
REVOKE ALL ON FUNCTION calls_sealed_by FROM public;
GRANT EXECUTE ON FUNCTION calls_sealed_by TO retrace_eraser;
