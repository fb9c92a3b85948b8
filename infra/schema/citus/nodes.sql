-- Where a tenant's rows lie, for who saves there; by the coordinator, which has that as its own. No row: nowhere yet.
CREATE OR REPLACE FUNCTION node_of(of_tenant uuid, OUT host text, OUT port integer, OUT in_group integer) RETURNS SETOF record
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = retrace, pg_temp
AS $$
BEGIN
    RETURN QUERY SELECT n.nodename, n.nodeport, n.groupid
    FROM pg_catalog.pg_dist_placement p JOIN pg_catalog.pg_dist_node n ON n.groupid = p.groupid
    WHERE p.shardid = get_shard_id_for_distribution_column('heads', of_tenant) AND n.isactive AND n.noderole = 'primary';
END
$$;
REVOKE ALL ON FUNCTION node_of FROM public;
GRANT EXECUTE ON FUNCTION node_of TO retrace_writer;
