"""A deployment: read models, work, schema, backups."""
