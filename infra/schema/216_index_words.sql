-- Documents that were indexed before there were postings get them: their words are indexed by work, once for each tenant, out of the
-- sealed texts that are there. The work is owed again by a later file like this one whenever other terms come of a text (`made`).

ALTER TABLE posting_documents ADD COLUMN made smallint NOT NULL DEFAULT 1; -- by which rules: `RULES` in domain/retrieval/terms.py

-- Whoever writes postings waits for the tenant's row here: it is there before the first of them.
INSERT INTO posting_statistics (tenant) SELECT DISTINCT tenant FROM chunks ON CONFLICT DO NOTHING;

INSERT INTO work (tenant, kind, key, due_at, wake_at)
SELECT DISTINCT tenant, 'index_words', 'all', now(), now() FROM chunks ON CONFLICT DO NOTHING;
