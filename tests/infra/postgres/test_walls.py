"""Each role's session stays that role's, with the rights of its job, and no tenant's context can be made by whoever reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from infra.postgres.cell import ROLES, Cell, Role
from infra.postgres.database import Database
from infra.schema.migrate import migrate
from projections import PROJECTIONS
from tests.cells import cell, session
from tests.infra.log.parts import context, log_on, started

REFUSED = psycopg.errors.InsufficientPrivilege
READ_MODELS = {table.name for projection in PROJECTIONS for table in projection.tables}
OWNER, BUILDER = "retrace_owner", "retrace_builder"
PUBLISHER = "retrace_publisher"
REGISTRAR = "retrace_registrar"
OF_ANALYSTS = ("retrace_analyst", PUBLISHER, REGISTRAR)
"""Roles without a login of ours: what analysts' logins are members of, whose their views are, and who makes the logins."""

RIGHTS: dict[Role, str] = {
    "retrace_app": "(read model) r, analyst_logins_hindered X, analyst_logins_standing X, builds r, checkpoints ar, chunks adr, cursors r, destroyed_keys r, drop_analyst_login X, embedding_calls adr, embeddings adr, events r, found_tenant_key X, heads r, "
    "hold_key X, idempotency adrw, inbox r, key_uses arw, lock_analyst_login X, make_analyst_login X, operator_sessions adrw, parked r, posting_documents adr, posting_statistics arw, postings adrw, "
    "remove_postings X, signing_keys ar, signing_keys.created_at w, snapshots adrw, "
    "subject_keys ar, sweep_idempotency X, tally r, tenant X, tenant_keys r, tenant_moves r, tiles ar, tiles.hashes w, vector_indexes adrw, vector_recalls adrw, vectors adr, webhook_lines adrw, "
    "work r",
    "retrace_writer": "append X",
    "retrace_projector": "(read model) adrw, builds r, checkpoints ar, cursors adrw, destroyed_keys r, events r, found_tenant_key X, heads r, "
    "parked adrw, signing_keys ar, signing_keys.created_at w, subject_keys ar, tenant X, tenant_keys r, tenant_moves r, tiles ar, tiles.hashes w, work ar",
    "retrace_runner": "analyst_logins_hindered X, builds r, checkpoints r, claim_work X, cursors r, destroyed_keys r, end_analysts X, finish_work X, hasten_alert_looks X, heads r, lease_work X, "
    "owe_alert_looks X, owe_vector_reviews X, parked r, projection_lags X, renew_work X, tenant X, tenant_moves r, vector_indexes r, webhook_lines r, work drw",
    "retrace_eraser": "calls_sealed_by X, chunks dr, destroyed_keys ar, embedding_calls dr, embedding_calls_sealed_by X, embeddings dr, events r, events.payload w, idempotency dr, key_uses dr, operator_sessions dr, posting_documents dr, "
    "posting_statistics drw, postings drw, remove_postings X, snapshots dr, "
    "subject_keys dr, tenant X, tenant_keys dr, vector_indexes dr, vector_recalls dr, vectors dr, webhook_lines dr, work dr",
    "retrace_keeper": "subject_keys r, subject_keys.generation w, subject_keys.wrapped w, tenant X, tenant_keys ar, tenant_keys.master w, "
    "tenant_keys.wrapped w",
    "retrace_builder": "builds adrw, cursors adrw, end_analysts X, heads r, parked adrw, tenant X",
    "retrace_indexer": "tenant X, vector_indexes r",
}
"""All that a role may do with tables, columns and functions of ours, in letters as psql has them. A new right is to be written here."""

REGISTRY = {
    "analyst_logins_hindered", "make_analyst_login", "analyst_logins_standing", "lock_analyst_login", "drop_analyst_login", "end_analysts",
}  # fmt: skip
"""Functions of whoever may make roles. Each acts for the tenant whose context is set, but for the first and the last, which name none."""

