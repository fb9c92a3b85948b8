-- When each session of an operator was last used, within a minute: by it a session that is idle ends. The session itself is in the log
-- (operator.signed_in …): a row here opens nothing, and without one a session counts as last used when it began.

CREATE TABLE operator_sessions (
    tenant uuid NOT NULL,
    operator uuid NOT NULL,
    session text NOT NULL,
    used_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, operator, session)
) WITH (fillfactor = 50);
ALTER TABLE operator_sessions ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON operator_sessions USING (tenant = (SELECT tenant()));
GRANT SELECT, INSERT, UPDATE, DELETE ON operator_sessions TO retrace_app;
GRANT SELECT, DELETE ON operator_sessions TO retrace_eraser;
