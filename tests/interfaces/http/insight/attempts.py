"""What an analyst's login may try, and is refused. Everything here is said by PostgreSQL's own rules to be not allowed.

`{analyst}` is another tenant's login, `{tenant}` and `{conversation}` are another tenant's, `{pid}` is a session of the service's.
"""

from __future__ import annotations

ROLES = """
SET ROLE postgres; SET ROLE retrace_owner; SET ROLE retrace_builder; SET ROLE retrace_publisher; SET ROLE retrace_registrar; SET ROLE retrace_app
SET ROLE retrace_projector; SET ROLE retrace_runner; SET ROLE retrace_eraser; SET ROLE retrace_writer; SET ROLE retrace_keeper; SET ROLE retrace_indexer
SET ROLE retrace_analyst; SET ROLE {analyst}; SET ROLE pg_read_all_data; SET ROLE pg_monitor; SET ROLE pg_signal_backend; SET ROLE pg_database_owner
SET SESSION AUTHORIZATION postgres; SET SESSION AUTHORIZATION {analyst}; SET LOCAL ROLE retrace_builder
CREATE ROLE attempt; CREATE USER attempt; DROP ROLE {analyst}; DROP OWNED BY retrace_builder; REASSIGN OWNED BY retrace_builder TO CURRENT_USER
ALTER ROLE CURRENT_USER SUPERUSER; ALTER ROLE CURRENT_USER CREATEROLE; ALTER ROLE CURRENT_USER BYPASSRLS; ALTER ROLE CURRENT_USER REPLICATION
ALTER ROLE CURRENT_USER CREATEDB; ALTER ROLE CURRENT_USER CONNECTION LIMIT 1000; ALTER ROLE CURRENT_USER VALID UNTIL 'infinity'
ALTER ROLE CURRENT_USER RENAME TO attempt; ALTER ROLE {analyst} PASSWORD 'x'; ALTER ROLE {analyst} RENAME TO attempt; ALTER ROLE retrace_analyst SET work_mem = '1GB'
ALTER ROLE ALL SET statement_timeout = 0; ALTER DATABASE {database} SET statement_timeout = 0; ALTER DATABASE {database} OWNER TO CURRENT_USER
GRANT retrace_builder TO CURRENT_USER; GRANT retrace_publisher TO CURRENT_USER; GRANT pg_read_all_data TO CURRENT_USER; GRANT {analyst} TO CURRENT_USER
GRANT retrace_analyst TO retrace_app; GRANT pg_write_server_files TO CURRENT_USER
"""

MAKING = """
CREATE TABLE retrace_analytics.attempt (n int); CREATE TABLE public.attempt (n int); CREATE TABLE retrace.attempt (n int); CREATE TEMPORARY TABLE attempt (n int)
CREATE VIEW retrace_analytics.attempt AS SELECT 1; CREATE VIEW public.attempt AS SELECT 1; CREATE TEMPORARY VIEW attempt AS SELECT 1
CREATE MATERIALIZED VIEW public.attempt AS SELECT 1; CREATE SCHEMA attempt; CREATE DATABASE attempt; CREATE EXTENSION dblink; CREATE EXTENSION postgres_fdw
CREATE EXTENSION file_fdw; CREATE EXTENSION plpython3u; CREATE EXTENSION adminpack; DROP EXTENSION vector; ALTER EXTENSION vector UPDATE
CREATE FUNCTION public.attempt() RETURNS int LANGUAGE sql RETURN 1; CREATE FUNCTION retrace_analytics.attempt() RETURNS int LANGUAGE sql RETURN 1
CREATE FUNCTION pg_temp.attempt() RETURNS int LANGUAGE sql RETURN 1; CREATE OPERATOR public.=== (LEFTARG = text, RIGHTARG = text, FUNCTION = texteq)
CREATE AGGREGATE public.attempt(int) (SFUNC = int4pl, STYPE = int); CREATE TYPE public.attempt AS (n int); CREATE DOMAIN public.attempt AS int
CREATE CAST (text AS date) WITH INOUT; CREATE SEQUENCE public.attempt; CREATE COLLATION public.attempt (provider = builtin, locale = 'C'); CREATE EVENT TRIGGER attempt ON ddl_command_end EXECUTE FUNCTION pg_catalog.version()
CREATE INDEX ON retrace.costs (calls); CREATE INDEX ON retrace_analytics.costs (calls); CREATE POLICY attempt ON retrace.costs USING (true); CREATE RULE attempt AS ON SELECT TO retrace_analytics.costs DO INSTEAD SELECT 1
CREATE TRIGGER attempt BEFORE INSERT ON retrace.costs FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger(); CREATE STATISTICS public.attempt ON day, calls FROM retrace.costs
CREATE PUBLICATION attempt FOR ALL TABLES; CREATE SUBSCRIPTION attempt CONNECTION '' PUBLICATION p; CREATE SERVER attempt FOREIGN DATA WRAPPER w; CREATE FOREIGN DATA WRAPPER attempt
CREATE TABLESPACE attempt LOCATION '/attempt'; CREATE LANGUAGE attempt HANDLER pg_catalog.plpgsql_call_handler; CREATE ACCESS METHOD attempt TYPE TABLE HANDLER heap_tableam_handler
CREATE TEXT SEARCH CONFIGURATION public.attempt (PARSER = default); CREATE USER MAPPING FOR CURRENT_USER SERVER none; SELECT 1 AS n INTO attempt; CREATE TABLE attempt AS SELECT 1 AS n
IMPORT FOREIGN SCHEMA s FROM SERVER none INTO public
"""

