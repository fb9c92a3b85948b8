-- Vectors of a tenant in the order in which they came. Ids of documents are hashes, so by document each one came into the middle of an index
-- whose pages split in halves; at the end of a tenant's part they fill them.
ALTER TABLE vectors ADD COLUMN placed_at timestamptz NOT NULL DEFAULT now(); -- of those that are there one time: the index is made from them in order
DROP INDEX vectors_exact;
CREATE INDEX vectors_exact ON vectors (tenant, model, placed_at, document, ordinal) INCLUDE (embedding)
WHERE public.vector_dims(embedding) <= 1024;
