-- When the text came: of a file its upload, of an entry of the knowledge base its last change. Null: not known, as of all that were put in place before.
ALTER TABLE chunks ADD COLUMN came_at timestamptz;
