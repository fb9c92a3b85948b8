"""The writer's connection: calls of `append` one behind the other in libpq's pipeline mode, each a transaction of its own.

While the server runs one call the next is on its way, so neither waits for the other to wake up; and two calls of this process
never wait for each other's locks. Straight through libpq: a cursor's adaptation of the parameters costs more than the call.
Source: https://www.postgresql.org/docs/current/libpq-pipeline-mode.html
"""

from __future__ import annotations

import asyncio
import select
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import psycopg
from psycopg.pq import ExecStatus, Format
from psycopg.pq.abc import PGresult

from infra.log.arguments import COUNT
from infra.postgres.database import Connection

B = TypeVar("B")

_STATEMENT = b"append"
_CALL = f"SELECT * FROM append({', '.join(f'${n}' for n in range(1, COUNT + 1))})".encode()
_CALL_OF = f"SELECT * FROM append_of({', '.join(f'${n}' for n in range(1, COUNT + 2))})".encode()
"""Of one tenant, which comes first: where tenants lie on several servers."""


class Line(Generic[B]):
    """`landed` hears of each batch in the order in which they were sent; `broken`, once, of those that may or may not be done."""

    def __init__(
        self,
        connection: Connection,
        landed: Callable[[B, PGresult], None],
        broken: Callable[[Sequence[B], Exception], None],
        distributed: bool = False,
    ) -> None:
        self._connection = connection  # held, for its end would close the other
        self._pgconn = connection.pgconn
        self._socket = self._pgconn.socket
        self._end = select.poll()  # asked for nothing, it tells of errors and of the other side's end
        self._end.register(self._socket, 0)
        self._landed, self._broken = landed, broken
        self._call = _CALL_OF if distributed else _CALL
        self._formats = [Format.BINARY] * (COUNT + distributed)
        self._air: deque[B | None] = deque()
        self._result: PGresult | None = None
        self._loop = asyncio.get_running_loop()
        self._open = True

    def open(self) -> None:
        """Begin to listen, and prepare the statement. Raises psycopg.OperationalError, and is closed then."""
        try:
            self._pgconn.nonblocking = 1
            self._pgconn.enter_pipeline_mode()
            self._pgconn.send_prepare(_STATEMENT, self._call)
            self._pgconn.pipeline_sync()
            self._air.append(None)  # the first answer is that of the preparation
            self._loop.add_reader(self._socket, self._read)
        except psycopg.OperationalError:
            self.close()
            raise

    def send(self, batch: B, parameters: Sequence[bytes]) -> None:
        self._air.append(batch)
        try:
            self._pgconn.send_query_prepared(
                _STATEMENT, parameters, self._formats, result_format=Format.BINARY
            )
            self._pgconn.pipeline_sync()
        except psycopg.OperationalError as error:
            self._fail(error)
        else:
            self._flush()

    def close(self) -> None:
        """Once: the number of a closed socket may be another one's by now."""
        if self._open:
            self._open = False
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
            self._pgconn.finish()

    def _flush(self) -> None:
        """Write what the socket takes; the rest when it takes more."""
        if not self._open:
            return
        try:
            if self._pgconn.flush():
                self._loop.add_writer(self._socket, self._flush)
            else:
                self._loop.remove_writer(self._socket)
        except psycopg.OperationalError as error:
            self._fail(error)

    def _read(self) -> None:
        if not self._open:
            return
        try:
            # uvloop tells of a socket's error once, and of nothing after it, though answers may have come before that end.
            if self._end.poll(0):
                self._loop.call_soon(self._read)
            self._pgconn.consume_input()
            while self._open and self._air and not self._pgconn.is_busy():
                result = self._pgconn.get_result()
                if result is None:
                    continue
                if result.status != ExecStatus.PIPELINE_SYNC:
                    self._result = result
                    continue
                # Only now is it committed; an error of the commit has taken the result's place.
                assert self._result is not None
                batch, told = self._air.popleft(), self._result
                if batch is not None:
                    self._landed(batch, told)
                elif told.status != ExecStatus.COMMAND_OK:
                    raise psycopg.errors.error_from_result(told, encoding="utf-8")
        except psycopg.Error as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        self.close()
        lost = [batch for batch in self._air if batch is not None]
        self._air.clear()
        self._broken(lost, error)
