-- Results of requests are kept for a day, and then go, also those of a tenant that does not come again: whoever keeps a new one takes
-- some old ones of all tenants along. The application sees its tenant's rows alone, so this does it for it; it tells nothing of them.

CREATE INDEX idempotency_old ON idempotency (created_at);
CREATE FUNCTION sweep_idempotency() RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = retrace, pg_temp
AS $$
    DELETE FROM idempotency WHERE (tenant, key) IN (
        SELECT tenant, key FROM idempotency WHERE created_at < now() - interval '25 hours'
        ORDER BY created_at LIMIT 20 FOR UPDATE SKIP LOCKED)
$$;
REVOKE ALL ON FUNCTION sweep_idempotency FROM public;
GRANT EXECUTE ON FUNCTION sweep_idempotency TO retrace_app;
DROP INDEX idempotency_created; -- it served the sweep of one tenant
