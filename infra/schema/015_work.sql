-- Work is state: one row says what an aggregate owes. `append` makes a row due or settles it; workers lease rows and finish them.
-- docs/decisions/0001-work-is-a-table.md says why.
--
-- A row waits until `wake_at`, which is when it is due, when its lease ends, or when a failed try may be repeated. Whoever leases it
-- writes a fresh `holder` into it and loses it, whatever it does later, once another holder stands there. `revision` counts how often
-- the row was owed again: work that was owed again while somebody did it is done once more.
--
-- (tenant, kind) is a lane. Claims go round the lanes, so that no backlog hides another lane. No statement here waits for a row that
-- somebody else has locked: `append` locks rows in an order of its own, and would be drawn into deadlocks.

CREATE TABLE work (
    tenant uuid NOT NULL,
    kind text NOT NULL,
    key text NOT NULL,
    due_at timestamptz NOT NULL,
    wake_at timestamptz NOT NULL,
    lease_until timestamptz,
    holder uuid,
    attempts integer NOT NULL DEFAULT 0, -- begun since it was last owed
    revision bigint NOT NULL DEFAULT 1,
    parked_at timestamptz,
    error text, -- of the last try: never personal text
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, kind, key)
) WITH (
    fillfactor = 70,
    -- Rows live for milliseconds: without an eager vacuum the lanes' fronts fill up with dead index entries.
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
    autovacuum_vacuum_cost_delay = 0, autovacuum_vacuum_insert_threshold = -1
);
CREATE INDEX work_lanes ON work (tenant, kind, wake_at) WHERE parked_at IS NULL;
CREATE INDEX work_parked ON work (tenant, kind, parked_at) WHERE parked_at IS NOT NULL;

ALTER TABLE work ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON work USING (tenant = nullif(current_setting('retrace.tenant', true), '')::uuid);
CREATE POLICY runner ON work TO retrace_runner USING (true);
GRANT SELECT ON work TO retrace_app, retrace_projector;
GRANT SELECT, UPDATE, DELETE ON work TO retrace_runner;

-- Lease up to `most` due rows, evenly over the lanes that come after (`after_tenant`, `after_kind`) in a circle, passing over the
-- tenants in `busy`. It steps from one lane that has due rows to the next, inside the index, and so costs the same whatever the backlog.
-- `last_tenant`, `last_kind`: where to go on; `whole`: all lanes were looked at; `oldest`: nothing that was seen waits for longer.
-- Rows that have waited since before `since` are passed over (NULL: none). Dead rows are what a lane begins with, and while somebody
-- keeps an old snapshot, a backup perhaps, every look at one costs a visit of the table.
CREATE FUNCTION claim_work(
    serves text[], leases double precision[], claimer uuid, after_tenant uuid, after_kind text, busy uuid[], most integer,
    since timestamptz, OUT last_tenant uuid, OUT last_kind text, OUT whole boolean, OUT oldest timestamptz,
    OUT tenants uuid[], OUT kinds text[], OUT keys text[], OUT due timestamptz[], OUT tries integer[], OUT revisions bigint[]
) LANGUAGE plpgsql
SET search_path = retrace, pg_temp
SET enable_seqscan = off -- plans are made while the table is empty and must hold when it is not
SET enable_bitmapscan = off
SET enable_sort = off
SET enable_incremental_sort = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    began timestamptz := clock_timestamp();
    wrapped boolean := false;
    t uuid;
    k text;
    waits_since timestamptz;
    lane_tenants uuid[] := '{}';
    lane_kinds text[] := '{}';
    due_rows tid[];
