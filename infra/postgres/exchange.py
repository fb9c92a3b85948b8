"""Statements in one round trip: they go out behind each other in libpq's pipeline mode, and are one transaction.

Up to the synchronization at their end the server runs them as one implicit transaction, so it needs no BEGIN and no COMMIT: a fifth of the
CPU that a cursor takes in a transaction of its own. Straight through libpq, as the log's writer (infra/log/line.py).
Source: https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-PIPELINING
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ExecStatus, Format
from psycopg.pq.abc import PGresult

from application.base.tasks import run_to_end
from infra.postgres.flight import Flight
from infra.postgres.session import Connection

Statement = tuple[str, Sequence[Any]]
"""Its text, with $1, $2 … for values, and these. There are few texts: they stay prepared as long as their connection lives."""

Row = tuple[Any, ...]

INTEGERS = frozenset({20, 21, 23})
"""Types that psycopg chooses by a number's size. The server infers them, and reads the number as text: so a statement is prepared once."""

GIVEN_UP = 5.0
"""Seconds for which the server is waited for to end what nobody waits for any more."""


async def exchange(connection: Connection, *statements: Statement) -> list[list[Row]]:
    """The rows of each. All is committed, or nothing. The connection is in no transaction and nobody else's. Raises psycopg.Error.

    Whoever is cancelled leaves the connection as it was, or closed.
    """
    session = _sessions.get(connection)
    if session is None:
        session = _sessions[connection] = _Session(connection)
    try:
        results = await session.results(statements)
    except psycopg.errors.InvalidSqlStatementName:
        # psycopg says DEALLOCATE ALL after a ROLLBACK, for what it has prepared itself. Nothing was done, and all is prepared anew.
        session.forget()
        results = await session.results(statements)
    return [session.rows(result) for result in results]


class _Session:
    """What a connection has prepared: (text, types of its values) → name."""

    def __init__(self, connection: Connection) -> None:
        self._pgconn, self._cancel = connection.pgconn, connection.cancel_safe
        self._dumps, self._loads = Transformer(connection), Transformer(connection)
        self._prepared: dict[tuple[str, tuple[int, ...]], bytes] = {}
        self._names = 0

    async def results(self, statements: Sequence[Statement]) -> list[PGresult]:
        pgconn = self._pgconn
        new: list[tuple[str, tuple[int, ...]]] = []
        pgconn.enter_pipeline_mode()
        try:
            told: list[bool] = []  # of each result, whether it is that of a statement, or of a preparation
            for text, values in statements:
                forms = [PyFormat.TEXT if type(value) is int else PyFormat.AUTO for value in values]
                parameters = self._dumps.dump_sequence(values, forms)
                key = (text, tuple([0 if oid in INTEGERS else oid for oid in self._dumps.types or ()]))
                if (name := self._prepared.get(key)) is None:
                    self._names += 1
                    name = self._prepared[key] = b"x%d" % self._names
                    new.append(key)
                    pgconn.send_prepare(name, text.encode(), key[1])
                    told.append(False)
                pgconn.send_query_prepared(name, parameters, self._dumps.formats, result_format=Format.BINARY)
                told.append(True)
            pgconn.pipeline_sync()
            results = await self._answered()
            for result in results:
                if result.status == ExecStatus.FATAL_ERROR:
                    raise psycopg.errors.error_from_result(result, encoding="utf-8")
        except BaseException:
            for key in new:  # it may or may not be known to the server: the next time it has another name
                self._prepared.pop(key, None)
            raise
        finally:
            if pgconn.pipeline_status:
                self._leave()
        return [result for result, wanted in zip(results, told, strict=True) if wanted]

    def forget(self) -> None:
        """What was prepared is so no more."""
        self._prepared.clear()

    def rows(self, result: PGresult) -> list[Row]:
        self._loads.set_pgresult(result, format=Format.BINARY)
        return self._loads.load_rows(0, result.ntuples, tuple)

    async def _answered(self) -> list[PGresult]:
        flight = Flight(self._pgconn)
        try:
            return await flight.landed
        except asyncio.CancelledError:
            await run_to_end(self._give_up(flight))
            raise
        finally:
            flight.end()

    async def _give_up(self, flight: Flight) -> None:
        """Let the server end it, so that the connection can be used again; else close it."""
        try:
            async with asyncio.timeout(GIVEN_UP):
                await self._cancel(timeout=GIVEN_UP)
                await flight.over.wait()
        except (TimeoutError, psycopg.Error):
            self._pgconn.finish()

    def _leave(self) -> None:
        try:
            self._pgconn.exit_pipeline_mode()
        except psycopg.OperationalError:  # there is more to come that nobody can tell from what is asked next
            self._pgconn.finish()


_sessions: WeakKeyDictionary[Connection, _Session] = WeakKeyDictionary()
