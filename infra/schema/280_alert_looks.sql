-- Owes a look at the alerts of each tenant that has none owed: a new one, and one whose look was lost. They are spread over so many seconds.
-- It tells nothing of the tenants. One whose keys are destroyed is no tenant any more.
CREATE FUNCTION owe_alert_looks(spread double precision) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = retrace, pg_temp
AS $$
    INSERT INTO work (tenant, kind, key, due_at, wake_at)
    SELECT tenant, 'evaluate_alerts', 'all', at, at FROM (
        SELECT h.tenant, now() + random() * spread * interval '1 second' AS at FROM heads h
        WHERE EXISTS (SELECT FROM tenant_keys k WHERE k.tenant = h.tenant)
            AND NOT EXISTS (SELECT FROM work w WHERE w.tenant = h.tenant AND w.kind = 'evaluate_alerts' AND w.key = 'all')
        OFFSET 0
    ) missing
    ON CONFLICT DO NOTHING
$$;
REVOKE ALL ON FUNCTION owe_alert_looks FROM public;
GRANT EXECUTE ON FUNCTION owe_alert_looks TO retrace_runner;
