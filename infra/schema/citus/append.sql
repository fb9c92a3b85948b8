-- `append` of the newest file beside this folder, for one tenant a call: the call goes whole to the node that holds the tenant, by its first
-- argument, and each statement names that tenant, so none of them leaves the node. The arguments are those of `append`, behind the tenant's.
--
-- Known inbox keys are looked for first, not found by an insert that fails: whoever holds the head is the only one who adds keys. Work is
-- owed row by row, because INSERT … SELECT with RETURNING goes by way of files on a Citus. No generic plans: a statement is routed by the
-- tenant that its plan was made for.
CREATE FUNCTION append_of(
    of_tenant uuid,
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
AS $$
DECLARE
    earliest timestamptz := clock_timestamp() - interval '15 seconds';
    latest timestamptz := clock_timestamp() + interval '5 seconds';
    lost boolean := false;
    base bigint;
    sums bigint[];
    before bigint[];
    repeated boolean[];
    begun integer;
    n integer;
    verdict smallint;
    effect bigint;
    until timestamptz;
    gone text;
    holder uuid;
    known record;
    lease_end timestamptz;
BEGIN
    IF EXISTS (SELECT 1 FROM unnest(c_tenant) AS c (tenant) WHERE c.tenant <> of_tenant) THEN
        RAISE invalid_parameter_value USING MESSAGE = 'a call is of one tenant''s commands';
    END IF;
    verdicts := array_fill(0::smallint, ARRAY[cardinality(c_tenant)]);
    nths := e_nth;

    -- Lock the head, and reserve a number for every event.
    INSERT INTO heads AS h (tenant, seq) VALUES (of_tenant, h_events[1])
    ON CONFLICT (tenant) DO UPDATE SET seq = h.seq + excluded.seq
    RETURNING h.seq - h_events[1], h.closed_until INTO base, until;
    bases := ARRAY[base];
    IF until > clock_timestamp() THEN
        SELECT m.place INTO gone FROM tenant_moves m WHERE m.tenant = of_tenant AND m.state = 'moved';
        RAISE restrict_violation USING MESSAGE = CASE WHEN gone IS NULL THEN 'tenant is moving' ELSE 'tenant has moved' END,
            DETAIL = coalesce(gone, '');
    END IF;

    -- Streams that have moved on, and writers whose clock is off. Where the very event is there, an earlier try has done it.
    FOR n, verdict, effect IN
        SELECT e_command[s_event[i]],
            CASE WHEN e_recorded_at[s_event[i]] NOT BETWEEN earliest AND latest THEN 5 ELSE 2 END,
            (SELECT x.seq FROM events x WHERE x.tenant = of_tenant AND x.stream = e_stream[s_event[i]]
                AND x.version = e_version[s_event[i]] AND x.hash = e_hash[s_event[i]])
        FROM generate_series(1, cardinality(s_event)) AS i
        LEFT JOIN LATERAL (
            SELECT x.version, x.hash FROM events x
            WHERE x.tenant = of_tenant AND x.stream = e_stream[s_event[i]] ORDER BY x.version DESC LIMIT 1
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
        FOR known IN SELECT s.subject FROM subject_keys s WHERE s.tenant = of_tenant AND s.subject = ANY (k_subject) LOOP
            FOR i IN 1 .. cardinality(k_command) LOOP
                IF k_subject[i] = known.subject THEN
                    n := k_command[i];
                    verdicts[n] := CASE WHEN verdicts[n] = 0 THEN 4 ELSE verdicts[n] END;
                    lost := true;
                END IF;
            END LOOP;
        END LOOP;
    END IF;

    -- Inbox keys that are known.
    repeated := array_fill(false, ARRAY[cardinality(c_tenant)]);
    IF cardinality(i_key) > 0 THEN
        FOR known IN SELECT y.key, y.seq FROM inbox y WHERE y.tenant = of_tenant AND y.key = ANY (i_key) LOOP
            n := e_command[i_event[array_position(i_key, known.key)]];
            repeated[n] := true;
            effects := coalesce(effects, array_fill(0::bigint, ARRAY[cardinality(c_tenant)]));
            IF verdicts[n] = 0 THEN
                verdicts[n] := 1;
                effects[n] := known.seq;
                lost := true;
            END IF;
        END LOOP;
    END IF;

    -- Limits shared by many commands: all of a command's tallies hold, or none is changed. A change away from a bound always may be.
    -- A duplicate changes no tally. Each tally is read once and written once, however many commands change it: nobody else changes
    -- them while we hold the head.
    IF cardinality(t_command) > 0 THEN
        sums := array_fill(0::bigint, ARRAY[cardinality(y_head)]);
        FOR i IN 1 .. cardinality(y_head) LOOP
            SELECT y.value INTO effect FROM tally y WHERE y.tenant = of_tenant AND y.kind = y_kind[i] AND y.key = y_key[i];
            sums[i] := coalesce(effect, 0);
        END LOOP;
        before := sums;
        begun := 1;
        FOR i IN 1 .. cardinality(t_command) LOOP
            n := t_command[i];
            IF verdicts[n] = 0 AND (t_change[i] > 0 AND sums[t_tally[i]] + t_change[i] > t_high[i]
                OR t_change[i] < 0 AND sums[t_tally[i]] + t_change[i] < t_low[i])
            THEN
                verdicts[n] := 3;
                lost := true;
            END IF;
            IF i = cardinality(t_command) OR t_command[i + 1] <> n THEN -- the last one of this command
                IF verdicts[n] = 0 THEN
                    FOR j IN begun .. i LOOP
                        sums[t_tally[j]] := sums[t_tally[j]] + t_change[j];
                    END LOOP;
                END IF;
                begun := i + 1;
            END IF;
        END LOOP;
        FOR i IN 1 .. cardinality(y_head) LOOP
            CONTINUE WHEN sums[i] = before[i];
            INSERT INTO tally (tenant, kind, key, value) VALUES (of_tenant, y_kind[i], y_key[i], sums[i])
            ON CONFLICT (tenant, kind, key) DO UPDATE SET value = excluded.value;
        END LOOP;
    END IF;

    IF lost THEN -- losers have no number: number those that are left, and give back the rest, so that no hole is left
        effect := 0;
        FOR i IN 1 .. cardinality(e_command) LOOP
            IF verdicts[e_command[i]] = 0 THEN
                effect := effect + 1;
            END IF;
            nths[i] := effect;
        END LOOP;
        UPDATE heads h SET seq = base + effect WHERE h.tenant = of_tenant;
    END IF;

    IF cardinality(i_key) > 0 THEN
        INSERT INTO inbox (tenant, key, seq, recorded_at)
        SELECT of_tenant, i_key[i], base + nths[i_event[i]], e_recorded_at[i_event[i]]
        FROM generate_series(1, cardinality(i_key)) AS i WHERE verdicts[e_command[i_event[i]]] = 0;
    END IF;

    INSERT INTO events (tenant, seq, stream, version, topic, recorded_at, actor, correlation, causation, payload, digest, hash)
    SELECT of_tenant, base + nths[e], e_stream[e], e_version[e], e_topic[e], e_recorded_at[e], e_actor[e],
        c_correlation[e_command[e]], c_causation[e_command[e]], e_payload[e], e_digest[e], e_hash[e]
    FROM generate_series(1, cardinality(e_command)) AS e WHERE verdicts[e_command[e]] = 0;

    FOR i IN 1 .. cardinality(w_command) LOOP -- several commands may owe the same; the last one says when, and why
        n := w_command[i];
        CONTINUE WHEN verdicts[n] <> 0 OR EXISTS (
            SELECT 1 FROM generate_series(i + 1, cardinality(w_command)) AS j
            WHERE w_kind[j] = w_kind[i] AND w_key[j] = w_key[i] AND verdicts[w_command[j]] = 0);
        lease_end := CASE WHEN w_holder[i] IS NOT NULL THEN clock_timestamp() + w_lease[i] * interval '1 second' END;
        INSERT INTO work AS w (tenant, kind, key, due_at, wake_at, holder, lease_until, attempts, correlation, causation)
        VALUES (of_tenant, w_kind[i], w_key[i], w_due_at[i], greatest(w_due_at[i], lease_end),
            w_holder[i], lease_end, CASE WHEN w_holder[i] IS NULL THEN 0 ELSE 1 END, c_correlation[n], w_causation[i])
        ON CONFLICT (tenant, kind, key) DO UPDATE SET
            due_at = excluded.due_at, wake_at = greatest(excluded.due_at, w.lease_until), revision = w.revision + 1,
            attempts = 0, parked_at = NULL, error = NULL, correlation = excluded.correlation, causation = excluded.causation
        RETURNING w.holder INTO holder;
        IF holder = ANY (w_holder) THEN
            leased := leased || holder;
        END IF;
    END LOOP;

    FOR i IN 1 .. cardinality(d_command) LOOP
        CONTINUE WHEN verdicts[d_command[i]] <> 0;
        DELETE FROM work w WHERE w.tenant = of_tenant AND w.kind = d_kind[i] AND w.key = d_key[i]
            AND (d_holder[i] IS NULL OR w.holder = d_holder[i] AND w.revision = d_revision[i]);
        IF d_holder[i] IS NOT NULL AND NOT FOUND THEN -- owed anew since it was leased: it stays, and is free, as finish_work has it
            UPDATE work w SET holder = NULL, lease_until = NULL, wake_at = w.due_at
            WHERE w.tenant = of_tenant AND w.kind = d_kind[i] AND w.key = d_key[i] AND w.holder = d_holder[i];
        END IF;
    END LOOP;

    FOR i IN 1 .. cardinality(k_command) LOOP
        IF verdicts[k_command[i]] = 0 THEN
            INSERT INTO subject_keys (tenant, subject, generation, wrapped)
            VALUES (of_tenant, k_subject[i], k_generation[i], k_wrapped[i]);
        END IF;
    END LOOP;
END
$$;
REVOKE ALL ON FUNCTION append_of FROM public;
GRANT EXECUTE ON FUNCTION append_of TO retrace_writer;
