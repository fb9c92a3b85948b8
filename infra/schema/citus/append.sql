-- `append` of the newest file beside this folder, for one tenant a call: the call goes whole to the node that holds the tenant, by its first
-- argument, and each statement names that tenant, so none of them leaves the node. The arguments are those of `append`, behind the tenant's.
--
-- Citus itself plans the statement that takes the head, which holds all of the tenant's shards where they are until the transaction ends:
-- whoever moves or splits them waits for it. What comes after it names the shards, and is PostgreSQL's own alone, which costs a fraction.
-- Known inbox keys are looked for first, not found by an insert that fails: whoever holds the head is the only one who adds keys.

-- Where a tenant's rows of these tables are for whoever holds its head: in its shards, where they lie on this node; else Citus finds them.
CREATE FUNCTION tables_of(of_tenant uuid, tables text[]) RETURNS text[] LANGUAGE plpgsql
SET search_path = retrace, pg_temp
AS $$
DECLARE
    shard bigint := get_shard_id_for_distribution_column('heads', of_tenant); -- as a value: it is volatile, and would be asked for each row
BEGIN
    PERFORM 1 FROM pg_catalog.pg_dist_placement p JOIN pg_catalog.pg_dist_local_group l ON l.groupid = p.groupid
    WHERE p.shardid = shard;
    IF FOUND THEN
        FOR n IN 1 .. cardinality(tables) LOOP
            tables[n] := tables[n] || '_' || get_shard_id_for_distribution_column(tables[n], of_tenant);
        END LOOP;
    END IF;
    RETURN tables;
