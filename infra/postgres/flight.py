"""Statements of an exchange that are under way, and their answers."""

from __future__ import annotations

import asyncio
import select

import psycopg
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult


class Flight:
    """Statements under way. `landed`: their results, or how the connection was lost; `over` in either case."""

    def __init__(self, pgconn: PGconn) -> None:
        self._pgconn, self._socket = pgconn, pgconn.socket
        self._loop = asyncio.get_running_loop()
        self.landed: asyncio.Future[list[PGresult]] = self._loop.create_future()
        self.over = asyncio.Event()
        self._results: list[PGresult] = []
        self._ended = False
        self._end = select.poll()  # asked for nothing, it tells of errors and of the other side's end
        self._end.register(self._socket, 0)
        self._loop.add_reader(self._socket, self._read)
        self._flush()

    def end(self) -> None:
        """Once: the number of a closed socket may be another one's by now."""
        if not self._ended:
            self._ended = True
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)

    def _flush(self) -> None:
        if self._ended:
            return
        try:
            if self._pgconn.flush():
                self._loop.add_writer(self._socket, self._flush)
            else:
                self._loop.remove_writer(self._socket)
        except psycopg.OperationalError as error:
            self._fail(error)

    def _read(self) -> None:
        if self._ended:
            return
        try:
            # uvloop tells of a socket's error once, and of nothing after it, though answers may have come before that end.
            if self._end.poll(0):
                self._loop.call_soon(self._read)
            self._pgconn.consume_input()
            while not self._pgconn.is_busy():
                result = self._pgconn.get_result()
                if result is None:
                    continue
                if result.status == ExecStatus.PIPELINE_SYNC:
                    self.end()
                    self.over.set()
                    if not self.landed.done():
                        self.landed.set_result(self._results)
                    return
                self._results.append(result)
        except psycopg.Error as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        self.end()
        self.over.set()
        self._pgconn.finish()
        if not self.landed.done():
            self.landed.set_exception(error)
