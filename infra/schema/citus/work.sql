-- Work on a Citus, under the names and arguments of the files beside this folder: 120, 015 and 122 say what each gives and why.
--
-- Rows are named by their keys, because a ctid is a shard's own. Who waits is asked of all nodes at once; rows are locked and changed
-- tenant by tenant, for SKIP LOCKED holds within one shard. Nothing here waits for a row that somebody else has locked, either.

-- A claim reads the index entries of all that is due, where the plain one steps from lane to lane.
CREATE OR REPLACE FUNCTION claim_work(
    serves text[], leases double precision[], claimer uuid, after_tenant uuid, after_kind text, busy uuid[], most integer,
    since timestamptz, OUT last_tenant uuid, OUT last_kind text, OUT whole boolean, OUT oldest timestamptz,
    OUT tenants uuid[], OUT kinds text[], OUT keys text[], OUT due timestamptz[], OUT tries integer[], OUT revisions bigint[],
    OUT correlations uuid[], OUT causations uuid[]
) LANGUAGE plpgsql
SET search_path = retrace, pg_temp
SET jit = off
AS $$
DECLARE
    began timestamptz := clock_timestamp();
    most_lanes integer := most + cardinality(busy) * cardinality(serves);
    seen integer := 0;
    lane record;
    found_key record;
    claimed record;
    lane_tenants uuid[] := '{}';
    lane_kinds text[] := '{}';
    picked text[];
    lease timestamptz;
BEGIN
    last_tenant := after_tenant;
    last_kind := after_kind;
    whole := false;
    oldest := began;
    since := coalesce(since, '-infinity');
    FOR lane IN
        SELECT w.tenant, w.kind, min(w.wake_at) AS waits_since FROM work w
        WHERE w.wake_at BETWEEN since AND began AND w.parked_at IS NULL AND w.kind = ANY (serves)
        GROUP BY w.tenant, w.kind
        ORDER BY w.tenant < after_tenant OR w.tenant = after_tenant AND w.kind <= after_kind, w.tenant, w.kind
        LIMIT most_lanes
    LOOP
        EXIT WHEN cardinality(lane_kinds) = most;
        seen := seen + 1;
        oldest := least(oldest, lane.waits_since);
        last_tenant := lane.tenant;
        last_kind := lane.kind;
        IF NOT lane.tenant = ANY (busy) THEN
            lane_tenants := lane_tenants || lane.tenant;
            lane_kinds := lane_kinds || lane.kind;
        END IF;
    END LOOP;
    whole := seen < most_lanes AND cardinality(lane_kinds) < most;

    FOR i IN 1 .. cardinality(lane_kinds) LOOP
        picked := '{}';
        FOR found_key IN
            SELECT w.key FROM work w
            WHERE w.tenant = lane_tenants[i] AND w.kind = lane_kinds[i] AND w.wake_at BETWEEN since AND began AND w.parked_at IS NULL
            ORDER BY w.wake_at LIMIT most / cardinality(lane_kinds)
            FOR UPDATE SKIP LOCKED
        LOOP
            picked := picked || found_key.key;
        END LOOP;
        CONTINUE WHEN cardinality(picked) = 0;
        lease := began + leases[array_position(serves, lane_kinds[i])] * interval '1 second';
        -- A second statement, because it sees what the locks found: a row's newest version, not the one of the first snapshot.
        FOR claimed IN
            UPDATE work w SET holder = claimer, attempts = w.attempts + 1, lease_until = lease, wake_at = lease
            WHERE w.tenant = lane_tenants[i] AND w.kind = lane_kinds[i] AND w.key = ANY (picked)
            RETURNING w.tenant, w.kind, w.key, w.due_at, w.attempts, w.revision, w.correlation, w.causation
        LOOP
            tenants := tenants || claimed.tenant;
            kinds := kinds || claimed.kind;
            keys := keys || claimed.key;
            due := due || claimed.due_at;
            tries := tries || claimed.attempts;
            revisions := revisions || claimed.revision;
            correlations := correlations || claimed.correlation;
            causations := causations || claimed.causation;
        END LOOP;
    END LOOP;
END
$$;

CREATE OR REPLACE FUNCTION renew_work(
    tenants uuid[], kinds text[], keys text[], holders uuid[], serves text[], leases double precision[],
    OUT renewed integer[], OUT lost integer[]
) LANGUAGE plpgsql
SET search_path = retrace, pg_temp
SET jit = off
AS $$
DECLARE
    began timestamptz := clock_timestamp();
    lease timestamptz;
    holds uuid;
BEGIN
    FOR n IN 1 .. cardinality(tenants) LOOP
        PERFORM 1 FROM work w
        WHERE w.tenant = tenants[n] AND w.kind = kinds[n] AND w.key = keys[n] AND w.holder = holders[n]
        FOR UPDATE SKIP LOCKED;
        IF FOUND THEN
            lease := began + leases[array_position(serves, kinds[n])] * interval '1 second';
            UPDATE work w SET lease_until = lease, wake_at = greatest(w.due_at, lease)
            WHERE w.tenant = tenants[n] AND w.kind = kinds[n] AND w.key = keys[n];
            renewed := renewed || n;
        ELSE
            SELECT w.holder INTO holds FROM work w WHERE w.tenant = tenants[n] AND w.kind = kinds[n] AND w.key = keys[n];
            IF holds <> holders[n] THEN
                lost := lost || n;
            END IF;
        END IF;
    END LOOP;
