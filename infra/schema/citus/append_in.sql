-- What a save does (append.sql), in the tables of all, each statement planned by Citus anew. Of it are made, for each shard, `append_in_SHARD`,
-- which names that shard's tables (infra/citus/shards.py): their statements are PostgreSQL's own alone, planned once a session.
--
-- Known inbox keys are looked for first, not found by an insert that fails: whoever holds the head is the only one who adds keys.
CREATE FUNCTION append_in(
    of_tenant uuid, h_events bigint,
    -- commands: their context
    c_correlation uuid[], c_causation uuid[],
    -- events, in the order of their commands; `nth` counts within the tenant
    e_command integer[], e_nth bigint[], e_stream uuid[], e_version integer[], e_topic text[],
    e_recorded_at timestamptz[], e_actor text[], e_payload bytea[], e_digest bytea[], e_hash bytea[],
    -- streams: for each stream of each command the place of its first event, and the hash that this one follows ('': none)
    s_event integer[], s_previous bytea[],
    -- inbox keys, with the place of their command's first event
    i_event integer[], i_key text[],
    -- work that becomes due, with the event that it comes of, and work that is settled: where there is a `holder`, only where that still has
    -- the row and nobody has owed it anew since
    w_command integer[], w_kind text[], w_key text[], w_due_at timestamptz[], w_causation uuid[], w_holder uuid[], w_lease integer[],
    d_command integer[], d_kind text[], d_key text[], d_holder uuid[], d_revision bigint[],
    -- changes of tallies, in the order of their commands, and the tallies
    t_command integer[], t_tally integer[], t_change bigint[], t_low bigint[], t_high bigint[],
    y_kind text[], y_key text[],
    -- keys of new subjects
    k_command integer[], k_subject uuid[], k_generation integer[], k_wrapped bytea[],
    OUT verdicts smallint[], OUT effects bigint[], OUT base bigint, OUT nths bigint[], OUT leased uuid[]
) LANGUAGE plpgsql
SET search_path = retrace, pg_temp
AS $$
DECLARE
    earliest timestamptz := clock_timestamp() - interval '15 seconds';
    latest timestamptz := clock_timestamp() + interval '5 seconds';
    began timestamptz;
    lost boolean := false;
    sums bigint[];
    before bigint[];
    begun integer;
    n integer;
    verdict smallint;
    effect bigint;
    until timestamptz;
    gone text;