CHANGING = """
INSERT INTO costs (day) VALUES (now()); UPDATE costs SET calls = 0; DELETE FROM costs; TRUNCATE costs; MERGE INTO costs c USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE
UPDATE conversations SET status = 'closed'; DELETE FROM interactions; INSERT INTO retrace.analyst_logins VALUES (current_user, '{tenant}', '{tenant}', now() + interval '1 day')
UPDATE retrace.analyst_logins SET tenant = '{tenant}'; DELETE FROM retrace.analyst_logins; INSERT INTO retrace.context_keys VALUES ('', '', ''); DELETE FROM public.retrace_migrations
DROP VIEW costs; DROP VIEW retrace_analytics.interactions CASCADE; DROP TABLE retrace.costs; DROP SCHEMA retrace CASCADE; DROP SCHEMA retrace_analytics CASCADE; DROP DATABASE {database}
DROP POLICY analyst ON retrace.costs; DROP POLICY tenant ON retrace.costs; DROP FUNCTION retrace_analytics.tenant; DROP FUNCTION retrace.tenant
ALTER VIEW costs SET (security_barrier = false); ALTER VIEW costs SET (security_invoker = true); ALTER VIEW costs OWNER TO CURRENT_USER; ALTER VIEW costs RENAME TO attempt
CREATE OR REPLACE VIEW retrace_analytics.costs AS SELECT 1 AS day; ALTER TABLE retrace.costs DISABLE ROW LEVEL SECURITY; ALTER TABLE retrace.costs NO FORCE ROW LEVEL SECURITY
ALTER TABLE retrace.costs OWNER TO CURRENT_USER; ALTER TABLE retrace.costs ADD COLUMN n int; ALTER POLICY analyst ON retrace.costs USING (true); ALTER SCHEMA retrace_analytics OWNER TO CURRENT_USER
ALTER FUNCTION retrace_analytics.tenant SECURITY INVOKER; ALTER FUNCTION retrace_analytics.tenant LEAKPROOF; ALTER FUNCTION retrace_analytics.tenant SET search_path = public
CREATE OR REPLACE FUNCTION retrace_analytics.tenant() RETURNS uuid LANGUAGE sql RETURN '{tenant}'::uuid; ALTER DEFAULT PRIVILEGES FOR ROLE retrace_builder GRANT SELECT ON TABLES TO PUBLIC
COMMENT ON VIEW costs IS 'x'; COMMENT ON ROLE retrace_analyst IS 'x'; SECURITY LABEL ON VIEW costs IS 'x'; REFRESH MATERIALIZED VIEW costs; CLUSTER retrace.costs; REINDEX TABLE retrace.costs; REINDEX DATABASE {database}
ALTER SYSTEM SET log_statement = 'all'; ALTER SYSTEM RESET ALL; CHECKPOINT; ALTER LARGE OBJECT 1 OWNER TO CURRENT_USER
"""