END
$$;

-- A tenant's items of a kind are locked by one statement, and those that are done go by another.
CREATE OR REPLACE FUNCTION finish_work(
    tenants uuid[], kinds text[], keys text[], holders uuid[], revisions bigint[],
    outcomes integer[], again timestamptz[], waits double precision[], errors text[], OUT busy integer[]
) LANGUAGE plpgsql
SET search_path = retrace, pg_temp
SET jit = off
AS $$
DECLARE
    ended timestamptz := clock_timestamp();
    lane record;
    held record;
    done text[];
    places jsonb;
    n integer;
    same boolean;
    outcome integer;
    wait double precision;
    next_due timestamptz;
    next_wake timestamptz;
BEGIN
    FOR lane IN
        SELECT i.tenant, i.kind, array_agg(i.key) AS keys, array_agg(i.holder) AS holders,
            jsonb_object_agg(i.key || ' ' || i.holder, i.n) AS places -- of those that are not found yet
        FROM unnest(tenants, kinds, keys, holders) WITH ORDINALITY AS i (tenant, kind, key, holder, n)
        GROUP BY i.tenant, i.kind ORDER BY i.tenant, i.kind
    LOOP
        done := '{}';
        places := lane.places;
        FOR held IN
            SELECT w.key, w.holder, w.revision FROM work w
            WHERE w.tenant = lane.tenant AND w.kind = lane.kind AND w.key = ANY (lane.keys) AND w.holder = ANY (lane.holders)
            ORDER BY w.key
            FOR UPDATE SKIP LOCKED
        LOOP
            n := places -> (held.key || ' ' || held.holder);
            CONTINUE WHEN n IS NULL; -- another one's of these has it
            places := places - (held.key || ' ' || held.holder);
            same := held.revision = revisions[n];
            outcome := coalesce(outcomes[n], 0);
            IF same AND outcome = 0 THEN
                done := done || held.key;
                CONTINUE;
            END IF;
            wait := least(coalesce(waits[n], 0), CASE WHEN NOT same THEN 1 END);
            next_due := CASE WHEN same AND outcome = 1 THEN again[n] END;
            next_wake := coalesce(next_due, ended + wait * interval '1 second');
            UPDATE work w SET
                holder = NULL,
                lease_until = NULL,
                due_at = coalesce(next_due, w.due_at),
                wake_at = CASE WHEN next_due IS NULL THEN greatest(w.due_at, next_wake) ELSE next_due END,
                attempts = CASE WHEN same AND outcome = 1 THEN 0 WHEN outcome = 4 THEN greatest(w.attempts - 1, 0) ELSE w.attempts END,
                parked_at = CASE WHEN same AND outcome = 3 THEN ended END,
                error = CASE WHEN outcome IN (2, 3) THEN errors[n] WHEN outcome = 4 THEN coalesce(errors[n], w.error) END
            WHERE w.tenant = lane.tenant AND w.kind = lane.kind AND w.key = held.key;
        END LOOP;
        IF cardinality(done) > 0 THEN
            DELETE FROM work w WHERE w.tenant = lane.tenant AND w.kind = lane.kind AND w.key = ANY (done);
        END IF;
        IF places <> '{}' THEN
            FOR held IN
                SELECT w.key, w.holder FROM work w
                WHERE w.tenant = lane.tenant AND w.kind = lane.kind AND w.key = ANY (lane.keys) AND w.holder = ANY (lane.holders)
            LOOP
                n := places -> (held.key || ' ' || held.holder);
                IF n IS NOT NULL THEN -- its row is locked by somebody else
                    busy := busy || n;
                END IF;
            END LOOP;
        END IF;
    END LOOP;
END
$$;

CREATE OR REPLACE FUNCTION lease_work(
    of_tenant uuid, of_kind text, of_key text, claimer uuid, seconds double precision,
    OUT state integer, OUT due timestamptz, OUT tries integer, OUT revision bigint, OUT correlation uuid, OUT causation uuid
) LANGUAGE plpgsql
SET search_path = retrace, pg_temp
SET jit = off
AS $$
DECLARE
    began timestamptz := clock_timestamp();
    lease timestamptz := began + seconds * interval '1 second';
    taken boolean;
    parked timestamptz;
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    SELECT w.lease_until > began OR w.error IS NOT NULL AND w.wake_at > began, w.parked_at INTO taken, parked FROM work w
    WHERE w.tenant = of_tenant AND w.kind = of_kind AND w.key = of_key FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        PERFORM 1 FROM work w WHERE w.tenant = of_tenant AND w.kind = of_kind AND w.key = of_key AND w.parked_at IS NULL;
        state := CASE WHEN FOUND THEN 1 ELSE 2 END;
    ELSIF parked IS NOT NULL THEN
        state := 2;
    ELSIF taken THEN
        state := 1;
    ELSE
        state := 0;
        UPDATE work w SET holder = claimer, attempts = w.attempts + 1, lease_until = lease, wake_at = greatest(w.due_at, lease)
        WHERE w.tenant = of_tenant AND w.kind = of_kind AND w.key = of_key
        RETURNING w.due_at, w.attempts, w.revision, w.correlation, w.causation INTO due, tries, revision, correlation, causation;
    END IF;
END
$$;