GRANTS = """
SELECT c.relname::text, a.grantee::regrole::text, a.privilege_type FROM pg_class c
CROSS JOIN LATERAL aclexplode(c.relacl) a WHERE c.relnamespace::regnamespace::text LIKE 'retrace%' AND a.grantee <> c.relowner
UNION SELECT c.relname || '.' || t.attname, a.grantee::regrole::text, a.privilege_type FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid
CROSS JOIN LATERAL aclexplode(t.attacl) a WHERE c.relnamespace::regnamespace::text LIKE 'retrace%'
UNION SELECT p.proname::text, a.grantee::regrole::text, a.privilege_type FROM pg_proc p
CROSS JOIN LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
WHERE p.pronamespace::regnamespace::text LIKE 'retrace%' AND a.grantee <> p.proowner
"""
LETTERS = {"SELECT": "r", "INSERT": "a", "UPDATE": "w", "DELETE": "d", "EXECUTE": "X"}

REACHING = [
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "COPY (SELECT 1) TO '/tmp/retrace-walls'",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_ls_dir('/')",
    "SELECT lo_import('/etc/passwd')",
    "ALTER SYSTEM SET log_statement = 'all'",
    "SET session_replication_role = replica",
    "CREATE ROLE walls",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "ALTER ROLE postgres PASSWORD 'x'",
    "CREATE DATABASE walls",
    "DROP EXTENSION vector",
    "CREATE SCHEMA walls",
    "CREATE TABLE public.walls (n int)",
    "CREATE TEMPORARY TABLE events (n int)",
    "CREATE FUNCTION public.walls() RETURNS int LANGUAGE sql RETURN 1",
    "ALTER FUNCTION retrace.tenant SECURITY INVOKER",
    "SELECT * FROM retrace.context_keys",
    "INSERT INTO retrace.context_keys VALUES ('', '', '')",
    "DELETE FROM public.retrace_migrations",
    "ALTER TABLE retrace.events DISABLE ROW LEVEL SECURITY",
    "DROP POLICY tenant ON retrace.events",
    "CREATE POLICY walls ON retrace.events USING (true)",
    "SET row_security = off; SELECT * FROM retrace.events",
    "INSERT INTO retrace.tenant_keys (tenant, generation, wrapped) VALUES (gen_random_uuid(), 1, '')",
    "UPDATE retrace.tenant_keys SET tenant = tenant",
    "UPDATE retrace.events SET actor = 'x'",
    "DELETE FROM retrace.events",
    "TRUNCATE retrace.events",
    "INSERT INTO retrace.events SELECT * FROM retrace.events",
    "UPDATE retrace.heads SET seq = 0",
    "DELETE FROM retrace.destroyed_keys",
]
"""What no role may do, whatever it is for."""


@pytest.fixture(name="two", scope="module")
async def _two(database_url: str) -> tuple[UUID, UUID]:
    """Tenants with a conversation each."""
    contexts = context(), context()
    await migrate(cell(database_url))  # which closes a database that was copied: copies are open again
    async with log_on(database_url) as log:
        for each in contexts:
            await log.store.save(started(), context=each)
    return contexts[0].tenant, contexts[1].tenant