RUNNING = """
SELECT retrace.tenant(); SELECT retrace.append(NULL); SELECT retrace.hold_key('{tenant}'); SELECT retrace.found_tenant_key('a', 'b'); SELECT retrace.calls_sealed_by('a'); SELECT retrace.embedding_calls_sealed_by('a')
SELECT retrace.make_analyst_login('{tenant}', 'retrace_analyst_0123456789abcdef', 'x', now(), 1); SELECT * FROM retrace.analyst_logins_standing(); SELECT retrace.lock_analyst_login('{analyst}', true)
SELECT retrace.drop_analyst_login('{analyst}'); SELECT retrace.end_analysts('0 s'); SELECT retrace.analyst_logins_hindered()
SELECT pg_terminate_backend({pid}); SELECT pg_cancel_backend({pid}); SELECT pg_reload_conf(); SELECT pg_rotate_logfile(); SELECT pg_switch_wal(); SELECT pg_create_restore_point('a')
SELECT pg_backup_start('a'); SELECT pg_promote(); SELECT pg_wal_replay_pause(); SELECT pg_read_file('postgresql.conf'); SELECT pg_read_file('/etc/passwd'); SELECT pg_read_binary_file('/etc/passwd')
SELECT pg_ls_dir('/'); SELECT pg_ls_logdir(); SELECT pg_ls_waldir(); SELECT pg_ls_tmpdir(); SELECT pg_ls_archive_statusdir(); SELECT pg_stat_file('/etc/passwd'); SELECT pg_hba_file_rules(); SELECT pg_show_all_file_settings(); SELECT pg_current_logfile()
SELECT lo_import('/etc/passwd'); SELECT lo_export(1, '/attempt'); SELECT lo_create(0); SELECT lo_creat(-1); SELECT lo_from_bytea(0, 'x'); SELECT lo_put(1, 0, 'x'); SELECT lo_get(1); SELECT lo_open(1, 262144); SELECT lo_unlink(1); SELECT lo_truncate(0, 0)
SELECT pg_advisory_lock(7264); SELECT pg_advisory_lock(7265, hashtext('costs')); SELECT pg_try_advisory_lock(1); SELECT pg_advisory_xact_lock(1); SELECT pg_try_advisory_xact_lock(1, 1); SELECT pg_advisory_lock_shared(1); SELECT pg_advisory_unlock_all()
SELECT pg_notify('a', 'b'); SELECT pg_logical_emit_message(true, 'a', 'b'); SELECT pg_create_physical_replication_slot('a'); SELECT pg_create_logical_replication_slot('a', 'pgoutput'); SELECT pg_drop_replication_slot('a')
SELECT pg_replication_origin_create('a'); SELECT pg_stat_reset(); SELECT pg_stat_reset_shared('bgwriter'); SELECT pg_stat_reset_single_table_counters(1); SELECT pg_log_backend_memory_contexts({pid}); SELECT pg_import_system_collations('pg_catalog')
SELECT pg_nextoid('pg_class', 'oid', 'pg_class_oid_index'); SELECT binary_upgrade_set_next_pg_type_oid('1'); SELECT pg_stop_making_pinned_objects(); SELECT pg_config(); SELECT * FROM pg_get_shmem_allocations(); SELECT * FROM pg_get_backend_memory_contexts()
SELECT dblink('dbname=' || current_database(), 'SELECT 1'); SELECT query_to_xml('SELECT * FROM retrace.costs', true, true, ''); SELECT table_to_xml('retrace.costs', true, true, ''); SELECT cursor_to_xml('x', 1, true, true, ''); SELECT schema_to_xml('pg_toast', true, true, ''); SELECT database_to_xml(true, true, '')
SELECT ts_stat('SELECT 1 FROM retrace.costs'); SELECT currval('public.attempt'); SELECT setval('public.attempt', 1)
DO $$ BEGIN PERFORM * FROM retrace.costs; END $$; DO $$ BEGIN EXECUTE 'SET ROLE retrace_builder'; END $$; DO $$ BEGIN CREATE TEMPORARY TABLE attempt (n int); END $$; CALL retrace.tenant(); EXECUTE attempt
LOAD 'auto_explain'
"""

COPYING = """
COPY retrace.costs TO STDOUT; COPY retrace.events TO STDOUT; COPY costs FROM STDIN; COPY (SELECT 1) TO '/attempt'; COPY (SELECT 1) TO PROGRAM 'true'; COPY pg_authid TO STDOUT
COPY retrace.analyst_logins TO STDOUT; COPY (SELECT * FROM retrace.costs) TO STDOUT; COPY (SELECT * FROM retrace.tenant_keys) TO STDOUT; COPY retrace_analytics.costs FROM PROGRAM 'true'; COPY pg_shadow TO STDOUT
"""