BEGIN
    last_tenant := after_tenant;
    last_kind := after_kind;
    whole := false;
    oldest := began;
    since := coalesce(since, '-infinity');
    WHILE cardinality(lane_kinds) < most LOOP
        SELECT w.tenant, w.kind, w.wake_at INTO t, k, waits_since FROM work w
        WHERE w.tenant = last_tenant AND w.kind > last_kind AND w.wake_at BETWEEN since AND began AND w.parked_at IS NULL
        ORDER BY w.tenant, w.kind, w.wake_at LIMIT 1;
        IF NOT FOUND THEN
            SELECT w.tenant, w.kind, w.wake_at INTO t, k, waits_since FROM work w
            WHERE w.tenant > last_tenant AND w.wake_at BETWEEN since AND began AND w.parked_at IS NULL
            ORDER BY w.tenant, w.kind, w.wake_at LIMIT 1;
        END IF;
        IF NOT FOUND AND NOT wrapped THEN
            wrapped := true;
            last_tenant := '00000000-0000-0000-0000-000000000000';
            last_kind := '';
        ELSIF NOT FOUND OR wrapped AND (t, k) > (after_tenant, after_kind) THEN
            whole := true;
            EXIT;
        ELSE
            last_tenant := t;
            last_kind := k;
            IF k = ANY (serves) THEN
                oldest := least(oldest, waits_since);
                IF NOT t = ANY (busy) THEN
                    lane_tenants := lane_tenants || t;
                    lane_kinds := lane_kinds || k;
                END IF;
            END IF;
        END IF;
    END LOOP;

    SELECT array_agg(r.ctid) INTO due_rows
    FROM unnest(lane_tenants, lane_kinds) AS l (tenant, kind)
    CROSS JOIN LATERAL (
        SELECT w.ctid FROM work w
        WHERE w.tenant = l.tenant AND w.kind = l.kind AND w.wake_at BETWEEN since AND began AND w.parked_at IS NULL
        ORDER BY w.tenant, w.kind, w.wake_at LIMIT most / cardinality(lane_kinds)
        FOR UPDATE SKIP LOCKED
    ) r;

    -- A second statement, because it sees what the locks found: a row's newest version, not the one of the first snapshot.
    WITH claimed AS (
        UPDATE work w SET holder = claimer, attempts = w.attempts + 1,
            lease_until = began + leases[array_position(serves, w.kind)] * interval '1 second',
            wake_at = began + leases[array_position(serves, w.kind)] * interval '1 second'
        WHERE w.ctid = ANY (due_rows)
        RETURNING w.tenant, w.kind, w.key, w.due_at, w.attempts, w.revision
    )
    SELECT array_agg(c.tenant), array_agg(c.kind), array_agg(c.key), array_agg(c.due_at), array_agg(c.attempts), array_agg(c.revision)
    INTO tenants, kinds, keys, due, tries, revisions FROM claimed c;
END
$$;

-- Make leases longer. `renewed` and `lost` (to another holder) are places in the arguments; a row in neither is locked at the moment, or
-- was settled by its worker's own save.
CREATE FUNCTION renew_work(
    tenants uuid[], kinds text[], keys text[], holders uuid[], serves text[], leases double precision[],
    OUT renewed integer[], OUT lost integer[]
) LANGUAGE plpgsql
SET search_path = retrace, pg_temp
SET enable_seqscan = off
SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    began timestamptz := clock_timestamp();
    held_rows tid[];
BEGIN
    -- Looked up one by one: a join is planned the wrong way round when the statistics are those of an empty table.
    SELECT array_agg(u.n), array_agg(h.ctid) INTO renewed, held_rows
    FROM unnest(tenants, kinds, keys, holders) WITH ORDINALITY AS u (tenant, kind, key, holder, n)
    CROSS JOIN LATERAL (
        SELECT w.ctid FROM work w
        WHERE w.tenant = u.tenant AND w.kind = u.kind AND w.key = u.key AND w.holder = u.holder
        FOR UPDATE SKIP LOCKED
    ) h;
    UPDATE work w SET
        lease_until = began + leases[array_position(serves, w.kind)] * interval '1 second',
        wake_at = greatest(w.due_at, began + leases[array_position(serves, w.kind)] * interval '1 second')
    WHERE w.ctid = ANY (held_rows);
    SELECT array_agg(u.n) INTO lost
    FROM unnest(tenants, kinds, keys, holders) WITH ORDINALITY AS u (tenant, kind, key, holder, n)
    WHERE u.holder <> (SELECT w.holder FROM work w WHERE w.tenant = u.tenant AND w.kind = u.kind AND w.key = u.key);
