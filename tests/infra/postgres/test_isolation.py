"""What the database itself refuses, whatever the application forgets."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.sql import SQL, Literal

from application.ports import Chunk, Due
from domain.conversations.conversation import Conversation
from infra.audit.checkpoints import Checkpoints
from infra.log.reader import Reader
from infra.postgres.database import Database
from infra.projections.projector import Projector
from infra.projections.rebuild import rebuild, workshop
from infra.redis.wakeups import Hints
from infra.retrieval.vectors import PgVectors
from projections import PROJECTIONS
from projections.transcript import Transcript
from tests.cells import cell, session
from tests.infra.log.parts import MASTER, context, log_on, now, started

POLICY = "(tenant = ( SELECT retrace.tenant() AS tenant))"
POLICY_ON_CITUS = "(tenant = retrace.tenant())"
READ_MODELS = {table.name for projection in PROJECTIONS for table in projection.tables}
SYSTEM = {
    "heads",
    "work",
    "cursors",
    "parked",
    "builds",
    "checkpoints",
    "destroyed_keys",
    "tenant_moves",
    "webhook_lines",
    "vector_indexes",
}
"""Tables of which the runner sees all tenants' rows: bookkeeping, no content."""


def tables(connection: psycopg.Connection[Any]) -> list[str]:
    query = (
        "SELECT relnamespace::regnamespace || '.' || relname FROM pg_class "
        "WHERE relkind IN ('r', 'p') AND relnamespace::regnamespace::text LIKE 'retrace%' "
        # Of no session: nobody reads them but functions.
        "AND relname NOT IN ('context_keys', 'analyst_logins', 'alert_plans') ORDER BY 1"
    )
    return [row[0] for row in connection.execute(query).fetchall()]


def on_citus(connection: psycopg.Connection[Any]) -> bool:
    found = connection.execute("SELECT to_regproc('pg_catalog.citus_version') IS NOT NULL").fetchone()
    return found == (True,)


def plain(name: str) -> str:
    """A table's name without its schema."""
    return name.partition(".")[2]


@pytest.fixture(name="two_tenants", scope="module")
async def _two_tenants(database_url: str) -> list[UUID]:
    """Both have rows everywhere."""
    tenants = []
    async with (
        log_on(database_url) as log,
        Database(cell(database_url), role="retrace_projector") as writer,
        Database(cell(database_url), role="retrace_runner") as system,
    ):
        for _ in range(2):
            ctx, conversation = context(), started()
            work = [Due(kind="answer", key="k", due_at=now())]
            await log.store.save(conversation, context=ctx, inbox="m", work=work)
            chunk = Chunk(id="c", ordinal=0, page=1, section=None, tokens=1, text="t", embedding=[1.0, 0.0])
            await PgVectors(log.database, log.keyring).replace(ctx.tenant, uuid4(), "t", "m", [chunk])
            loaded = await log.store.load(Conversation, conversation.id, tenant=ctx.tenant)
            await log.snapshots.save(loaded, ctx.tenant)
            await Checkpoints(log.database, log.keyring).make(ctx.tenant)
            tenants.append(ctx.tenant)
        reader = Reader(writer, log.keyring)
        await Projector(PROJECTIONS, writer=writer, system=system, reader=reader, hints=Hints()).catch_up()
    async with workshop(
        cell(database_url), MASTER, Transcript()
    ) as shop:  # a copy has to be kept apart in the same way
        await rebuild(shop)
    return tenants


def test_a_tenant_sees_no_row_of_another(database_url: str, two_tenants: list[UUID]) -> None:
    ours, theirs = two_tenants
    with psycopg.connect(database_url) as superuser:
        names = tables(superuser)
    seen = set()
    # By statements of a transaction, which a Citus passes on to its nodes.
    of = SQL("SET LOCAL retrace.tenant = {}")
    with session(database_url, "retrace_app") as connection, connection.transaction():
        connection.execute(of.format(Literal(cell(database_url).context(ours))))
        for name in names:
            rows = connection.execute(f"SELECT tenant FROM {name}".encode()).fetchall()
            assert all(row[0] == ours for row in rows), name
            query = f"SELECT count(*) FROM {name} WHERE tenant = %s"
            assert connection.execute(query.encode(), [theirs]).fetchone() == (0,), name
            seen |= {name.removeprefix("retrace.")} if rows else set()
        connection.execute(of.format(Literal("")))
        for name in names:
            assert connection.execute(f"SELECT count(*) FROM {name}".encode()).fetchone() == (0,), name
    assert {
        "events",
        "retrace_next.conversations",
        "retrace_next.cursors",
        "heads",
        "inbox",
        "work",
        "chunks",
        "vectors",
        "conversations",
        "snapshots",
        "subject_keys",
        "checkpoints",
        "tiles",
        "signing_keys",
    } <= seen


@pytest.mark.parametrize("role", ["retrace_app", "retrace_projector", "retrace_runner", "retrace_writer"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET actor = 'x'",
        "UPDATE events SET payload = NULL",
        "DELETE FROM events",
        "TRUNCATE events",
        "INSERT INTO events SELECT * FROM events",
        "UPDATE heads SET seq = 0",
        "DELETE FROM inbox",
        "UPDATE tally SET value = 0",
        "DROP TABLE events",
        "ALTER TABLE events DISABLE ROW LEVEL SECURITY",
    ],
)
def test_the_log_is_append_only_for_every_role(database_url: str, role: Any, statement: str) -> None:
    with (
        session(database_url, role) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement.encode())


