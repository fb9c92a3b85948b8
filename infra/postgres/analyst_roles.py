"""What the roles behind analysts' logins need of the server, made sure of by each `migrate`: a restored backup brings roles, not their memberships."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg.sql import SQL, Identifier

Connection = AsyncConnection[tuple[Any, ...]]

STEPS: tuple[tuple[str, str], ...] = (
    (
        "pg_has_role('retrace_builder', 'retrace_publisher', 'SET')",
        "GRANT retrace_publisher TO retrace_builder WITH INHERIT FALSE, SET TRUE",
    ),
    (
        "has_database_privilege('retrace_analyst', current_database(), 'CONNECT')",
        "GRANT CONNECT ON DATABASE {database} TO retrace_analyst",
    ),
    (
        "(SELECT rolcreaterole FROM pg_roles WHERE rolname = 'retrace_registrar')",
        "ALTER ROLE retrace_registrar CREATEROLE",
    ),
    (
        "pg_has_role('retrace_registrar', 'retrace_analyst', 'MEMBER WITH ADMIN OPTION')",
        "GRANT retrace_analyst TO retrace_registrar WITH ADMIN TRUE, INHERIT FALSE, SET FALSE",
    ),
    (
        "has_parameter_privilege('retrace_registrar', 'temp_file_limit', 'SET')",
        "GRANT SET ON PARAMETER temp_file_limit TO retrace_registrar",
    ),
)
"""What is to hold, and what makes it so. Without the last three views are there all the same, and logins are not, or their files have no limit."""


async def provide_analyst_roles(connection: Connection) -> None:
    """`connection` is that of `migrate`. What its user may not grant is left: `retrace doctor` says what a superuser is to do."""
    query = f"SELECT {', '.join(condition for condition, _ in STEPS)}"
    holds = await (await connection.execute(query.encode())).fetchone()
    assert holds is not None
    database = Identifier(connection.info.dbname)
    for held, (_, step) in zip(holds, STEPS, strict=True):
        if held:
            continue
        try:
            await connection.execute(SQL(step).format(database=database))
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.InternalError_):
            continue  # the second: another database's `migrate` does the same at this moment
