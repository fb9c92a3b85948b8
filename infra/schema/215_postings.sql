-- Keyword search: postings of words in chunks, in fixed segments. docs/decisions/0005-own-postings.md explains it.
--
-- Chunks of a tenant have numbers that grow and are never used again; a segment has 4,096 of them. A term is a keyed hash under a secret
-- of the tenant's: no word stands in clear. Every writing transaction takes the tenant's row of `posting_statistics` before any posting.

CREATE TABLE posting_statistics (
    tenant uuid PRIMARY KEY,
    chunks bigint NOT NULL DEFAULT 0,
    tokens bigint NOT NULL DEFAULT 0,
    next bigint NOT NULL DEFAULT 0, -- number of the next chunk
    languages text[] NOT NULL DEFAULT '{}' -- that documents were in, ISO 639-1
) WITH (fillfactor = 50);

CREATE TABLE posting_documents (
    tenant uuid NOT NULL,
    document uuid NOT NULL,
    base bigint NOT NULL, -- number of its first chunk
    chunks integer NOT NULL,
    tokens bigint NOT NULL,
    PRIMARY KEY (tenant, document)
);
CREATE UNIQUE INDEX posting_documents_base ON posting_documents (tenant, base);

CREATE TABLE postings (
    tenant uuid NOT NULL,
    term bigint NOT NULL,
    seg integer NOT NULL,
    n integer NOT NULL,
    rel smallint[] NOT NULL, -- numbers of the chunks within the segment, ascending
    packed smallint[] NOT NULL, -- of each: how often it is there, at most 31, << 10 | words of the chunk, at most 1,023
    PRIMARY KEY (tenant, term, seg)
) WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.05);

ALTER TABLE posting_statistics ENABLE ROW LEVEL SECURITY;
ALTER TABLE posting_documents ENABLE ROW LEVEL SECURITY;
ALTER TABLE postings ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON posting_statistics USING (tenant = (SELECT tenant()));
CREATE POLICY tenant ON posting_documents USING (tenant = (SELECT tenant()));
CREATE POLICY tenant ON postings USING (tenant = (SELECT tenant()));
GRANT SELECT, INSERT, UPDATE ON posting_statistics TO retrace_app;
GRANT SELECT, UPDATE, DELETE ON posting_statistics TO retrace_eraser;
GRANT SELECT, INSERT, DELETE ON posting_documents TO retrace_app;
GRANT SELECT, DELETE ON posting_documents TO retrace_eraser;
GRANT SELECT, INSERT, UPDATE, DELETE ON postings TO retrace_app;
GRANT SELECT, UPDATE, DELETE ON postings TO retrace_eraser;

-- Takes a document out of the postings, whose words need not be known for it. As whoever calls it, under that role's policy.
CREATE FUNCTION remove_postings(of_document uuid) RETURNS void LANGUAGE plpgsql SECURITY INVOKER
SET search_path = retrace, pg_temp
AS $$
DECLARE
    ours uuid := tenant();
    was posting_documents;
BEGIN
    PERFORM FROM posting_statistics s WHERE s.tenant = ours FOR UPDATE;
    DELETE FROM posting_documents d WHERE d.tenant = ours AND d.document = of_document RETURNING d.* INTO was;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    -- A document's chunks follow one another: what is of it in a row are its places `low` + 1 to `high`.
    WITH here AS MATERIALIZED (
        SELECT p.term, p.seg,
            width_bucket((greatest(was.base - p.seg * 4096::bigint, 0) - 1)::smallint, p.rel) AS low,
            width_bucket(least(was.base + was.chunks - 1 - p.seg * 4096::bigint, 4095)::smallint, p.rel) AS high
        FROM postings p
        WHERE p.tenant = ours AND p.seg BETWEEN was.base >> 12 AND (was.base + was.chunks - 1) >> 12
    ), gone AS (
        DELETE FROM postings p USING here h
        WHERE p.tenant = ours AND p.term = h.term AND p.seg = h.seg AND h.high - h.low = p.n AND p.n > 0
    )
    UPDATE postings p SET
        n = p.n - (h.high - h.low),
        rel = p.rel[:h.low] || p.rel[h.high + 1:],
        packed = p.packed[:h.low] || p.packed[h.high + 1:]
    FROM here h
    WHERE p.tenant = ours AND p.term = h.term AND p.seg = h.seg AND h.high > h.low AND h.high - h.low < p.n;
    UPDATE posting_statistics s SET chunks = s.chunks - was.chunks, tokens = s.tokens - was.tokens WHERE s.tenant = ours;
END
$$;
REVOKE ALL ON FUNCTION remove_postings FROM public;
GRANT EXECUTE ON FUNCTION remove_postings TO retrace_app, retrace_eraser;
