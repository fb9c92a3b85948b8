-- A tenant that moves to another deployment, or comes from one: docs/moving.md. Where its log may not be written at the moment, its head says so:
-- whoever appends has to change that row, so nobody gets past. A tenant that stays costs an append nothing but the look at one column.

ALTER TABLE heads ADD COLUMN closed_by uuid; -- the move
ALTER TABLE heads ADD COLUMN closed_until timestamptz; -- infinity: it is not here (any more, or yet)

CREATE TABLE tenant_moves (
    tenant uuid PRIMARY KEY,
    move uuid NOT NULL, -- the same on both sides
    state text NOT NULL CHECK (state IN ('leaving', 'moved', 'arriving', 'arrived')),
    place text NOT NULL, -- what callers are told of the other side; it is no secret
    began_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
ALTER TABLE tenant_moves ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON tenant_moves USING (tenant = (SELECT tenant()));
CREATE POLICY runner ON tenant_moves FOR SELECT TO retrace_runner USING (true);
GRANT SELECT ON tenant_moves TO retrace_app, retrace_projector, retrace_runner;

-- Only whoever moves it (who says so with `retrace.move`) may write while it is closed.
CREATE FUNCTION refuse_closed() RETURNS trigger LANGUAGE plpgsql
SET search_path = retrace, pg_temp
AS $$
DECLARE
    gone text;
BEGIN
    IF NEW.closed_until <= clock_timestamp() OR current_setting('retrace.move', true) IN (OLD.closed_by::text, NEW.closed_by::text) THEN
        RETURN NEW;
    END IF;
    SELECT m.place INTO gone FROM tenant_moves m WHERE m.tenant = NEW.tenant AND m.state = 'moved';
    RAISE restrict_violation USING MESSAGE = CASE WHEN gone IS NULL THEN 'tenant is moving' ELSE 'tenant has moved' END, DETAIL = coalesce(gone, '');
END
$$;
CREATE TRIGGER closed BEFORE UPDATE ON heads FOR EACH ROW WHEN (OLD.closed_until IS NOT NULL) EXECUTE FUNCTION refuse_closed();

-- As 280_alert_looks.sql has it, but for tenants that are not here.
CREATE OR REPLACE FUNCTION owe_alert_looks(spread double precision) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = retrace, pg_temp
AS $$
    INSERT INTO work (tenant, kind, key, due_at, wake_at)
    SELECT tenant, 'evaluate_alerts', 'all', at, at FROM (
        SELECT h.tenant, now() + random() * spread * interval '1 second' AS at FROM heads h
        WHERE h.closed_until IS NULL AND EXISTS (SELECT FROM tenant_keys k WHERE k.tenant = h.tenant)
            AND NOT EXISTS (SELECT FROM work w WHERE w.tenant = h.tenant AND w.kind = 'evaluate_alerts' AND w.key = 'all')
        OFFSET 0
    ) missing
    ON CONFLICT DO NOTHING
$$;