END
$$;
REVOKE ALL ON FUNCTION tables_of FROM public;

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
    places text[];
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

    places := tables_of(of_tenant, ARRAY['events', 'inbox', 'tally', 'work', 'subject_keys']);

    -- Streams that have moved on, and writers whose clock is off. Where the very event is there, an earlier try has done it.
    FOR n, verdict, effect IN EXECUTE format($q$
        SELECT s.command, CASE WHEN s.recorded_at NOT BETWEEN $7 AND $8 THEN 5 ELSE 2 END,
            (SELECT x.seq FROM %1$I x WHERE x.tenant = $1 AND x.stream = s.stream AND x.version = s.version AND x.hash = s.hash)
        FROM (
            SELECT ($2)[i.event], ($3)[i.event], ($4)[i.event], ($5)[i.event], ($6)[i.event], i.previous,
                (SELECT int4send(x.version) || x.hash FROM %1$I x WHERE x.tenant = $1 AND x.stream = ($4)[i.event] ORDER BY x.version DESC LIMIT 1)
            FROM unnest($9, $10) AS i (event, previous)
        ) s (command, recorded_at, stream, version, hash, previous, last)
        WHERE s.recorded_at NOT BETWEEN $7 AND $8 OR NOT CASE
            WHEN s.last IS NULL THEN s.version <= 1 AND s.previous = ''
            ELSE s.last = int4send(s.version - 1) || s.previous END $q$, places[1])
        USING of_tenant, e_command, e_recorded_at, e_stream, e_version, e_hash, earliest, latest, s_event, s_previous
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
        FOR n IN EXECUTE format($q$
            SELECT x.command FROM ( -- looked up one by one: a join without nested loops would read all of the tenant's
                SELECT k.command, (SELECT s.generation FROM %I s WHERE s.tenant = $1 AND s.subject = k.subject)
                FROM unnest($2, $3) AS k (command, subject)
            ) x (command, known) WHERE x.known IS NOT NULL $q$, places[5])
            USING of_tenant, k_command, k_subject
        LOOP
            verdicts[n] := CASE WHEN verdicts[n] = 0 THEN 4 ELSE verdicts[n] END;
            lost := true;
        END LOOP;
    END IF;

    -- Inbox keys that are known.
    repeated := array_fill(false, ARRAY[cardinality(c_tenant)]);
    IF cardinality(i_key) > 0 THEN
        FOR n, effect IN EXECUTE format($q$
            SELECT x.command, x.seq FROM ( -- one by one, as above
                SELECT ($2)[i.event], (SELECT y.seq FROM %I y WHERE y.tenant = $1 AND y.key = i.key)
                FROM unnest($3, $4) AS i (event, key)
            ) x (command, seq) WHERE x.seq IS NOT NULL $q$, places[2])
            USING of_tenant, e_command, i_event, i_key
        LOOP
            repeated[n] := true;
            effects := coalesce(effects, array_fill(0::bigint, ARRAY[cardinality(c_tenant)]));
            IF verdicts[n] = 0 THEN
                verdicts[n] := 1;
                effects[n] := effect;
                lost := true;
            END IF;
        END LOOP;
    END IF;

    -- Limits shared by many commands: all of a command's tallies hold, or none is changed. A change away from a bound always may be.
    -- A duplicate changes no tally. Each tally is read once and written once, however many commands change it: nobody else changes
    -- them while we hold the head.
    IF cardinality(t_command) > 0 THEN
        EXECUTE format($q$
            SELECT array_agg(coalesce(x.value, 0) ORDER BY x.n) FROM (
                SELECT y.n, (SELECT t.value FROM %I t WHERE t.tenant = $1 AND t.kind = y.kind AND t.key = y.key)
                FROM unnest($2, $3) WITH ORDINALITY AS y (kind, key, n)
            ) x (n, value) $q$, places[3])
            INTO sums USING of_tenant, y_kind, y_key;
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
        EXECUTE format($q$
            INSERT INTO %I AS t (tenant, kind, key, value)
            SELECT $1, y.kind, y.key, y.value FROM unnest($2, $3, $4, $5) AS y (kind, key, value, before) WHERE y.value <> y.before
            ON CONFLICT (tenant, kind, key) DO UPDATE SET value = excluded.value $q$, places[3])
            USING of_tenant, y_kind, y_key, sums, before;
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
        EXECUTE format($q$
            INSERT INTO %I (tenant, key, seq, recorded_at)
            SELECT $1, i.key, $2 + ($3)[i.event], ($4)[i.event] FROM unnest($5, $6) AS i (event, key) WHERE ($7)[($8)[i.event]] = 0 $q$, places[2])
            USING of_tenant, base, nths, e_recorded_at, i_event, i_key, verdicts, e_command;
    END IF;

    EXECUTE format($q$
        INSERT INTO %I (tenant, seq, stream, version, topic, recorded_at, actor, correlation, causation, payload, digest, hash)
        SELECT $1, $2 + e.nth, e.stream, e.version, e.topic, e.recorded_at, e.actor,
            ($3)[e.command], ($4)[e.command], e.payload, e.digest, e.hash
        FROM unnest($6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
            AS e (command, nth, stream, version, topic, recorded_at, actor, payload, digest, hash)
        WHERE ($5)[e.command] = 0 $q$, places[1])
        USING of_tenant, base, c_correlation, c_causation, verdicts,
            e_command, nths, e_stream, e_version, e_topic, e_recorded_at, e_actor, e_payload, e_digest, e_hash;

    IF cardinality(w_command) > 0 THEN
        EXECUTE format($q$
            WITH owed AS (
                INSERT INTO %I AS w (tenant, kind, key, due_at, wake_at, holder, lease_until, attempts, correlation, causation)
                SELECT DISTINCT ON (2, 3) $1, x.kind, x.key, x.due_at, greatest(x.due_at, x.until),
                    x.holder, x.until, CASE WHEN x.holder IS NULL THEN 0 ELSE 1 END, ($2)[x.command], x.causation
                FROM (
                    SELECT y.*, CASE WHEN y.holder IS NOT NULL THEN $3 + y.lease * interval '1 second' END AS until
                    FROM unnest($5, $6, $7, $8, $9, $10, $11) AS y (command, kind, key, due_at, causation, holder, lease)
                ) x
                WHERE ($4)[x.command] = 0
                ORDER BY 2, 3, x.command DESC -- several commands may owe the same; the last one says when, and why
                ON CONFLICT (tenant, kind, key) DO UPDATE SET
                    due_at = excluded.due_at, wake_at = greatest(excluded.due_at, w.lease_until), revision = w.revision + 1,
                    attempts = 0, parked_at = NULL, error = NULL, correlation = excluded.correlation, causation = excluded.causation
                RETURNING w.holder
            )
            SELECT array_agg(o.holder) FROM owed o WHERE o.holder = ANY ($10) $q$, places[4])
            INTO leased USING of_tenant, c_correlation, clock_timestamp(), verdicts,
                w_command, w_kind, w_key, w_due_at, w_causation, w_holder, w_lease;
    END IF;

    FOR i IN 1 .. cardinality(d_command) LOOP
        CONTINUE WHEN verdicts[d_command[i]] <> 0;
        EXECUTE format($q$
            DELETE FROM %I w WHERE w.tenant = $1 AND w.kind = $2 AND w.key = $3 AND ($4 IS NULL OR w.holder = $4 AND w.revision = $5)
            $q$, places[4]) USING of_tenant, d_kind[i], d_key[i], d_holder[i], d_revision[i];
        GET DIAGNOSTICS effect = ROW_COUNT;
        IF d_holder[i] IS NOT NULL AND effect = 0 THEN -- owed anew since it was leased: it stays, and is free, as finish_work has it
            EXECUTE format($q$
                UPDATE %I w SET holder = NULL, lease_until = NULL, wake_at = w.due_at
                WHERE w.tenant = $1 AND w.kind = $2 AND w.key = $3 AND w.holder = $4 $q$, places[4])
                USING of_tenant, d_kind[i], d_key[i], d_holder[i];
        END IF;
    END LOOP;

    IF cardinality(k_command) > 0 THEN
        EXECUTE format($q$
            INSERT INTO %I (tenant, subject, generation, wrapped)
            SELECT $1, k.subject, k.generation, k.wrapped
            FROM unnest($2, $3, $4, $5) AS k (command, subject, generation, wrapped) WHERE ($6)[k.command] = 0 $q$, places[5])
            USING of_tenant, k_command, k_subject, k_generation, k_wrapped, verdicts;
    END IF;
END
$$;
REVOKE ALL ON FUNCTION append_of FROM public;
GRANT EXECUTE ON FUNCTION append_of TO retrace_writer;
