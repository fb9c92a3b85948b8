"""Statements of SQLAlchemy Core on a psycopg connection. Implements `projections.base.Sql`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from psycopg.rows import dict_row
from sqlalchemy import Dialect, Executable
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement

from infra.database import Connection

DIALECT: Dialect = PGDialect_psycopg()  # type: ignore[no-untyped-call]  # SQLAlchemy does not type its constructor


class TransactionSql:
    """Within the transaction that `connection` is in."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def all(self, statement: Executable) -> list[Mapping[str, Any]]:
        compiled = _compiled(statement)
        async with self._connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(str(compiled).encode(), compiled.params)
            return list(await cursor.fetchall())

    async def run(self, statement: Executable, rows: Sequence[Mapping[str, Any]] | None = None) -> None:
        if rows is not None and not rows:
            return
        compiled = _compiled(statement, rows[0] if rows else None)
        async with self._connection.cursor() as cursor:
            if rows is None:
                await cursor.execute(str(compiled).encode(), compiled.params)
            else:
                fixed = compiled.params
                await cursor.executemany(str(compiled).encode(), [{**fixed, **row} for row in rows])


def _compiled(statement: Executable, row: Mapping[str, Any] | None = None) -> SQLCompiler:
    assert isinstance(statement, ClauseElement)
    keys = list(row) if row is not None else None
    compiled = statement.compile(
        dialect=DIALECT, column_keys=keys, compile_kwargs={"render_postcompile": True}
    )
    assert isinstance(compiled, SQLCompiler)
    return compiled
