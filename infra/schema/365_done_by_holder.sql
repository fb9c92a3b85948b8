-- Work that is settled by who has its row, with the very save that says what came of it: the row goes unless somebody has owed it anew meanwhile.
-- Whoever does it then needs no transaction more to say so.

-- As 340_moves.sql has it, but for what is settled by a holder. That one, with two arguments less, stays: roles of the version before call it
-- as long as they run beside new ones.
CREATE FUNCTION append(
    -- heads: the tenants of this batch, and for how many events
    h_tenant uuid[], h_events bigint[],
    -- commands: their tenant, and their context
    c_tenant uuid[], c_correlation uuid[], c_causation uuid[],
    -- events, in the order of their commands; `nth` counts within the tenant, `head` is the tenant's place in h_tenant
    e_command integer[], e_head integer[], e_nth bigint[], e_stream uuid[], e_version integer[], e_topic text[],
    e_recorded_at timestamptz[], e_actor text[], e_payload bytea[], e_digest bytea[], e_hash bytea[],
    -- streams: for each stream of each command the place of its first event, and the hash that this one follows ('': none)
    s_event integer[], s_previous bytea[],
    -- inbox keys, with the place of their command's first event
    i_event integer[], i_key text[],
    -- work that becomes due, with the event that it comes of, and work that is settled: where there is a `holder`, only where that still has
    -- the row and nobody has owed it anew since
    w_command integer[], w_kind text[], w_key text[], w_due_at timestamptz[], w_causation uuid[], w_holder uuid[], w_lease integer[],
    d_command integer[], d_kind text[], d_key text[], d_holder uuid[], d_revision bigint[],
    -- changes of tallies, in the order of their commands, and the tallies: `head` is the tenant's place in h_tenant
    t_command integer[], t_tally integer[], t_change bigint[], t_low bigint[], t_high bigint[],
    y_head integer[], y_kind text[], y_key text[],
    -- keys of new subjects
    k_command integer[], k_subject uuid[], k_generation integer[], k_wrapped bytea[],
    OUT verdicts smallint[], OUT effects bigint[], OUT bases bigint[], OUT nths bigint[], OUT leased uuid[]
) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = retrace, pg_temp
SET enable_nestloop = off -- a join with a data-modifying CTE is planned for one row and would go quadratic
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    earliest timestamptz := clock_timestamp() - interval '15 seconds';
    latest timestamptz := clock_timestamp() + interval '5 seconds';
    known integer;
    lost boolean := false;
    sums bigint[];
    before bigint[];
    repeated boolean[];
    begun integer;
    n integer;
    verdict smallint;
    effect bigint;
    until timestamptz;
    gone text;
