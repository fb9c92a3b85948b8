"""Implicit pipelining: commands that are asked in one turn of the event loop go to Redis in one write, and those asked meanwhile in the next.

A write to a socket wakes the server and takes longer than packing ten commands; redis-py's own way of one command takes as long again.
https://redis.io/docs/latest/develop/using-commands/pipelining/
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import RedisError, ResponseError

LINES = 4
"""Connections: as many writes are under way at once. What is asked beyond them waits, and goes together."""

LOST = (Disconnected, RuntimeError)
"""What a connection says that is gone: uvloop has a RuntimeError for one that was reset while nobody used it."""


class Asked(NamedTuple):
    parts: tuple[bytes | str | int | float, ...]
    answer: asyncio.Future[Any]


class Pipelining:
    """`patience`: seconds for the answers to a write, once there is a connection for it. A connection that died while nobody used it is made again, once."""

    def __init__(self, connect: Callable[[], AbstractConnection], patience: Callable[[], float]) -> None:
        self._connect, self._patience = connect, patience
        self._waiting: list[Asked] = []
        self._idle: list[AbstractConnection] = []
        self._under_way: set[asyncio.Task[None]] = set()
        self._closed = False

    async def command(self, *parts: bytes | str | int | float) -> Any:
        """The answer as it comes: bytes, a whole number, None or a list of them. Raises RedisError, OSError."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._send)
        asked = Asked(parts, loop.create_future())
        self._waiting.append(asked)
        return await asked.answer

    async def close(self) -> None:
        self._closed = True
        _fail(self._waiting, Disconnected("closed"))
        while self._under_way:
            await asyncio.wait(set(self._under_way))
        for line in self._idle:
            await line.disconnect()
        self._idle.clear()

    def _send(self) -> None:
        """All that waits, if a connection is free; else whoever frees one does."""
        if self._closed or len(self._under_way) >= LINES:
            return
        # Whoever went away meanwhile wants nothing done any more, as a lease that nobody would give back.
        asked, self._waiting = [each for each in self._waiting if not each.answer.done()], []
        if asked:
            task = asyncio.create_task(self._exchange(asked))
            self._under_way.add(task)
            task.add_done_callback(self._sent)

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._send()

    async def _exchange(self, asked: Sequence[Asked]) -> None:
        line = self._idle.pop() if self._idle else self._connect()
        try:
            async with asyncio.timeout(self._patience()):
                try:
                    await _told(line, asked)
                except LOST:
                    await line.disconnect(nowait=True)
                    await _told(line, [each for each in asked if not each.answer.done()])
        except Exception as error:  # noqa: BLE001  # whoever waits hears of it, whatever it is
            heard = error if isinstance(error, RedisError | OSError) else Disconnected(type(error).__name__)
            _fail((*asked, *self._waiting), heard)  # those who wait for a connection wait no second time
            self._waiting.clear()
            await line.disconnect(nowait=True)
        finally:
            self._idle.append(line)


def _fail(asked: Iterable[Asked], error: Exception) -> None:
    for each in asked:
        if not each.answer.done():
            each.answer.set_exception(error)


async def _told(line: AbstractConnection, asked: Sequence[Asked]) -> None:
    """Each has its answer. A line that raised is ended: no answer on it is taken for another's."""
    await line.send_packed_command(line.pack_commands([each.parts for each in asked]), check_health=False)
    for each in asked:
        try:
            answer = await line.read_response()
        except ResponseError as refused:
            if not each.answer.done():
                each.answer.set_exception(refused)
        else:
            if not each.answer.done():
                each.answer.set_result(answer)
