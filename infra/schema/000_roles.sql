-- Roles of one cluster, and the schema. Run by a superuser; made again for each database, so each statement may find its work done.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['retrace_owner', 'retrace_app', 'retrace_writer', 'retrace_projector', 'retrace_runner', 'retrace_eraser'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS', name);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL; -- made for another database of this cluster
        END;
        IF NOT pg_has_role(current_user, name, 'SET') THEN
            EXECUTE format('GRANT %I TO %I', name, current_user);
        END IF;
    END LOOP;
END
$$;

CREATE EXTENSION IF NOT EXISTS vector;
CREATE SCHEMA retrace AUTHORIZATION retrace_owner;
GRANT USAGE ON SCHEMA retrace TO retrace_app, retrace_writer, retrace_projector, retrace_runner, retrace_eraser;
