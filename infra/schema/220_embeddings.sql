-- Vectors that were paid for, by a keyed hash of the text that they were made of: what is processed again, or was cut off, pays for none
-- twice. Sealed under the key of the document whose passage it is, and gone with it; read by none but the pipeline (docs/embeddings.md).
CREATE TABLE embeddings (
    tenant uuid NOT NULL,
    document uuid NOT NULL,
    model text COLLATE "C" NOT NULL, -- and dimension: the vector space
    key uuid NOT NULL,
    vector bytea NOT NULL,
    PRIMARY KEY (tenant, document, model, key)
);
ALTER TABLE embeddings ALTER COLUMN vector SET STORAGE EXTERNAL; -- what is sealed can't be compressed
CREATE INDEX embeddings_of_texts ON embeddings (tenant, model, key);

-- What calls have cost that gave the vectors which were kept in the same moment, until it is on record. Figures only, sealed under the
-- tenant's key: they outlive the document.
CREATE TABLE embedding_calls (
    tenant uuid NOT NULL,
    call uuid NOT NULL,
    paid bytea NOT NULL,
    PRIMARY KEY (tenant, call)
);

ALTER TABLE embeddings ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON embeddings USING (tenant = (SELECT tenant()));
GRANT SELECT, INSERT, DELETE ON embeddings TO retrace_app;
GRANT SELECT, DELETE ON embeddings TO retrace_eraser;

ALTER TABLE embedding_calls ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON embedding_calls USING (tenant = (SELECT tenant()));
GRANT SELECT, INSERT, DELETE ON embedding_calls TO retrace_app;
GRANT SELECT, DELETE ON embedding_calls TO retrace_eraser;
