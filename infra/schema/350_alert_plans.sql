-- When the next look at a tenant's alerts is due. A tenant of which nothing has changed is looked at when the next five minutes begin
-- (application/insight/alerts/evaluate.py says so); here its look comes sooner once its log has moved on, or work of it was parked.

CREATE TABLE alert_plans (
    tenant uuid PRIMARY KEY,
    seq bigint NOT NULL, -- up to which its look has been brought forward
    due_at timestamptz NOT NULL, -- to when
    marked_at timestamptz NOT NULL
) WITH (fillfactor = 50);
ALTER TABLE alert_plans ENABLE ROW LEVEL SECURITY; -- for no role: the function below alone has to do with it

-- `apart`: seconds between two looks at a tenant that goes on changing. A look that somebody is at is left alone, and found the next time.
CREATE FUNCTION hasten_alert_looks(apart double precision) RETURNS bigint LANGUAGE sql SECURITY DEFINER
SET search_path = retrace, pg_temp
AS $$
    WITH moved AS MATERIALIZED (
        SELECT w.tenant, h.seq, least(w.wake_at, greatest(now(), p.due_at + apart * interval '1 second')) AS at
        FROM heads h
        JOIN work w ON w.tenant = h.tenant AND w.kind = 'evaluate_alerts' AND w.key = 'all'
        LEFT JOIN alert_plans p ON p.tenant = h.tenant
        WHERE w.lease_until IS NULL AND w.parked_at IS NULL AND w.error IS NULL AND (
            p.seq IS DISTINCT FROM h.seq
            OR EXISTS (SELECT FROM work k WHERE k.tenant = h.tenant AND k.parked_at >= p.marked_at)
        )
        FOR UPDATE OF w SKIP LOCKED
    ), marked AS (
        INSERT INTO alert_plans (tenant, seq, due_at, marked_at) SELECT tenant, seq, at, now() FROM moved ORDER BY tenant
        ON CONFLICT (tenant) DO UPDATE SET seq = excluded.seq, due_at = excluded.due_at, marked_at = excluded.marked_at
    ), sooner AS (
        UPDATE work w SET due_at = m.at, wake_at = m.at FROM moved m
        WHERE w.tenant = m.tenant AND w.kind = 'evaluate_alerts' AND w.key = 'all' AND w.wake_at > m.at
        RETURNING 1
    )
    SELECT count(*) FROM sooner
$$;
REVOKE ALL ON FUNCTION hasten_alert_looks FROM public;
GRANT EXECUTE ON FUNCTION hasten_alert_looks TO retrace_runner;