LOCKING = """
LOCK TABLE retrace.costs IN ACCESS EXCLUSIVE MODE; LOCK TABLE retrace.costs IN ACCESS SHARE MODE; LOCK TABLE retrace.events; LOCK TABLE costs IN ACCESS EXCLUSIVE MODE; LOCK TABLE costs IN ROW EXCLUSIVE MODE; LOCK TABLE costs IN SHARE MODE
LOCK TABLE retrace.cursors IN EXCLUSIVE MODE; LOCK TABLE pg_catalog.pg_class; LOCK TABLE pg_authid; SELECT * FROM conversations FOR UPDATE; SELECT * FROM conversations FOR SHARE; SELECT * FROM retrace.work FOR UPDATE SKIP LOCKED; PREPARE TRANSACTION 'a'
"""

SETTING = """
SET session_replication_role = replica; SET log_statement = 'none'; SET log_min_duration_statement = 0; SET temp_file_limit = -1; SET session_preload_libraries = 'x'; SET max_connections = 1000; SET shared_buffers = '1GB'
SET lc_messages = 'x'; SET allow_system_table_mods = on; SET zero_damaged_pages = on; SET ignore_system_indexes = on; SET dynamic_library_path = '/'; SET log_min_messages = 'debug5'; SET log_error_verbosity = 'verbose'; SET backtrace_functions = 'x'
SET track_activities = off; SET track_functions = 'all'; SET update_process_title = off; SET wal_compression = off; SET commit_delay = 100000; SET deadlock_timeout = '1h'; SET log_lock_waits = off
SELECT set_config('session_replication_role', 'replica', false); SELECT set_config('temp_file_limit', '-1', false); SELECT set_config('role', 'retrace_builder', false); SELECT set_config('session_authorization', 'postgres', false); SELECT set_config('role', '{analyst}', false)
ALTER ROLE CURRENT_USER SET temp_file_limit = -1; ALTER ROLE CURRENT_USER SET session_replication_role = replica
SET row_security = off \\; SELECT * FROM costs; SET retrace.tenant = '{tenant}' \\; SELECT retrace.tenant(); SET default_transaction_read_only = off \\; CREATE TABLE attempt (n int); SET search_path = retrace \\; SELECT * FROM costs; SET search_path = retrace \\; SELECT * FROM events
BEGIN READ WRITE \\; UPDATE costs SET calls = 0; BEGIN READ WRITE \\; CREATE TEMPORARY TABLE attempt (n int); BEGIN READ WRITE \\; SELECT lo_create(0)
"""

CATALOGS = """
SELECT * FROM pg_authid; SELECT * FROM pg_shadow; SELECT rolpassword FROM pg_authid; SELECT passwd FROM pg_shadow; SELECT * FROM pg_statistic; SELECT * FROM pg_statistic_ext_data; SELECT * FROM pg_largeobject; SELECT * FROM pg_subscription
SELECT * FROM pg_user_mapping; SELECT * FROM pg_file_settings; SELECT * FROM pg_hba_file_rules; SELECT * FROM pg_ident_file_mappings; SELECT * FROM pg_config; SELECT * FROM pg_shmem_allocations; SELECT * FROM pg_backend_memory_contexts
SELECT * FROM pg_replication_origin_status; SELECT * FROM pg_toast.pg_toast_1255; SELECT * FROM retrace.context_keys; SELECT * FROM retrace.analyst_logins; SELECT * FROM retrace.tenant_keys; SELECT * FROM retrace.subject_keys
SELECT 'retrace.tenant_keys'::regclass, (SELECT count(*) FROM retrace.tenant_keys); SELECT to_regclass('retrace.events'), (SELECT max(seq) FROM retrace.events); TABLE retrace.events; SELECT ROW(e) FROM retrace.events e
WITH t AS (SELECT * FROM retrace.conversations) SELECT * FROM t; SELECT * FROM costs c JOIN retrace.costs r ON true; SELECT EXISTS (SELECT FROM retrace.heads); EXPLAIN ANALYZE SELECT * FROM retrace.costs; EXPLAIN SELECT * FROM retrace.events; DECLARE c CURSOR WITH HOLD FOR SELECT * FROM retrace.costs; PREPARE p AS SELECT * FROM retrace.costs
SHOW data_directory; SHOW config_file; SHOW hba_file; SHOW ssl_passphrase_command; SHOW shared_preload_libraries; SHOW log_directory; SHOW primary_conninfo
SELECT current_setting('data_directory'); SELECT current_setting('hba_file')
"""

