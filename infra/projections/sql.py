"""Statements of SQLAlchemy Core on a psycopg connection. Implements `projections.base.Sql`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from psycopg.rows import dict_row
from sqlalchemy import ARRAY, Dialect, Executable, bindparam, func, select
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement

from infra.postgres.database import Connection
from infra.postgres.exchange import Statement

DIALECT: Dialect = PGDialect_psycopg()  # type: ignore[no-untyped-call]  # SQLAlchemy does not type its constructor
NUMBERED: Dialect = PGDialect_psycopg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]  # nor this one
"""With PostgreSQL's own placeholders."""


class TransactionSql:
    """Within the transaction that `connection` is in."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def all(self, statement: Executable) -> list[Mapping[str, Any]]:
        compiled = _compiled(statement)
        async with self._connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(str(compiled).encode(), compiled.params)
            return list(await cursor.fetchall())

    async def ask(self, statement: Executable, values: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        text, params = _kept(statement)
        async with self._connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(text, {**params, **values})
            return list(await cursor.fetchall())

    async def run(self, statement: Executable) -> None:
        compiled = _compiled(statement)
        async with self._connection.cursor() as cursor:
            await cursor.execute(str(compiled).encode(), compiled.params)

    async def put(self, statement: Insert, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            names = tuple(rows[0])
            columns = {name: [row[name] for row in rows] for name in names}
            await self._connection.execute(_of_columns(statement, names), columns, prepare=True)


@lru_cache(maxsize=256)
def _kept(statement: Executable) -> tuple[bytes, Mapping[str, Any]]:
    """Its words, and the parameters that have their values already."""
    compiled = _compiled(statement)
    return str(compiled).replace(")s::", ")b::").encode(), compiled.params  # in binary form, which costs half


@lru_cache(maxsize=256)
def _of_columns(statement: Insert, names: tuple[str, ...]) -> bytes:
    """`statement` for any number of rows that come as one array a column: one plan, one round trip."""
    columns = statement.table.c
    arrays = [func.unnest(bindparam(name, type_=ARRAY(columns[name].type))) for name in names]
    text = str(_compiled(statement.from_select(names, select(*arrays))))
    return text.replace(")s::", ")b::").encode()  # in binary form, which costs half


def _compiled(statement: Executable) -> SQLCompiler:
    assert isinstance(statement, ClauseElement)
    compiled = statement.compile(dialect=DIALECT, compile_kwargs={"render_postcompile": True})
    assert isinstance(compiled, SQLCompiler)
    return compiled


def numbered(statement: Executable) -> Statement:
    """For `Database.read_all`, which asks in one round trip."""
    assert isinstance(statement, ClauseElement)
    compiled = statement.compile(dialect=NUMBERED, compile_kwargs={"render_postcompile": True})
    assert isinstance(compiled, SQLCompiler)
    return str(compiled), [compiled.params[name] for name in compiled.positiontup or ()]
