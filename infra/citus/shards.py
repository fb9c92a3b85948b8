"""What each shard of a Citus has of its own: the body of a save, with the names of that shard's tables in it.

A statement that names a distributed table is planned by Citus for each call, and one that is put together for each call by PostgreSQL. Of a
function whose text names the shard's own tables each session keeps the plans.
Source: https://www.postgresql.org/docs/current/plpgsql-implementation.html#PLPGSQL-PLAN-CACHING
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping

from psycopg.sql import SQL, Identifier

from infra.citus.nodes import put_on_nodes
from infra.postgres.session import Connection

BODY = "append_in"
TABLES = ("heads", "events", "inbox", "tally", "work", "subject_keys", "tenant_moves")
_NAMED = re.compile(rf"\b(FROM|INTO|UPDATE) ({'|'.join(TABLES)})\b")
_HEADER = "SET search_path = retrace, pg_temp\n"

SHARDS = """
SELECT f.shardid, c.relname::text, s.shardid
FROM pg_dist_shard f JOIN pg_dist_shard s ON s.shardminvalue = f.shardminvalue AND s.shardmaxvalue = f.shardmaxvalue
JOIN pg_class c ON c.oid = s.logicalrelid
WHERE f.logicalrelid = 'retrace.heads'::regclass AND c.relnamespace = 'retrace'::regnamespace AND c.relname = ANY(%s)
"""
MADE = "SELECT proname::text FROM pg_proc WHERE pronamespace = 'retrace'::regnamespace AND proname ~ %s"


async def shards(connection: Connection) -> dict[int, dict[str, int]]:
    """Shards of the heads, each with those of the other tables that have the same tenants."""
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for head, table, shard in await (await connection.execute(SHARDS, [list(TABLES)])).fetchall():
        found[head][table] = shard
    return dict(found)


def body_of(text: str, head: int, names: Mapping[str, int]) -> str:
    """`text`, the file of `append_in`, for that shard."""
    named = _NAMED.sub(lambda found: f"{found[1]} {found[2]}_{names[found[2]]}", text)
    own = re.sub(rf"\b{BODY}\b", f"{BODY}_{head}", named)
    return own.replace(_HEADER, f"{_HEADER}SET plan_cache_mode = force_generic_plan\n", 1)


async def made(connection: Connection) -> set[str]:
    """Bodies that are there, by name."""
    rows = await (await connection.execute(MADE, [f"^{BODY}_[0-9]+$"])).fetchall()
    return {row[0] for row in rows}


async def complete(connection: Connection) -> bool:
    """Whether each shard has its body, and none is left of one that is gone."""
    return await made(connection) == {f"{BODY}_{head}" for head in await shards(connection)}


async def drop(connection: Connection) -> None:
    for name in await made(connection):
        await connection.execute(SQL("DROP FUNCTION {}").format(Identifier("retrace", name)))


async def make(connection: Connection, text: str) -> None:
    """On all nodes, those that are there before go. `text`: the file of `append_in`."""
    await drop(connection)
    wanted = await shards(connection)
    async with connection.transaction():
        await connection.execute("SET LOCAL citus.enable_ddl_propagation = off")
        await connection.execute("SET LOCAL ROLE retrace_owner")
        await connection.execute("SET LOCAL search_path = retrace, public")
        for head, names in wanted.items():
            await connection.execute(body_of(text, head, names).encode())
    for head in wanted:
        await put_on_nodes(connection, f"{BODY}_{head}")
        name = Identifier("retrace", f"{BODY}_{head}")
        await connection.execute(SQL("REVOKE ALL ON FUNCTION {} FROM public").format(name))