BEGIN
    verdicts := array_fill(0::smallint, ARRAY[cardinality(c_tenant)]);
    nths := e_nth;

    -- Lock the heads, in the order of tenants, and reserve a number for every event.
    FOR n IN 1 .. cardinality(h_tenant) LOOP
        INSERT INTO heads AS h (tenant, seq) VALUES (h_tenant[n], h_events[n])
        ON CONFLICT (tenant) DO UPDATE SET seq = h.seq + excluded.seq
        RETURNING h.seq - h_events[n], h.closed_until INTO effect, until;
        bases[n] := effect;
        IF until > clock_timestamp() THEN
            SELECT m.place INTO gone FROM tenant_moves m WHERE m.tenant = h_tenant[n] AND m.state = 'moved';
            RAISE restrict_violation USING MESSAGE = CASE WHEN gone IS NULL THEN 'tenant is moving' ELSE 'tenant has moved' END,
                DETAIL = coalesce(gone, '');
        END IF;
    END LOOP;

    -- Streams that have moved on, and writers whose clock is off. Where the very event is there, an earlier try has done it.
    FOR n, verdict, effect IN
        SELECT e_command[s_event[i]],
            CASE WHEN e_recorded_at[s_event[i]] NOT BETWEEN earliest AND latest THEN 5 ELSE 2 END,
            (SELECT x.seq FROM events x WHERE x.tenant = c_tenant[e_command[s_event[i]]] AND x.stream = e_stream[s_event[i]]
                AND x.version = e_version[s_event[i]] AND x.hash = e_hash[s_event[i]])
        FROM generate_series(1, cardinality(s_event)) AS i
        LEFT JOIN LATERAL (
            SELECT x.version, x.hash FROM events x
            WHERE x.tenant = c_tenant[e_command[s_event[i]]] AND x.stream = e_stream[s_event[i]] ORDER BY x.version DESC LIMIT 1
        ) last ON true
        WHERE e_recorded_at[s_event[i]] NOT BETWEEN earliest AND latest OR NOT CASE
            WHEN last.version IS NULL THEN e_version[s_event[i]] <= 1 AND s_previous[i] = ''
            ELSE last.version = e_version[s_event[i]] - 1 AND last.hash = s_previous[i] END
    LOOP
        effects := coalesce(effects, array_fill(0::bigint, ARRAY[cardinality(c_tenant)]));
        IF effect IS NOT NULL THEN
            verdicts[n] := 1;
            effects[n] := CASE WHEN effects[n] = 0 THEN effect ELSE least(effect, effects[n]) END;
        ELSIF verdicts[n] <> 1 THEN
            verdicts[n] := verdict;
        END IF;
        lost := true;
    END LOOP;

    IF cardinality(k_command) > 0 THEN
        FOR n IN
            SELECT x.command FROM ( -- one by one, for the same reason as the inbox keys below
                SELECT k.command, (SELECT s.generation FROM subject_keys s WHERE s.tenant = c_tenant[k.command] AND s.subject = k.subject)
                FROM unnest(k_command, k_subject) AS k (command, subject)
            ) x (command, known) WHERE x.known IS NOT NULL
        LOOP
            verdicts[n] := CASE WHEN verdicts[n] = 0 THEN 4 ELSE verdicts[n] END;
            lost := true;
        END LOOP;
    END IF;

    -- Limits shared by many commands: all of a command's tallies hold, or none is changed. A change away from a bound always may be.
    -- A duplicate changes no tally, so known inbox keys are looked for first. Each tally is read once and written once, however many
    -- commands change it: nobody else changes them while we hold the head.
    IF cardinality(t_command) > 0 THEN
        SELECT array_agg(coalesce(x.value, 0) ORDER BY x.i) INTO sums FROM (
            SELECT i, (SELECT y.value FROM tally y WHERE y.tenant = h_tenant[y_head[i]] AND y.kind = y_kind[i] AND y.key = y_key[i])
            FROM generate_series(1, cardinality(y_head)) AS i
        ) x (i, value);
        before := sums;
        repeated := array_fill(false, ARRAY[cardinality(c_tenant)]);
        FOR n IN
            SELECT x.command FROM ( -- looked up one by one: a join without nested loops would read the whole inbox
                SELECT e_command[i.event], (SELECT y.seq FROM inbox y WHERE y.tenant = c_tenant[e_command[i.event]] AND y.key = i.key)
                FROM unnest(i_event, i_key) AS i (event, key)
            ) x (command, seq) WHERE x.seq IS NOT NULL
        LOOP
            repeated[n] := true;
        END LOOP;
        begun := 1;
        FOR i IN 1 .. cardinality(t_command) LOOP
            n := t_command[i];
            IF verdicts[n] = 0 AND NOT repeated[n] AND (t_change[i] > 0 AND sums[t_tally[i]] + t_change[i] > t_high[i]
                OR t_change[i] < 0 AND sums[t_tally[i]] + t_change[i] < t_low[i])
            THEN
                verdicts[n] := 3;
                lost := true;
            END IF;
            IF i = cardinality(t_command) OR t_command[i + 1] <> n THEN -- the last one of this command
                IF verdicts[n] = 0 AND NOT repeated[n] THEN
                    FOR j IN begun .. i LOOP
                        sums[t_tally[j]] := sums[t_tally[j]] + t_change[j];
                    END LOOP;
                END IF;
                begun := i + 1;
            END IF;
        END LOOP;
        INSERT INTO tally AS y (tenant, kind, key, value)
        SELECT h_tenant[y_head[i]], y_kind[i], y_key[i], sums[i] FROM generate_series(1, cardinality(y_head)) AS i
        WHERE sums[i] <> before[i]
        ON CONFLICT (tenant, kind, key) DO UPDATE SET value = excluded.value;
    END IF;

    -- Inbox keys are taken without a look, for they are seldom known; if one is, the duplicates are named and the rest is tried again.
    -- Losers have no number and take no key, so each round begins with the numbering of those that are left.
    LOOP
        IF lost THEN
            SELECT array_agg(x.nth ORDER BY x.n) INTO nths FROM (
                SELECT e.n, count(*) FILTER (WHERE verdicts[e.command] = 0) OVER (PARTITION BY e.head ORDER BY e.n) AS nth
                FROM unnest(e_command, e_head) WITH ORDINALITY AS e (command, head, n)
            ) x;
        END IF;
        EXIT WHEN cardinality(i_key) = 0;
        BEGIN
            INSERT INTO inbox (tenant, key, seq, recorded_at)
            SELECT c_tenant[e_command[i_event[i]]], i_key[i], bases[e_head[i_event[i]]] + nths[i_event[i]], e_recorded_at[i_event[i]]
            FROM generate_series(1, cardinality(i_key)) AS i WHERE verdicts[e_command[i_event[i]]] = 0;
            EXIT;
        EXCEPTION WHEN unique_violation THEN
            known := 0;
            effects := coalesce(effects, array_fill(0::bigint, ARRAY[cardinality(c_tenant)]));
            FOR n, effect IN
                SELECT x.command, x.seq FROM (
                    -- looked up one by one: a join without nested loops would read the whole inbox
                    SELECT e_command[i.event], (SELECT y.seq FROM inbox y WHERE y.tenant = c_tenant[e_command[i.event]] AND y.key = i.key)
                    FROM unnest(i_event, i_key) AS i (event, key) WHERE verdicts[e_command[i.event]] = 0
                ) x (command, seq) WHERE x.seq IS NOT NULL
            LOOP
                verdicts[n] := 1;
                effects[n] := effect;
                known := known + 1;
            END LOOP;
            IF known = 0 THEN
                RAISE; -- one key twice in this batch: the caller's fault
            END IF;
            lost := true;
        END;
    END LOOP;

    IF lost THEN -- give back the numbers that were not used, so that no hole is left
        UPDATE heads h SET seq = h.seq - gone.events
        FROM (
            SELECT h_tenant[e.head] AS tenant, count(*) AS events FROM unnest(e_command, e_head) AS e (command, head)
            WHERE verdicts[e.command] <> 0 GROUP BY 1
        ) gone
        WHERE h.tenant = gone.tenant;
    END IF;

    INSERT INTO events (tenant, seq, stream, version, topic, recorded_at, actor, correlation, causation, payload, digest, hash)
    SELECT c_tenant[e_command[e]], bases[e_head[e]] + nths[e], e_stream[e], e_version[e], e_topic[e], e_recorded_at[e], e_actor[e],
        c_correlation[e_command[e]], c_causation[e_command[e]], e_payload[e], e_digest[e], e_hash[e]
    FROM generate_series(1, cardinality(e_command)) AS e WHERE verdicts[e_command[e]] = 0;

    IF cardinality(w_command) > 0 THEN
        WITH owed AS (
            INSERT INTO work AS w (tenant, kind, key, due_at, wake_at, holder, lease_until, attempts, correlation, causation)
            SELECT DISTINCT ON (1, 2, 3) c_tenant[x.command], x.kind, x.key, x.due_at, greatest(x.due_at, x.until),
                x.holder, x.until, CASE WHEN x.holder IS NULL THEN 0 ELSE 1 END, c_correlation[x.command], x.causation
            FROM (
                SELECT y.*, CASE WHEN y.holder IS NOT NULL THEN clock_timestamp() + y.lease * interval '1 second' END AS until
                FROM unnest(w_command, w_kind, w_key, w_due_at, w_causation, w_holder, w_lease)
                    AS y (command, kind, key, due_at, causation, holder, lease)
            ) x
            WHERE verdicts[x.command] = 0
            ORDER BY 1, 2, 3, x.command DESC -- several commands may owe the same; the last one says when, and why
            ON CONFLICT (tenant, kind, key) DO UPDATE SET
                due_at = excluded.due_at, wake_at = greatest(excluded.due_at, w.lease_until), revision = w.revision + 1,
                attempts = 0, parked_at = NULL, error = NULL, correlation = excluded.correlation, causation = excluded.causation
            RETURNING w.holder
        )
        SELECT array_agg(o.holder) INTO leased FROM owed o WHERE o.holder = ANY (w_holder);
    END IF;

    IF cardinality(d_command) > 0 THEN
        FOR n IN 1 .. cardinality(d_command) LOOP -- one by one: a join without nested loops would read all of a backlog
            CONTINUE WHEN verdicts[d_command[n]] <> 0;
            DELETE FROM work w
            WHERE w.tenant = c_tenant[d_command[n]] AND w.kind = d_kind[n] AND w.key = d_key[n]
                AND (d_holder[n] IS NULL OR w.holder = d_holder[n] AND w.revision = d_revision[n]);
            IF d_holder[n] IS NOT NULL AND NOT FOUND THEN -- owed anew since it was leased: it stays, and is free, as finish_work has it
                UPDATE work w SET holder = NULL, lease_until = NULL, wake_at = w.due_at
                WHERE w.tenant = c_tenant[d_command[n]] AND w.kind = d_kind[n] AND w.key = d_key[n] AND w.holder = d_holder[n];
            END IF;
        END LOOP;
    END IF;

    IF cardinality(k_command) > 0 THEN
        INSERT INTO subject_keys (tenant, subject, generation, wrapped)
        SELECT c_tenant[k.command], k.subject, k.generation, k.wrapped
        FROM unnest(k_command, k_subject, k_generation, k_wrapped) AS k (command, subject, generation, wrapped)
        WHERE verdicts[k.command] = 0;
    END IF;
END
$$;
DO $$
DECLARE
    each regprocedure;
BEGIN
    FOR each IN SELECT oid FROM pg_proc WHERE proname = 'append' AND pronamespace = 'retrace'::regnamespace LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM public', each);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO retrace_writer', each);
    END LOOP;
END;
$$;
