-- Rotation of master and tenant keys: which master key wrapped a tenant's key, and the one role that may wrap keys anew.

RESET ROLE; -- roles are made by the superuser that migrates
DO $$
BEGIN
    BEGIN
        CREATE ROLE retrace_keeper NOLOGIN NOSUPERUSER NOBYPASSRLS;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL; -- made for another database of this cluster
    END;
    IF NOT pg_has_role(current_user, 'retrace_keeper', 'SET') THEN
        EXECUTE format('GRANT retrace_keeper TO %I', current_user);
    END IF;
END
$$;
SET LOCAL ROLE retrace_owner;

ALTER TABLE tenant_keys ADD COLUMN master bytea; -- fingerprint of the master key, 8 bytes; NULL: not known, every one is tried
GRANT USAGE ON SCHEMA retrace TO retrace_keeper;
GRANT SELECT, INSERT, UPDATE (wrapped, master) ON tenant_keys TO retrace_keeper;
GRANT SELECT, UPDATE (generation, wrapped) ON subject_keys TO retrace_keeper;
