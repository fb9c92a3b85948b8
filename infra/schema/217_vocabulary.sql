-- Words of a document, sealed under its key: what is spelled wrongly in a question is looked up in them. They go with their row.
ALTER TABLE posting_documents ADD COLUMN words bytea;

-- Documents without them get them by the work of 216_index_words.sql, again where that is under way.
INSERT INTO posting_statistics (tenant) SELECT DISTINCT tenant FROM chunks ON CONFLICT DO NOTHING;
INSERT INTO work AS w (tenant, kind, key, due_at, wake_at)
SELECT DISTINCT tenant, 'index_words', 'all', now(), now() FROM chunks ON CONFLICT (tenant, kind, key) DO UPDATE SET revision = w.revision + 1;
