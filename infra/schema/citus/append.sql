-- `append` of the newest file beside this folder, for one tenant a call: the call goes whole to the node that holds the tenant, by its first
-- argument, and each statement names that tenant, so none of them leaves the node. The arguments are those of `append`, behind the tenant's.
--
-- The shard's metadata are locked as Citus locks them for a statement that writes there: whoever moves or splits the shard waits until the
-- transaction ends. From then on it is known whether the tenant's rows lie on this node. Where they do, and their shard has an `append_in` of
-- its own (`retrace migrate` makes them), that one saves; else that of all tables, which costs a multiple.
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
    shard bigint := get_shard_id_for_distribution_column('heads', of_tenant);
    body text := 'append_in';
    base bigint;
BEGIN
    IF NOT of_tenant = ALL (c_tenant) THEN
        RAISE invalid_parameter_value USING MESSAGE = 'a call is of one tenant''s commands';
    END IF;
    PERFORM lock_shard_metadata(5, ARRAY[shard]); -- ShareLock
    PERFORM 1 FROM pg_catalog.pg_dist_placement p JOIN pg_catalog.pg_dist_local_group l ON l.groupid = p.groupid
    WHERE p.shardid = shard;
    IF FOUND AND to_regproc('append_in_' || shard) IS NOT NULL THEN
        body := 'append_in_' || shard;
    END IF;
    EXECUTE format('SELECT * FROM %I(
        $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30,
        $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41)', body)
        INTO verdicts, effects, base, nths, leased
        USING
            of_tenant, h_events[1], c_correlation, c_causation, e_command, e_nth, e_stream, e_version, e_topic, e_recorded_at, e_actor, e_payload,
            e_digest, e_hash, s_event, s_previous, i_event, i_key, w_command, w_kind, w_key, w_due_at, w_causation, w_holder, w_lease, d_command,
            d_kind, d_key, d_holder, d_revision, t_command, t_tally, t_change, t_low, t_high, y_kind, y_key, k_command, k_subject, k_generation,
            k_wrapped;
    bases := ARRAY[base];
END
$$;
REVOKE ALL ON FUNCTION append_of FROM public;
GRANT EXECUTE ON FUNCTION append_of TO retrace_writer;
