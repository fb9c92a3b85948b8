"""Statements that are run on each worker of a Citus, which its coordinator does not pass on by itself."""

from __future__ import annotations

from psycopg.sql import SQL, Composable, Composed, Literal

from application.ports import Fault
from infra.postgres.session import Connection


class NodeRefused(Fault):
    """A node did not take what it has to have."""

    def __init__(self, said: str) -> None:
        super().__init__(
            f"a node of this Citus does not take what each has to have ({said}): mend it, then `retrace migrate`"
        )


def missing(role: str, make: Composable) -> Composed:
    """`make`, where there is no such role."""
    text = SQL("BEGIN IF to_regrole({}) IS NULL THEN {}; END IF; END").format(Literal(role), make)
    return SQL("DO {}").format(Literal(text.as_string()))


async def put_on_nodes(connection: Connection, function: str) -> None:
    """A function of `retrace` that is at the coordinator, on each node, on those to come too."""
    query = "SELECT create_distributed_function(%s::regproc::regprocedure)"
    await connection.execute(query, [f"retrace.{function}"])


async def on_workers(connection: Connection, command: Composable) -> None:
    text = "SET citus.enable_ddl_propagation = off; " + command.as_string(connection)
    query = "SELECT success, result FROM run_command_on_workers(%s)"
    for success, result in await (await connection.execute(query, [text])).fetchall():
        if not success:
            raise NodeRefused(str(result))
