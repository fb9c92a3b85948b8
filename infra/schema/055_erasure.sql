-- What the role that erases may do, beside blanking payloads (010_log.sql).

GRANT SELECT, DELETE ON subject_keys, snapshots, idempotency TO retrace_eraser;