@pytest.fixture(name="superuser")
def _superuser(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


def name_of(role: Role) -> str:
    return cell("").name(role)


# Who is who.


def test_no_login_is_more_than_its_role(superuser: psycopg.Connection[Any]) -> None:
    powers = "rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls"
    query = f"SELECT rolname, rolcanlogin, {powers} FROM pg_roles WHERE rolname LIKE 'retrace\\_%'"
    found = {row[0]: row[1:] for row in superuser.execute(query.encode()).fetchall()}
    logins = {name_of(role): role for role in ROLES}
    assert set(found) >= {*logins, *ROLES, OWNER}
    for role in (*ROLES, OWNER):
        assert found[role] == (False, False), role
    for login in logins:
        assert found[login] == (True, False), login
    query = (
        "SELECT member::regrole::text, roleid::regrole::text, inherit_option, set_option, admin_option FROM pg_auth_members "
        "WHERE member::regrole::text LIKE 'retrace\\_%' OR roleid::regrole::text LIKE 'retrace\\_%'"
    )
    found = superuser.execute(query).fetchall()
    members = [
        row
        for row in found
        if not {row[0], row[1]} & {*OF_ANALYSTS} and not row[1].startswith("retrace_analyst")
    ]
    assert [row for row in found if row[0] == BUILDER] == [(BUILDER, PUBLISHER, False, True, False)]
    for member, of, inherits, sets, admin in members:
        role = next(each for each in ROLES if member.startswith(each))
        # The builder takes its role's name, so that tables are the role's.
        assert (of, inherits, sets, admin) == (role, True, role == BUILDER, False), member
    assert {member for member, *_ in members} >= set(logins)


def test_what_runs_with_others_rights_is_pinned_and_nobodys_else(superuser: psycopg.Connection[Any]) -> None:
    query = (
        "SELECT p.oid::regprocedure::text, proowner::regrole::text, coalesce(proconfig::text, ''), prosecdef, "
        "has_function_privilege('public', p.oid, 'EXECUTE') FROM pg_proc p WHERE pronamespace::regnamespace::text LIKE 'retrace%'"
    )
    found = superuser.execute(query).fetchall()
    assert {row[0].partition("(")[0].rpartition(".")[2] for row in found if row[3]} == {
        "append", "tenant", "hold_key", "found_tenant_key", "calls_sealed_by", "embedding_calls_sealed_by", "sweep_idempotency", "owe_vector_reviews", "owe_alert_looks", "hasten_alert_looks", "projection_lags", *REGISTRY,
    }  # fmt: skip
    for name, owner, settings, definer, public in found:
        assert owner == (REGISTRAR if name.partition("(")[0].rpartition(".")[2] in REGISTRY else OWNER), name
        assert not definer or ("search_path=retrace, pg_temp" in settings and not public), name


@pytest.mark.parametrize("role", ROLES)
def test_a_role_has_the_rights_of_its_job_and_no_others(
    superuser: psycopg.Connection[Any], role: Role
) -> None:
    found: dict[str, set[str]] = {}
    for name, grantee, right in superuser.execute(GRANTS).fetchall():
        assert grantee in (*ROLES, *OF_ANALYSTS), f"{grantee} has a right to {name}"
        if grantee == role:
            found.setdefault("(read model)" if name in READ_MODELS else name, set()).add(LETTERS[right])
    assert ", ".join(f"{name} {''.join(sorted(found[name]))}" for name in sorted(found)) == RIGHTS[role]


def test_whatever_has_no_tenant_is_nobodys(superuser: psycopg.Connection[Any]) -> None:
    query = (
        "SELECT r FROM unnest(%s::text[]) r WHERE has_table_privilege(r, 'retrace.context_keys', 'SELECT, INSERT, UPDATE, DELETE') "
        "OR has_schema_privilege(r, 'public', 'CREATE') OR has_database_privilege(r, current_database(), 'CREATE') "
        "OR r NOT IN ('retrace_builder', 'retrace_indexer') AND has_schema_privilege(r, 'retrace', 'CREATE')"
    )
    assert superuser.execute(query, [list(ROLES)]).fetchall() == []


# What raw SQL in a role's own session comes to.


@pytest.mark.parametrize("role", ROLES)
def test_no_session_becomes_another(
    database_url: str, superuser: psycopg.Connection[Any], role: Role
) -> None:
    others = [row[0] for row in superuser.execute("SELECT rolname FROM pg_roles").fetchall()]
    login = name_of(role)
    own = {login, role, PUBLISHER} if role == BUILDER else {login}
    with session(database_url, role) as connection:
        for other in set(others) - own:
            for statement in ("SET ROLE {}", "SET LOCAL ROLE {}", "SET SESSION AUTHORIZATION {}"):
                with pytest.raises(REFUSED):
                    connection.execute(SQL(statement).format(Identifier(other)))
        for statement in ("RESET ROLE", "SET ROLE NONE", "RESET SESSION AUTHORIZATION", "DISCARD ALL"):
            connection.execute(statement.encode())
            assert connection.execute("SELECT session_user, current_user").fetchone() == (login, login)


@pytest.mark.parametrize("role", ROLES)
def test_no_session_reaches_beyond_its_job(database_url: str, two: tuple[UUID, UUID], role: Role) -> None:
    ours, _ = two
    with session(database_url, role, ours) as connection:
        for statement in REACHING:
            with pytest.raises(psycopg.Error) as refused:
                connection.execute(statement.encode())
            assert refused.type is REFUSED, f"{statement}: {refused.value}"
            connection.execute("RESET row_security")


@pytest.mark.parametrize("role", ["retrace_app", "retrace_projector", "retrace_eraser"])
def test_no_session_makes_another_tenants_context(
    database_url: str, two: tuple[UUID, UUID], role: Role
) -> None:
    ours, theirs = two
    mine = cell(database_url).context(ours)
    signed = mine.partition(".")[2]
    forged = [str(theirs), f"{theirs}.{signed}", f"{theirs}.{'0' * 64}", f"{theirs}.", mine.upper(), mine.replace(".", "-"), f"{mine} ", "x",
              Cell(database_url, bytes(32)).context(theirs)]  # fmt: skip
    with session(database_url, role, ours) as connection:
        assert connection.execute("SELECT DISTINCT tenant FROM events").fetchall() == [(ours,)]
        for context in forged:
            connection.execute("SELECT set_config('retrace.tenant', %s, false)", [context])
            with pytest.raises(REFUSED, match="not signed by this deployment"):
                connection.execute("SELECT * FROM events")
        for statement in ("SET retrace.tenant = ''", "RESET retrace.tenant"):
            connection.execute(statement.encode())
            assert connection.execute("SELECT * FROM events").fetchall() == []


def test_a_context_that_is_changed_while_a_statement_runs_opens_nothing(
    database_url: str, two: tuple[UUID, UUID]
) -> None:
    ours, theirs = two
    with session(database_url, "retrace_app", ours) as connection:
        for query in (
            "SELECT e.tenant FROM generate_series(1, 3) n CROSS JOIN LATERAL (SELECT set_config('retrace.tenant', %s, false), n) s "
            "CROSS JOIN LATERAL (SELECT tenant FROM events WHERE seq <> s.n + 100 OFFSET 0) e",
            "SELECT tenant, set_config('retrace.tenant', %s, false) FROM events",
        ):
            connection.execute(
                "SELECT set_config('retrace.tenant', %s, false)", [cell(database_url).context(ours)]
            )
            try:
                rows = connection.execute(query.encode(), [str(theirs)]).fetchall()
            except REFUSED:
                continue
            assert {row[0] for row in rows} <= {ours}


async def test_a_context_is_not_seen_by_other_sessions_of_the_same_login(
    database_url: str, two: tuple[UUID, UUID]
) -> None:
    ours, theirs = two
    async with Database(cell(database_url), size=1) as database, database.tenant(theirs) as connection:
        with session(database_url, "retrace_app", ours) as other:
            query = "SELECT pid, query FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid()"
            seen = dict(other.execute(query).fetchall())
        assert "set_config" in seen[connection.info.backend_pid]
        assert cell(database_url).context(theirs) not in str(seen)
        assert str(theirs) not in str(seen)


def test_a_tenants_key_is_founded_once_and_by_its_own_context(
    database_url: str, two: tuple[UUID, UUID]
) -> None:
    ours, theirs = two
    query = "SELECT tenant, generation, wrapped FROM retrace.tenant_keys WHERE tenant = ANY(%s) ORDER BY 1"
    with psycopg.connect(database_url) as superuser, session(database_url, "retrace_app", ours) as connection:
        before = superuser.execute(query, [[ours, theirs]]).fetchall()
        connection.execute("SELECT found_tenant_key('mine', 'mine')")
        assert superuser.execute(query, [[ours, theirs]]).fetchall() == before
        assert {row[0] for row in before} == {ours, theirs}
        new = uuid4()
        connection.execute(
            "SELECT set_config('retrace.tenant', %s, false)", [cell(database_url).context(new)]
        )
        connection.execute("SELECT found_tenant_key('first', 'm')")
        connection.execute("SELECT found_tenant_key('second', 'm')")
        assert connection.execute("SELECT generation, wrapped FROM tenant_keys").fetchall() == [(1, b"first")]