@pytest.mark.parametrize("role", ["retrace_app", "retrace_projector", "retrace_runner", "retrace_eraser"])
def test_only_the_writer_may_append(database_url: str, role: str) -> None:
    query = (
        "SELECT has_function_privilege(%s, p.oid, 'EXECUTE') FROM pg_proc p "
        "WHERE proname = 'append' AND pronamespace = 'retrace'::regnamespace"
    )
    with psycopg.connect(database_url) as superuser:
        assert set(superuser.execute(query, [role]).fetchall()) == {(False,)}


def test_every_table_is_kept_apart_by_tenant_and_fit_to_be_distributed(
    database_url: str, two_tenants: list[UUID]
) -> None:
    """Tenant first in every key and index, row-level security without FORCE, no trigger, no sequence."""
    with psycopg.connect(database_url) as c:
        names = tables(c)
        assert {"events", "heads", "inbox", "work", "chunks", "vectors", "costs", "conversations"} <= set(
            map(plain, names)
        )
        assert {"retrace_next.conversations", "retrace_next.interactions", "retrace_old.parked"} <= set(names)
        policy_here = POLICY_ON_CITUS if on_citus(c) else POLICY
        for name in names:
            table = [name]
            first = "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum = 1"
            assert c.execute(first, table).fetchone() == ("tenant",), name
            security = (
                "SELECT relrowsecurity, relforcerowsecurity, relowner::regrole::text "
                "FROM pg_class WHERE oid = %s::regclass"
            )
            owner = "retrace_builder" if plain(name) in READ_MODELS else "retrace_owner"
            owner = "retrace_indexer" if name == "retrace.vectors" else owner
            assert c.execute(security, table).fetchone() == (True, False, owner), name
            indexes = "SELECT indkey[0] FROM pg_index WHERE indrelid = %s::regclass"
            first_columns = set(c.execute(indexes, table).fetchall())
            if name == "retrace.idempotency":
                first_columns.remove((6,))  # old results of all tenants are swept by their time
            assert first_columns == {(1,)}, name
            foreign = "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND conrelid = %s::regclass"
            assert c.execute(foreign, table).fetchone() == (0,), name
            policies = (
                "SELECT pg_get_expr(polqual, polrelid), polroles::regrole[]::text[] "
                "FROM pg_policy WHERE polrelid = %s::regclass"
            )
            found = c.execute(policies, table).fetchall()
            if plain(name) in READ_MODELS:
                assert (policy_here, ["retrace_app", "retrace_projector"]) in found, name
                analysts = (
                    "(tenant = ( SELECT retrace_analytics.tenant() AS tenant))",
                    ["retrace_publisher"],
                )
                assert len(found) == 1 + (analysts in found), name
                continue
            assert (policy_here, ["-"]) in found, name
            assert all(policy == (policy_here, ["-"]) or plain(name) in SYSTEM for policy in found), name
            of_all = {role for expression, roles in found if expression == "true" for role in roles}
            assert of_all <= {"retrace_runner", "retrace_builder", "retrace_indexer"}, name
        triggers = (
            "SELECT count(*) FROM pg_trigger JOIN pg_class t ON t.oid = tgrelid "
            "WHERE NOT tgisinternal AND t.relnamespace::regnamespace::text LIKE 'retrace%'"
        )
        assert c.execute(triggers).fetchone() == (0,)
        sequences = "SELECT count(*) FROM pg_class WHERE relkind = 'S' AND relnamespace::regnamespace::text LIKE 'retrace%'"
        assert c.execute(sequences).fetchone() == (0,)


def test_a_copy_has_the_rules_and_rights_of_the_live_one(database_url: str, two_tenants: list[UUID]) -> None:
    query = (
        "SELECT relacl::text, (SELECT array_agg(indkey::text ORDER BY indkey::text) FROM pg_index WHERE indrelid = pg_class.oid), "
        "(SELECT array_agg(attname || ' ' || format_type(atttypid, atttypmod) || ' ' || attnotnull ORDER BY attnum) FROM pg_attribute "
        "WHERE attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped) FROM pg_class WHERE oid = %s::regclass"
    )
    with psycopg.connect(database_url) as c:
        for name in ("conversations", "interactions", "cursors", "parked"):
            live, copy = (
                c.execute(query, [f"{schema}.{name}"]).fetchone() for schema in ("retrace", "retrace_next")
            )
            assert live == copy, name


def test_functions_run_as_an_owner_without_power(database_url: str) -> None:
    roles = "SELECT rolsuper, rolbypassrls, rolcanlogin FROM pg_roles WHERE rolname ~ '^retrace_[a-z]+$'"
    functions = (
        "SELECT proname, proowner::regrole::text, coalesce(proconfig::text, ''), prosecdef "
        "FROM pg_proc WHERE pronamespace = 'retrace'::regnamespace"
    )
    with psycopg.connect(database_url) as c:
        # Nodes of a Citus act as them on each other.
        assert set(c.execute(roles).fetchall()) == {(False, False, on_citus(c))}
        found = c.execute(functions).fetchall()
    assert "append" in {row[0] for row in found}
    for name, owner, configuration, definer in found:
        assert owner in ("retrace_owner", "retrace_registrar"), name
        assert not definer or "search_path=retrace, pg_temp" in configuration, name
