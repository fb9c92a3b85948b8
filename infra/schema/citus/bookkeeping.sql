-- What is done over all tenants, on a Citus: rows of another tenant's shard can't be written by one statement with conditions on several
-- nodes' rows, so who is meant is found first, and each is written by itself. The files beside this folder say what each is for.

-- As 140_sweep_idempotency.sql has it. Rows that somebody else is at are swept by them.
CREATE OR REPLACE FUNCTION sweep_idempotency() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = retrace, pg_temp
AS $$
DECLARE
    old record;
BEGIN
    FOR old IN
        SELECT i.tenant, i.key FROM idempotency i WHERE i.created_at < now() - interval '25 hours' ORDER BY i.created_at LIMIT 20
    LOOP
        PERFORM 1 FROM idempotency i WHERE i.tenant = old.tenant AND i.key = old.key FOR UPDATE SKIP LOCKED;
        IF FOUND THEN
            DELETE FROM idempotency i WHERE i.tenant = old.tenant AND i.key = old.key;
        END IF;
    END LOOP;
END
$$;

-- As 340_moves.sql has it.
CREATE OR REPLACE FUNCTION owe_alert_looks(spread double precision) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = retrace, pg_temp
AS $$
DECLARE
    missing record;
    at timestamptz;
BEGIN
    FOR missing IN
        SELECT h.tenant FROM heads h
        WHERE h.closed_until IS NULL AND EXISTS (SELECT 1 FROM tenant_keys k WHERE k.tenant = h.tenant)
            AND NOT EXISTS (SELECT 1 FROM work w WHERE w.tenant = h.tenant AND w.kind = 'evaluate_alerts' AND w.key = 'all')
    LOOP
        at := now() + random() * spread * interval '1 second';
        INSERT INTO work (tenant, kind, key, due_at, wake_at) VALUES (missing.tenant, 'evaluate_alerts', 'all', at, at)
        ON CONFLICT DO NOTHING;
    END LOOP;
END
$$;

-- As 245_vector_indexes.sql has it.
CREATE OR REPLACE FUNCTION owe_vector_reviews(at_least bigint) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = retrace, pg_temp
AS $$
DECLARE
    large record;
BEGIN
    FOR large IN
        SELECT tenant FROM posting_statistics WHERE chunks >= at_least UNION SELECT tenant FROM vector_indexes
    LOOP
        INSERT INTO work (tenant, kind, key, due_at, wake_at)
        VALUES (large.tenant, 'review_vector_index', 'nearest', now(), now())
        ON CONFLICT DO NOTHING;
    END LOOP;
END
$$;

-- As 350_alert_plans.sql has it. Whoever is looked at, or was marked a moment ago by another, is left alone.
CREATE OR REPLACE FUNCTION hasten_alert_looks(apart double precision) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = retrace, pg_temp
AS $$
DECLARE
    moved record;
    hastened bigint := 0;
BEGIN
    FOR moved IN
        SELECT w.tenant, h.seq, w.wake_at, least(w.wake_at, greatest(now(), p.due_at + apart * interval '1 second')) AS at
        FROM heads h
        JOIN work w ON w.tenant = h.tenant AND w.kind = 'evaluate_alerts' AND w.key = 'all'
        LEFT JOIN alert_plans p ON p.tenant = h.tenant
        WHERE w.lease_until IS NULL AND w.parked_at IS NULL AND w.error IS NULL AND (
            p.seq IS DISTINCT FROM h.seq
            OR EXISTS (SELECT 1 FROM work k WHERE k.tenant = h.tenant AND k.parked_at >= p.marked_at)
        )
    LOOP
        PERFORM 1 FROM work w
        WHERE w.tenant = moved.tenant AND w.kind = 'evaluate_alerts' AND w.key = 'all' AND w.wake_at = moved.wake_at
            AND w.lease_until IS NULL
        FOR UPDATE SKIP LOCKED;
        CONTINUE WHEN NOT FOUND;
        INSERT INTO alert_plans (tenant, seq, due_at, marked_at) VALUES (moved.tenant, moved.seq, moved.at, now())
        ON CONFLICT (tenant) DO UPDATE SET seq = excluded.seq, due_at = excluded.due_at, marked_at = excluded.marked_at;
        IF moved.wake_at > moved.at THEN
            UPDATE work w SET due_at = moved.at, wake_at = moved.at
            WHERE w.tenant = moved.tenant AND w.kind = 'evaluate_alerts' AND w.key = 'all';
            hastened := hastened + 1;
        END IF;
    END LOOP;
    RETURN hastened;
END
$$;

-- As 150_logins.sql has it; of one tenant.
CREATE OR REPLACE FUNCTION found_tenant_key(of_key bytea, of_master bytea) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = retrace, pg_temp
AS $$
DECLARE
    ours uuid := tenant();
BEGIN
    PERFORM 1 FROM tenant_keys k WHERE k.tenant = ours;
    IF FOUND THEN
        RETURN;
    END IF;
    PERFORM 1 FROM destroyed_keys d WHERE d.tenant = ours AND d.subject = '00000000-0000-0000-0000-000000000000';
    IF FOUND THEN
        RETURN;
    END IF;
    INSERT INTO tenant_keys (tenant, generation, wrapped, master) VALUES (ours, 1, of_key, of_master) ON CONFLICT DO NOTHING;
END
$$;