BEGIN
    verdicts := array_fill(0::smallint, ARRAY[cardinality(c_correlation)]);
    nths := e_nth;

    -- Lock the head, and reserve a number for every event.
    INSERT INTO heads AS h (tenant, seq) VALUES (of_tenant, h_events)
    ON CONFLICT (tenant) DO UPDATE SET seq = h.seq + excluded.seq
    RETURNING h.seq - h_events, h.closed_until INTO base, until;
    began := clock_timestamp();
    IF until > began THEN
        SELECT m.place INTO gone FROM tenant_moves m WHERE m.tenant = of_tenant AND m.state = 'moved';
        RAISE restrict_violation USING MESSAGE = CASE WHEN gone IS NULL THEN 'tenant is moving' ELSE 'tenant has moved' END,
            DETAIL = coalesce(gone, '');
    END IF;

    -- Streams that have moved on, and writers whose clock is off. Where the very event is there, an earlier try has done it.
    FOR n, verdict, effect IN
        SELECT s.command, CASE WHEN s.recorded_at NOT BETWEEN earliest AND latest THEN 5 ELSE 2 END,
            (SELECT x.seq FROM events x WHERE x.tenant = of_tenant AND x.stream = s.stream AND x.version = s.version AND x.hash = s.hash)
        FROM (
            SELECT e_command[i.event], e_recorded_at[i.event], e_stream[i.event], e_version[i.event], e_hash[i.event], i.previous,
                (SELECT int4send(x.version) || x.hash FROM events x WHERE x.tenant = of_tenant AND x.stream = e_stream[i.event] ORDER BY x.version DESC LIMIT 1)
            FROM unnest(s_event, s_previous) AS i (event, previous)
        ) s (command, recorded_at, stream, version, hash, previous, last)
        WHERE s.recorded_at NOT BETWEEN earliest AND latest OR NOT CASE
            WHEN s.last IS NULL THEN s.version <= 1 AND s.previous = ''
            ELSE s.last = int4send(s.version - 1) || s.previous END
    LOOP
        effects := coalesce(effects, array_fill(0::bigint, ARRAY[cardinality(c_correlation)]));
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
            SELECT x.command FROM ( -- looked up one by one: a join without nested loops would read all of the tenant's
                SELECT k.command, (SELECT s.generation FROM subject_keys s WHERE s.tenant = of_tenant AND s.subject = k.subject)
                FROM unnest(k_command, k_subject) AS k (command, subject)
            ) x (command, known) WHERE x.known IS NOT NULL
        LOOP
            verdicts[n] := CASE WHEN verdicts[n] = 0 THEN 4 ELSE verdicts[n] END;
            lost := true;
        END LOOP;
    END IF;

    -- Inbox keys that are known.
    IF cardinality(i_key) > 0 THEN
        FOR n, effect IN
            SELECT x.command, x.seq FROM ( -- one by one, as above
                SELECT e_command[i.event], (SELECT y.seq FROM inbox y WHERE y.tenant = of_tenant AND y.key = i.key)
                FROM unnest(i_event, i_key) AS i (event, key)
            ) x (command, seq) WHERE x.seq IS NOT NULL
        LOOP
            effects := coalesce(effects, array_fill(0::bigint, ARRAY[cardinality(c_correlation)]));
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
        SELECT array_agg(coalesce(x.value, 0) ORDER BY x.n) INTO sums FROM (
            SELECT y.n, (SELECT t.value FROM tally t WHERE t.tenant = of_tenant AND t.kind = y.kind AND t.key = y.key)
            FROM unnest(y_kind, y_key) WITH ORDINALITY AS y (kind, key, n)
        ) x (n, value);
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
        INSERT INTO tally AS t (tenant, kind, key, value)
            SELECT of_tenant, y.kind, y.key, y.value FROM unnest(y_kind, y_key, sums, before) AS y (kind, key, value, before) WHERE y.value <> y.before
            ON CONFLICT (tenant, kind, key) DO UPDATE SET value = excluded.value;
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
            SELECT of_tenant, i.key, base + nths[i.event], e_recorded_at[i.event]
        FROM unnest(i_event, i_key) AS i (event, key) WHERE verdicts[e_command[i.event]] = 0;
    END IF;

    INSERT INTO events (tenant, seq, stream, version, topic, recorded_at, actor, correlation, causation, payload, digest, hash)
        SELECT of_tenant, base + e.nth, e.stream, e.version, e.topic, e.recorded_at, e.actor,
            c_correlation[e.command], c_causation[e.command], e.payload, e.digest, e.hash
        FROM unnest(e_command, nths, e_stream, e_version, e_topic, e_recorded_at, e_actor, e_payload, e_digest, e_hash)
            AS e (command, nth, stream, version, topic, recorded_at, actor, payload, digest, hash)
        WHERE verdicts[e.command] = 0;

    IF cardinality(w_command) > 0 THEN
        WITH owed AS (
                INSERT INTO work AS w (tenant, kind, key, due_at, wake_at, holder, lease_until, attempts, correlation, causation)
                SELECT DISTINCT ON (2, 3) of_tenant, x.kind, x.key, x.due_at, greatest(x.due_at, x.until),
                    x.holder, x.until, CASE WHEN x.holder IS NULL THEN 0 ELSE 1 END, c_correlation[x.command], x.causation
                FROM (
                    SELECT y.*, CASE WHEN y.holder IS NOT NULL THEN began + y.lease * interval '1 second' END AS until
                    FROM unnest(w_command, w_kind, w_key, w_due_at, w_causation, w_holder, w_lease)
                    AS y (command, kind, key, due_at, causation, holder, lease)
                ) x
                WHERE verdicts[x.command] = 0
                ORDER BY 2, 3, x.command DESC -- several commands may owe the same; the last one says when, and why
                ON CONFLICT (tenant, kind, key) DO UPDATE SET
                    due_at = excluded.due_at, wake_at = greatest(excluded.due_at, w.lease_until), revision = w.revision + 1,
                    attempts = 0, parked_at = NULL, error = NULL, correlation = excluded.correlation, causation = excluded.causation
                RETURNING w.holder
            )
        SELECT array_agg(o.holder) INTO leased FROM owed o WHERE o.holder = ANY (w_holder);
    END IF;

    FOR i IN 1 .. cardinality(d_command) LOOP
        CONTINUE WHEN verdicts[d_command[i]] <> 0;
        DELETE FROM work w WHERE w.tenant = of_tenant AND w.kind = d_kind[i] AND w.key = d_key[i]
            AND (d_holder[i] IS NULL OR w.holder = d_holder[i] AND w.revision = d_revision[i]);
        GET DIAGNOSTICS effect = ROW_COUNT;
        IF d_holder[i] IS NOT NULL AND effect = 0 THEN -- owed anew since it was leased: it stays, and is free, as finish_work has it
            UPDATE work w SET holder = NULL, lease_until = NULL, wake_at = w.due_at
                WHERE w.tenant = of_tenant AND w.kind = d_kind[i] AND w.key = d_key[i] AND w.holder = d_holder[i];
        END IF;
    END LOOP;

    IF cardinality(k_command) > 0 THEN
        INSERT INTO subject_keys (tenant, subject, generation, wrapped)
            SELECT of_tenant, k.subject, k.generation, k.wrapped
            FROM unnest(k_command, k_subject, k_generation, k_wrapped) AS k (command, subject, generation, wrapped) WHERE verdicts[k.command] = 0;
    END IF;
END
$$;
REVOKE ALL ON FUNCTION append_in FROM public;