END
$$;

-- Say how tries ended. Outcomes: 0 done, 1 due again at `again`, 2 failed, to be tried again `waits` seconds from now, 3 failed for the
-- last time: park, 4 given back, which does not count as a try: due `waits` seconds from now. A row that was owed again meanwhile is
-- neither removed nor parked; it becomes due at its due_at. The last four arguments are empty when all
-- are done. Rows of another holder stay as they are. `busy`: places in the arguments whose rows are locked at the moment; say those again.
CREATE FUNCTION finish_work(
    tenants uuid[], kinds text[], keys text[], holders uuid[], revisions bigint[],
    outcomes integer[], again timestamptz[], waits double precision[], errors text[], OUT busy integer[]
) LANGUAGE plpgsql
SET search_path = retrace, pg_temp
SET enable_seqscan = off
SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    ended timestamptz := clock_timestamp();
    held integer[];
    held_rows tid[];
    same boolean[];
    removable tid[];
    n integer;
    outcome integer;
    wait double precision;
BEGIN
    SELECT array_agg(u.n), array_agg(h.ctid), array_agg(h.revision = u.revision),
        array_agg(h.ctid) FILTER (WHERE h.revision = u.revision AND coalesce(outcomes[u.n], 0) = 0)
    INTO held, held_rows, same, removable
    FROM unnest(tenants, kinds, keys, holders, revisions) WITH ORDINALITY AS u (tenant, kind, key, holder, revision, n)
    CROSS JOIN LATERAL (
        SELECT w.ctid, w.revision FROM work w
        WHERE w.tenant = u.tenant AND w.kind = u.kind AND w.key = u.key AND w.holder = u.holder
        FOR UPDATE SKIP LOCKED
    ) h;
    DELETE FROM work w WHERE w.ctid = ANY (removable);
    IF cardinality(held) > coalesce(cardinality(removable), 0) THEN
        FOR i IN 1 .. cardinality(held) LOOP
            n := held[i];
            outcome := coalesce(outcomes[n], 0);
            CONTINUE WHEN same[i] AND outcome = 0;
            wait := least(coalesce(waits[n], 0), CASE WHEN NOT same[i] THEN 1 END);
            UPDATE work w SET
                holder = NULL,
                lease_until = NULL,
                due_at = CASE WHEN same[i] AND outcome = 1 THEN again[n] ELSE w.due_at END,
                wake_at = CASE
                    WHEN same[i] AND outcome = 1 THEN again[n]
                    ELSE greatest(w.due_at, ended + wait * interval '1 second') END,
                attempts = CASE WHEN same[i] AND outcome = 1 THEN 0 WHEN outcome = 4 THEN greatest(w.attempts - 1, 0) ELSE w.attempts END,
                parked_at = CASE WHEN same[i] AND outcome = 3 THEN ended END,
                error = CASE WHEN outcome IN (2, 3) THEN errors[n] WHEN outcome = 4 THEN coalesce(errors[n], w.error) END
            WHERE w.ctid = held_rows[i];
        END LOOP;
    END IF;
    IF coalesce(cardinality(held), 0) < cardinality(tenants) THEN
        SELECT array_agg(u.n) INTO busy
        FROM unnest(tenants, kinds, keys, holders) WITH ORDINALITY AS u (tenant, kind, key, holder, n)
        WHERE u.holder = (SELECT w.holder FROM work w WHERE w.tenant = u.tenant AND w.kind = u.kind AND w.key = u.key)
            AND u.n <> ALL (coalesce(held, '{}'));
    END IF;
END
$$;

REVOKE ALL ON FUNCTION claim_work, renew_work, finish_work FROM public;
GRANT EXECUTE ON FUNCTION claim_work, renew_work, finish_work TO retrace_runner;