NOTHING = """
SELECT conversation FROM conversations WHERE conversation = '{conversation}'
SELECT interaction FROM interactions WHERE conversation = '{conversation}'
SELECT 1 FROM conversations WHERE conversation = '{conversation}' AND 1 / (messages - messages) > 0
SELECT 1 FROM conversations WHERE conversation = '{conversation}' AND conversation::text::int > 0
SELECT 1 FROM interactions WHERE conversation = '{conversation}' AND cast(model AS int) > 0
SELECT 1 FROM conversations WHERE conversation = '{conversation}' AND set_config('a.b', channel, false) = '?'
SELECT 1 FROM interactions WHERE conversation = '{conversation}' AND pg_sleep(60) IS NOT NULL
SELECT count(*) FROM (SELECT 1 FROM conversations WHERE conversation = '{conversation}' GROUP BY channel HAVING count(*) > 0) x HAVING count(*) > 0
SELECT * FROM conversations a RIGHT JOIN (VALUES ('{conversation}'::uuid)) v (id) ON a.conversation = v.id WHERE a.conversation IS NOT NULL
SELECT query FROM pg_stat_activity WHERE usename <> session_user AND query NOT IN ('', '<insufficient privilege>')
SELECT client_addr FROM pg_stat_activity WHERE usename <> session_user AND client_addr IS NOT NULL
SELECT most_common_vals FROM pg_stats WHERE schemaname LIKE 'retrace%'
SELECT 1 FROM pg_stats_ext WHERE schemaname LIKE 'retrace%'
SELECT rolname FROM pg_roles WHERE rolpassword <> '********'
SELECT usename FROM pg_user WHERE passwd <> '********'
SELECT table_name FROM information_schema.tables WHERE table_schema IN ('retrace', 'retrace_next', 'retrace_old')
SELECT table_name FROM information_schema.table_privileges WHERE privilege_type <> 'SELECT' AND table_schema LIKE 'retrace%'
SELECT view_definition FROM information_schema.views WHERE table_schema LIKE 'retrace%' AND view_definition IS NOT NULL
SELECT r.rolname FROM pg_roles r WHERE r.rolname LIKE '%{tenant}%'
SELECT current_setting('retrace.tenant', true) WHERE current_setting('retrace.tenant', true) <> ''
SELECT d.description FROM pg_description d WHERE d.description LIKE '%{tenant}%'
SELECT 1 FROM pg_class c WHERE c.relnamespace::regnamespace::text LIKE 'retrace%' AND c.relkind = 'r' AND has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
SELECT 1 FROM pg_proc p WHERE p.pronamespace::regnamespace::text LIKE 'retrace%' AND has_function_privilege(p.oid, 'EXECUTE') AND p.proname <> 'tenant'
SELECT 1 FROM pg_namespace n WHERE n.nspname !~ '^(pg_catalog|information_schema|public|retrace_analytics)$' AND has_schema_privilege(n.oid, 'USAGE')
SELECT 1 FROM pg_namespace n WHERE has_schema_privilege(n.oid, 'CREATE')
"""
"""Questions that are allowed, and that nothing of others answers. None has an effect on others either."""

GROUPS = {
    "roles": ROLES,
    "making": MAKING,
    "changing": CHANGING,
    "running": RUNNING,
    "copying": COPYING,
    "locking": LOCKING,
    "setting": SETTING,
    "catalogs": CATALOGS,
}


def refused(group: str) -> list[str]:
    """The statements of a group."""
    lines = GROUPS[group].replace(" \\;", "\x00").strip().splitlines()
    parts = [part.strip().replace("\x00", ";") for line in lines for part in _split(line)]
    return [part for part in parts if part]


def _split(line: str) -> list[str]:
    """At semicolons, but for those inside of $$."""
    parts, inside, text = [], False, ""
    for piece in line.split("$$"):
        if inside:
            text += f"$${piece}$$"
        else:
            *whole, rest = piece.split(";")
            for each in whole:
                parts.append(text + each)
                text = ""
            text += rest
        inside = not inside
    return [*parts, text]


def nothing() -> list[str]:
    return NOTHING.strip().splitlines()
