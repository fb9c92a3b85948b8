-- Chunks of documents with their vectors. Made from files by work, so they can be made again; texts are sealed.

CREATE TABLE chunks (
    tenant uuid NOT NULL,
    document uuid NOT NULL,
    ordinal integer NOT NULL,
    id text NOT NULL, -- of the passage: a hash of the document's content and the chunk's
    model text NOT NULL, -- that made the vector
    embedding public.halfvec NOT NULL, -- its dimension is the model's
    page integer,
    section bytea, -- sealed
    tokens integer NOT NULL,
    title bytea NOT NULL, -- sealed
    content bytea NOT NULL, -- sealed
    PRIMARY KEY (tenant, document, ordinal)
);
ALTER TABLE chunks ALTER COLUMN content SET STORAGE EXTERNAL;
CREATE INDEX chunks_model ON chunks (tenant, model);

ALTER TABLE chunks ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON chunks USING (tenant = nullif(current_setting('retrace.tenant', true), '')::uuid);
GRANT SELECT, INSERT, DELETE ON chunks TO retrace_app;
