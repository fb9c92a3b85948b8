-- Large tenants may have an approximate index of their own beside exact search: a partial HNSW over their vectors of one model
-- (docs/documents.md). Who builds and drops them owns the table that they are on, and nothing else; nobody who serves requests may.

RESET ROLE; -- roles are made by whoever migrates
DO $$
BEGIN
    BEGIN
        CREATE ROLE retrace_indexer NOLOGIN NOSUPERUSER NOBYPASSRLS;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL; -- made for another database of this cluster
    END;
    IF NOT pg_has_role(current_user, 'retrace_indexer', 'SET') THEN
        EXECUTE format('GRANT retrace_indexer TO %I', current_user);
    END IF;
END
$$;
SET LOCAL ROLE retrace_owner;
GRANT USAGE, CREATE ON SCHEMA retrace TO retrace_indexer; -- an index lies in the schema of its table
RESET ROLE;
ALTER TABLE retrace.vectors OWNER TO retrace_indexer;
SET LOCAL ROLE retrace_owner;
GRANT EXECUTE ON FUNCTION tenant TO retrace_indexer; -- the table's policy asks it

-- The index that a tenant has. Its row is there before it, so that one that was cut off is known to be.
CREATE TABLE vector_indexes (
    tenant uuid PRIMARY KEY,
    name text NOT NULL,
    model text COLLATE "C" NOT NULL,
    dimension integer NOT NULL,
    built_at timestamptz, -- NULL: under way, or cut off
    ef integer -- candidates of a search that goes by it; NULL: on trial, searches are exact
);

-- Of real searches, measured beside exact ones: how many of the ten nearest the index found. Figures only; no question is kept.
CREATE TABLE vector_recalls (
    tenant uuid NOT NULL,
    name text NOT NULL, -- of the index
    ef integer NOT NULL,
    found smallint NOT NULL,
    queries bigint NOT NULL,
    PRIMARY KEY (tenant, name, ef, found)
) WITH (fillfactor = 50);

ALTER TABLE vector_indexes ENABLE ROW LEVEL SECURITY;
ALTER TABLE vector_recalls ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON vector_indexes USING (tenant = (SELECT tenant()));
CREATE POLICY tenant ON vector_recalls USING (tenant = (SELECT tenant()));
CREATE POLICY indexer ON vector_indexes FOR SELECT TO retrace_indexer USING (true);
CREATE POLICY runner ON vector_indexes FOR SELECT TO retrace_runner USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON vector_indexes, vector_recalls TO retrace_app;
GRANT SELECT, DELETE ON vector_indexes, vector_recalls TO retrace_eraser;
GRANT SELECT ON vector_indexes TO retrace_indexer, retrace_runner;

-- Owes a look at each tenant with `at_least` chunks or more, and at each that has an index. It tells nothing of them.
CREATE FUNCTION owe_vector_reviews(at_least bigint) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = retrace, pg_temp
AS $$
    INSERT INTO work (tenant, kind, key, due_at, wake_at)
    SELECT tenant, 'review_vector_index', 'nearest', now(), now() FROM (
        SELECT tenant FROM posting_statistics WHERE chunks >= at_least UNION SELECT tenant FROM vector_indexes
    ) large
    ON CONFLICT DO NOTHING
$$;
REVOKE ALL ON FUNCTION owe_vector_reviews FROM public;
GRANT EXECUTE ON FUNCTION owe_vector_reviews TO retrace_runner;
