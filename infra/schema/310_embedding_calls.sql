-- Calls of the embeddings API by whose key sealed them, for the erasure of a user with all their calls (infra/crypto/erasing.py).

CREATE INDEX events_embedding_calls ON events (tenant, (substring(payload FROM 2 FOR 16)))
WHERE topic = 'embedding_call.requested';

CREATE FUNCTION embedding_calls_sealed_by(subject bytea) RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = retrace, pg_temp
AS $$
    SELECT stream FROM events
    WHERE tenant = (SELECT tenant()) AND topic = 'embedding_call.requested' AND substring(payload FROM 2 FOR 16) = subject;
$$;
REVOKE ALL ON FUNCTION embedding_calls_sealed_by FROM public;
GRANT EXECUTE ON FUNCTION embedding_calls_sealed_by TO retrace_eraser;
