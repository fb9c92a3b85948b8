-- Which subjects' keys were destroyed: ids only, for good. So nobody makes such a subject another key, and every process drops from
-- its memory what another one has destroyed (infra/crypto/forgetting.py).

CREATE TABLE destroyed_keys (
    tenant uuid NOT NULL,
    subject uuid NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant, subject)
);
CREATE INDEX destroyed_keys_at ON destroyed_keys (tenant, at);
ALTER TABLE destroyed_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON destroyed_keys USING (tenant = nullif(current_setting('retrace.tenant', true), '')::uuid);
CREATE POLICY runner ON destroyed_keys FOR SELECT TO retrace_runner USING (true);
GRANT SELECT ON destroyed_keys TO retrace_app, retrace_projector, retrace_runner;
GRANT SELECT, INSERT ON destroyed_keys TO retrace_eraser;
GRANT SELECT, DELETE ON chunks TO retrace_eraser;

-- Whether the subject still has its key; it keeps it until the caller's transaction ends. The application may not lock rows of keys
-- itself, because whoever may lock them may change them.
CREATE FUNCTION hold_key(of_subject uuid) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
SET search_path = retrace, pg_temp
AS $$
BEGIN
    PERFORM FROM subject_keys
    WHERE tenant = nullif(current_setting('retrace.tenant', true), '')::uuid AND subject = of_subject
    FOR KEY SHARE;
    RETURN FOUND;
END
$$;
REVOKE ALL ON FUNCTION hold_key FROM public;
GRANT EXECUTE ON FUNCTION hold_key TO retrace_app;
