-- Chunks of more than files. What is written by hand changes often, and each change is known by its place in its stream: so an old text can
-- be told from a new one, in whatever order those come who put them in place and take them away.
ALTER TABLE chunks ADD COLUMN source text NOT NULL DEFAULT 'document'; -- 'document', 'knowledge'
ALTER TABLE chunks ADD COLUMN revision integer; -- version of the stream that they are made of; null where that is not asked for
