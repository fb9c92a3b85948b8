-- How far each projection is behind each tenant's log, in events and in seconds: how long the oldest event waits that it has not applied. So a
-- log that was quiet for an hour is not an hour behind with its next event, and a tenant that no projector has ever come to is not up to date.
-- Where that event is missing, at a gap, it is how long ago the last one was recorded that was applied. Of an event it tells the time alone.
CREATE FUNCTION projection_lags(names text[], of_tenant uuid DEFAULT NULL)
RETURNS TABLE (projection text, version integer, tenant uuid, seq bigint, behind bigint, seconds double precision, stopped text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = retrace, pg_temp
AS $$
    SELECT p.name, c.version, h.tenant, coalesce(c.seq, 0), h.seq - coalesce(c.seq, 0),
        CASE WHEN h.seq > coalesce(c.seq, 0) THEN extract(epoch FROM now() - coalesce(
            (SELECT e.recorded_at FROM events e WHERE e.tenant = h.tenant AND e.seq = coalesce(c.seq, 0) + 1),
            nullif(c.recorded_at, 'epoch')
        ))::double precision END,
        c.stopped
    FROM heads h CROSS JOIN unnest(names) AS p (name)
    LEFT JOIN cursors c ON c.tenant = h.tenant AND c.projection = p.name
    WHERE of_tenant IS NULL OR h.tenant = of_tenant
$$;
REVOKE ALL ON FUNCTION projection_lags FROM public;
GRANT EXECUTE ON FUNCTION projection_lags TO retrace_runner;
