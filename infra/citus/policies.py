"""Row-level security on a Citus: no policy of a distributed table may hold a subquery, so `tenant()` is called in it as it is."""

from __future__ import annotations

from psycopg.sql import SQL, Identifier

from infra.postgres.session import Connection

POLICY = "retrace.tenant()"
BESIDE = "SELECT create_distributed_table(%s, 'tenant', colocate_with => 'retrace.heads')"
ASKED = "( SELECT retrace.tenant() AS tenant)"

HELD = """
SELECT n.nspname::text, c.relname::text, p.polname::text, pg_get_expr(p.polqual, p.polrelid)
FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname IN ('retrace', 'retrace_next', 'retrace_old') AND pg_get_expr(p.polqual, p.polrelid) LIKE '%%SELECT%%'
    AND NOT EXISTS (SELECT 1 FROM pg_dist_partition d WHERE d.logicalrelid = c.oid)
"""


async def loosen_policies(connection: Connection) -> None:
    """Before their tables are distributed: (SELECT retrace.tenant()) becomes retrace.tenant(). Policies of analysts go: docs/citus.md."""
    async with connection.transaction():
        await connection.execute("SET LOCAL search_path = pg_catalog")
        await connection.execute("SET LOCAL citus.enable_ddl_propagation = off")
        for schema, table, policy, condition in await (await connection.execute(HELD)).fetchall():
            names = Identifier(policy), Identifier(schema, table)
            if policy == "analyst":
                await connection.execute(SQL("DROP POLICY {} ON {}").format(*names))
                continue
            wanted = condition.replace(ASKED, POLICY)
            assert "SELECT" not in wanted, condition
            await connection.execute(SQL("ALTER POLICY {} ON {} USING ").format(*names) + SQL(wanted))
