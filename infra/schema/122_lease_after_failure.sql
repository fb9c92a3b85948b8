-- Lease one row that nobody has: a caller that waits for what is owed does it itself, while no worker and no other caller is at it.
-- `state`: 0 it is the caller's now, 1 somebody else has it, or its last try failed and the next one is not due yet, 2 there is no such
-- row, or it is parked. As in 121_lease_work.sql, but for the failed try.
CREATE OR REPLACE FUNCTION lease_work(
    of_tenant uuid, of_kind text, of_key text, claimer uuid, seconds double precision,
    OUT state integer, OUT due timestamptz, OUT tries integer, OUT revision bigint, OUT correlation uuid, OUT causation uuid
) LANGUAGE plpgsql
SET search_path = retrace, pg_temp
SET enable_seqscan = off
SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    began timestamptz := clock_timestamp();
    held tid;
    taken boolean;
    parked timestamptz;
BEGIN
    -- A lease that is lost in a crash of the database's costs nothing.
    PERFORM set_config('synchronous_commit', 'off', true);
    SELECT w.ctid, w.lease_until > began OR w.error IS NOT NULL AND w.wake_at > began, w.parked_at INTO held, taken, parked FROM work w
    WHERE w.tenant = of_tenant AND w.kind = of_kind AND w.key = of_key FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        state := CASE WHEN EXISTS (
            SELECT FROM work w WHERE w.tenant = of_tenant AND w.kind = of_kind AND w.key = of_key AND w.parked_at IS NULL
        ) THEN 1 ELSE 2 END;
    ELSIF parked IS NOT NULL THEN
        state := 2;
    ELSIF taken THEN
        state := 1;
    ELSE
        state := 0;
        UPDATE work w SET holder = claimer, attempts = w.attempts + 1,
            lease_until = began + seconds * interval '1 second', wake_at = greatest(w.due_at, began + seconds * interval '1 second')
        WHERE w.ctid = held
        RETURNING w.due_at, w.attempts, w.revision, w.correlation, w.causation INTO due, tries, revision, correlation, causation;
    END IF;
END
$$;
