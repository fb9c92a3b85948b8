"""Puts the schema on the nodes: each table by its tenant, all of one tenant's rows together (co-location), functions with them.

Source: https://docs.citusdata.com/en/stable/develop/api_udf.html
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from psycopg.sql import SQL, Identifier

from application.ports import Fault
from infra.citus import passwords, shards
from infra.citus.nodes import missing, on_workers, put_on_nodes
from infra.citus.passwords import OWNERS
from infra.citus.policies import BESIDE, loosen_policies
from infra.postgres.cell import Cell
from infra.postgres.session import Connection

FUNCTIONS = Path(__file__).parents[1] / "schema" / "citus"

FIRST = "heads"
"""The table whose shards the others' lie beside."""

ALONE = ("context_keys", "analyst_logins")
"""Each node's own, or the coordinator's: no tenant's rows, and asked where no statement may go to another node."""

EVERYWHERE = ("builds",)
"""Small, seldom written, joined with tenants' rows: a copy on each node (a reference table)."""

MARK = "citus"
"""The name under which `retrace_migrations` keeps their digest."""

LEFT = """
SELECT n.nspname::text, c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname IN ('retrace', 'retrace_next', 'retrace_old') AND c.relname <> ALL(%s)
    AND NOT EXISTS (SELECT 1 FROM pg_dist_partition p WHERE p.logicalrelid = c.oid)
ORDER BY c.relname <> 'heads', 1, 2
"""

DELEGATED = {"append_of": "of_tenant"}
"""Functions that go whole to the node of the tenant that this argument names."""

NEEDED = (shards.BODY,)
"""Functions that those call, on each node."""


class NoNodes(Fault):
    """The coordinator has no place for a tenant's rows."""

    def __init__(self) -> None:
        super().__init__(
            "this Citus has no node that holds shards: SELECT citus_add_node('HOST', PORT) for each worker, or "
            "citus_set_node_property(HOST, PORT, 'shouldhaveshards', true) for the coordinator, then `retrace migrate`"
        )


async def begin_on_citus(connection: Connection, cell: Cell, node_passwords: bool = False) -> None:
    """Before the schema's files: they run on the coordinator alone until their tables are on the nodes. `node_passwords`: nodes are to log in to
    each other with passwords from now on. Raises NoNodes, NodeRefused."""
    await connection.execute("SET citus.multi_shard_modify_mode = 'sequential'")
    await _make_roles(connection)
    if node_passwords or await passwords.kept(connection):
        await passwords.give_roles(connection, cell)
    if not await _distributed(connection):
        await connection.execute("SET citus.enable_ddl_propagation = off")


async def _make_roles(connection: Connection) -> None:
    """Roles before the schema's files: nodes log in to each other as whoever asks, so each role has to be able to. Raises NoNodes."""
    query = "SELECT EXISTS (SELECT 1 FROM pg_dist_node WHERE shouldhaveshards AND isactive)"
    if await (await connection.execute(query)).fetchone() != (True,):
        raise NoNodes
    for role in OWNERS:
        name = Identifier(role)
        make = SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS").format(name)
        await connection.execute(missing(role, make))
        await connection.execute(SQL("ALTER ROLE {} LOGIN").format(name))
        await on_workers(connection, missing(role, make))


async def _distributed(connection: Connection) -> bool:
    """Whether the schema is on the nodes already."""
    query = (
        "SELECT EXISTS (SELECT 1 FROM pg_dist_partition WHERE logicalrelid = to_regclass('retrace.heads'))"
    )
    return await (await connection.execute(query)).fetchone() == (True,)


async def distribute(connection: Connection, changed: bool) -> None:
    """Whatever is not on the nodes yet. Rows that are there move along. Safe to repeat. `changed`: files of the schema have run before it."""
    await loosen_policies(connection)
    await connection.execute("SET citus.enable_ddl_propagation = on")
    left = await (await connection.execute(LEFT, [list(ALONE)])).fetchall()
    for schema, table in left:
        name = f"{schema}.{table}"
        if table in EVERYWHERE:
            await connection.execute("SELECT create_reference_table(%s)", [name])
        elif table == FIRST:
            await connection.execute(
                "SELECT create_distributed_table(%s, 'tenant', colocate_with => 'none')", [name]
            )
        else:
            await connection.execute(BESIDE, [name])
    if changed or not await current(connection):
        await _functions(connection)
        insert = (
            "INSERT INTO public.retrace_migrations (name, digest) VALUES (%s, %s) "
            "ON CONFLICT (name) DO UPDATE SET digest = excluded.digest, at = now()"
        )
        await connection.execute(insert, [MARK, digest()])
    if not await shards.complete(connection):
        await shards.make(connection, (FUNCTIONS / f"{shards.BODY}.sql").read_text())


async def current(connection: Connection) -> bool:
    """Whether the functions that are others here are of this version."""
    query = "SELECT digest FROM public.retrace_migrations WHERE name = %s"
    return await (await connection.execute(query, [MARK])).fetchone() == (digest(),)


async def _functions(connection: Connection) -> None:
    """Those that are others here. They come last, for a file of the schema may have put a plain one over them.

    Those of their own names go first, on all nodes, for their arguments may be others now.
    """
    await shards.drop(connection)
    for name in (*DELEGATED, *NEEDED):
        await connection.execute(SQL("DROP FUNCTION IF EXISTS {}").format(Identifier("retrace", name)))
    async with connection.transaction():
        await connection.execute("SET LOCAL citus.enable_ddl_propagation = off")
        await connection.execute("SET LOCAL ROLE retrace_owner")
        await connection.execute("SET LOCAL search_path = retrace, public")
        for file in sorted(FUNCTIONS.glob("*.sql")):
            await connection.execute(file.read_bytes())
    for name in NEEDED:
        await put_on_nodes(connection, name)
    for name, argument in DELEGATED.items():
        query = "SELECT create_distributed_function(%s::regproc::regprocedure, %s, colocate_with => 'retrace.heads', force_delegation => false)"
        await connection.execute(query, [f"retrace.{name}", argument])
    for name in (*NEEDED, *DELEGATED, "tenant"):
        await connection.execute(
            SQL("REVOKE ALL ON FUNCTION {} FROM public").format(Identifier("retrace", name))
        )


def digest() -> str:
    """Of what makes the schema differ here."""
    return sha256(b"".join(file.read_bytes() for file in sorted(FUNCTIONS.glob("*.sql")))).hexdigest()
