-- Since when a line wants these topics: processes hear of it some seconds later. And a digest of where it tells them, so that one that was
-- mended is tried at once.
ALTER TABLE webhook_lines ADD COLUMN topics_at timestamptz NOT NULL DEFAULT now(), ADD COLUMN target bytea;
