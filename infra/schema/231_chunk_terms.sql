-- What a chunk is found by beside its text, and how it is ranked among others that fit as well.
ALTER TABLE chunks ADD COLUMN terms bytea; -- sealed; null for none
ALTER TABLE chunks ADD COLUMN priority smallint NOT NULL DEFAULT 5; -- 0 to 10
