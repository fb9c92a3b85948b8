-- Vectors apart from the sealed texts of their chunks. Exact search reads every vector of a tenant, and texts of the best few only: so
-- the vectors lie side by side in an index that alone answers (docs/documents.md).
CREATE TABLE vectors (
    tenant uuid NOT NULL,
    document uuid NOT NULL,
    ordinal integer NOT NULL, -- of the chunk in its document
    model text COLLATE "C" NOT NULL, -- that made the vector
    embedding public.halfvec NOT NULL, -- its dimension is the model's
    placed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, document, ordinal, model)
) WITH (
    -- A page that was not vacuumed since it was written is read beside the index. What is new is vacuumed soon; that reads new pages only.
    autovacuum_vacuum_insert_threshold = 1000, autovacuum_vacuum_insert_scale_factor = 0.01,
    autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.02,
    toast_tuple_target = 8160 -- a vector lies in its row as long as a page holds it
);
INSERT INTO vectors (tenant, document, ordinal, model, embedding)
SELECT tenant, document, ordinal, model, embedding FROM chunks;

-- A row of an index has 2,704 bytes at most. Vectors of more dimensions are read from the table.
-- In the order in which they came: ids of documents are hashes, so by document each one would come into the middle of an index whose pages split
-- in halves; at the end of a tenant's part they fill them.
CREATE INDEX vectors_exact ON vectors (tenant, model, placed_at, document, ordinal) INCLUDE (embedding)
WHERE public.vector_dims(embedding) <= 1024;

ALTER TABLE vectors ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON vectors USING (tenant = (SELECT tenant()));
GRANT SELECT, INSERT, DELETE ON vectors TO retrace_app;
GRANT SELECT, DELETE ON vectors TO retrace_eraser;

ALTER TABLE chunks DROP COLUMN model, DROP COLUMN embedding; -- and the index chunks_model
CLUSTER chunks USING chunks_pkey; -- written anew without them
ALTER TABLE chunks SET WITHOUT CLUSTER;
