-- Keys that are held, and erasure, on a Citus: a statement names its tenant by a value, for by a subquery it would be asked of all nodes.

-- As 150_logins.sql has it.
CREATE OR REPLACE FUNCTION hold_key(of_subject uuid) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
SET search_path = retrace, pg_temp
AS $$
DECLARE
    ours uuid := tenant();
BEGIN
    PERFORM 1 FROM subject_keys k WHERE k.tenant = ours AND k.subject = of_subject FOR KEY SHARE;
    RETURN FOUND;
END
$$;

-- What the eraser asks within its transaction: as itself, not as the functions' owner, for rows that one role has changed in a
-- transaction no other may ask for in it. It may read events anyway. As 150_logins.sql and 310_embedding_calls.sql have them otherwise.

CREATE OR REPLACE FUNCTION calls_sealed_by(subject bytea) RETURNS SETOF uuid LANGUAGE plpgsql STABLE SECURITY INVOKER
SET search_path = retrace, pg_temp
AS $$
DECLARE
    ours uuid := tenant();
BEGIN
    RETURN QUERY SELECT e.stream FROM events e
    WHERE e.tenant = ours AND e.topic = 'call.requested' AND substring(e.payload FROM 2 FOR 16) = subject;
END
$$;

CREATE OR REPLACE FUNCTION embedding_calls_sealed_by(subject bytea) RETURNS SETOF uuid LANGUAGE plpgsql STABLE SECURITY INVOKER
SET search_path = retrace, pg_temp
AS $$
DECLARE
    ours uuid := tenant();
BEGIN
    RETURN QUERY SELECT e.stream FROM events e
    WHERE e.tenant = ours AND e.topic = 'embedding_call.requested' AND substring(e.payload FROM 2 FOR 16) = subject;
END
$$;
