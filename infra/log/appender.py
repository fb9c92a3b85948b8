"""Group commit: commands that wait at the same moment go to the database as one call of `append`.

When a flight is free, a lone command goes at once; while all are in the air, commands gather. Two commands of one stream
or one inbox key never share a flight: the second waits for the first. A call whose outcome was lost with its connection
is asked again: the same events are a duplicate then, not a conflict.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import msgspec
import psycopg
from psycopg.pq import ExecStatus, Format
from psycopg.pq.abc import PGconn, PGresult

from application.ports import Owed, Settled, Tally, Unavailable
from infra.crypto.keyring import WrappedKey
from infra.database import Connection, connect
from infra.log import packing
from infra.log.hashing import microseconds

DONE, DUPLICATE, CONFLICT, REFUSED, REKEY, LATE = range(6)

LARGEST_BATCH = 256
"""Commands of one call."""

HEAVIEST_BATCH = 4 * 1024 * 1024
"""Bytes of payload of one call."""

RESENDS = 6
"""Tries for a call whose connection broke; about 6 s in all, and `append` refuses what is older than 15 s."""

ARGUMENTS = 37
BINARY = Format.BINARY
_STATEMENT = b"append"
_CALL = f"SELECT * FROM append({', '.join(f'${n}' for n in range(1, ARGUMENTS + 1))})".encode()


class NewEvent(msgspec.Struct, gc=False):
    """An event ready to be stored; ids are 16 bytes, `recorded_at` is in microseconds since 1970 UTC."""

    stream: bytes
    version: int
    previous: bytes | None
    topic: str
    recorded_at: int
    payload: bytes
    digest: bytes
    hash: bytes


class Command(msgspec.Struct):
    """What is done whole or not at all. The keys of `inbox` and of each stream are unique among commands in the air."""

    tenant: bytes
    events: list[NewEvent]
    actor: str
    correlation: bytes
    causation: bytes | None = None
    inbox: str | None = None
    work: list[Owed | Settled] = []
    tallies: list[Tally] = []
    keys: list[WrappedKey] = []


class Verdict(msgspec.Struct, gc=False):
    """One of DONE … LATE, with a position as `append` documents it."""

    outcome: int
    position: int


class _Waiting:
    """A command in the queue, what it must not share a flight with, and who waits for it."""

    __slots__ = ("claims", "command", "future", "weight")

    def __init__(self, command: Command, future: asyncio.Future[Verdict]) -> None:
        self.command = command
        self.future = future
        self.claims: list[Any] = [
            (command.tenant, event.stream) for event in command.events if event.previous is not None
        ]
        if command.inbox is not None:
            self.claims.append((command.tenant, command.inbox))
        self.weight = sum(len(event.payload) for event in command.events)


class Appender:
    """The only writer of a process: `flights` connections, each with one call in the air at a time."""

    def __init__(self, url: str, *, flights: int = 2) -> None:
        self._url = url
        self._idle: deque[_Flight] = deque(_Flight(self, url) for _ in range(flights))
        self._flights = tuple(self._idle)
        self._queue: deque[_Waiting] = deque()
        self._claimed: set[Any] = set()
        self._closed = False

    async def __aenter__(self) -> Appender:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def append(self, command: Command) -> Verdict:
        """Store a command's events. Raises Unavailable when the outcome can't be learned."""
        if self._closed:
            raise Unavailable("the service is stopping; try again")
        future: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        self._queue.append(_Waiting(command, future))
        self._take_off()
        return await future

    async def close(self) -> None:
        """Wait for what is in the air and in the queue, then disconnect."""
        self._closed = True
        for flight in self._flights:
            await flight.close()

    def _take_off(self) -> None:
        while self._idle and (batch := self._board()):
            self._idle.popleft().start(batch)

    def _board(self) -> list[_Waiting]:
        """The next batch. What can't fly now, for a claim that is taken, stays first in the queue."""
        batch: list[_Waiting] = []
        held: list[_Waiting] = []
        blocked: set[Any] = set()
        weight = 0
        while self._queue and len(batch) < LARGEST_BATCH and weight < HEAVIEST_BATCH:
            waiting = self._queue.popleft()
            if waiting.future.cancelled():
                continue
            if any(claim in self._claimed or claim in blocked for claim in waiting.claims):
                blocked.update(
                    waiting.claims
                )  # whoever comes behind it with the same claim must not overtake
                held.append(waiting)
                continue
            self._claimed.update(waiting.claims)
            weight += waiting.weight
            batch.append(waiting)
        self._queue.extendleft(reversed(held))
        return batch

    def _landed(self, flight: _Flight, batch: list[_Waiting]) -> None:
        for waiting in batch:
            self._claimed.difference_update(waiting.claims)
        self._idle.append(flight)
        self._take_off()


class _Flight:
    """One connection."""

    def __init__(self, appender: Appender, url: str) -> None:
        self._appender = appender
        self._url = url
        self._connection: Connection | None = None
        self._task: asyncio.Task[None] | None = None
        self._readable = asyncio.Event()
        self._watched: int | None = None

    def start(self, batch: list[_Waiting]) -> None:
        self._task = asyncio.create_task(self._fly(batch))

    async def close(self) -> None:
        while self._task is not None and not self._task.done():
            await asyncio.wait([self._task])
        await self._disconnect()

    async def _fly(self, batch: list[_Waiting]) -> None:
        try:
            await self._deliver(batch)
        finally:
            for waiting in batch:
                if not waiting.future.done():
                    waiting.future.set_exception(Unavailable("the write was interrupted; try again"))
            self._appender._landed(self, batch)

    async def _deliver(self, batch: list[_Waiting]) -> None:
        """One call; where a single command makes the whole fail, each goes alone, so that only it hears of it."""
        try:
            verdicts = await self._call([waiting.command for waiting in batch])
        except (psycopg.DataError, psycopg.IntegrityError, ValueError) as error:
            if len(batch) > 1:
                for waiting in batch:
                    await self._deliver([waiting])
            elif not batch[0].future.done():
                batch[0].future.set_exception(error)
            return
        except (psycopg.Error, OSError) as error:
            for waiting in batch:
                if not waiting.future.done():
                    text = f"the log did not take the write ({type(error).__name__}); try again"
                    waiting.future.set_exception(Unavailable(text))
            return
        for waiting, verdict in zip(batch, verdicts, strict=True):
            if not waiting.future.done():
                waiting.future.set_result(verdict)

    async def _call(self, commands: list[Command]) -> list[Verdict]:
        parameters = pack(commands)
        for attempt in range(RESENDS):
            try:
                if self._connection is None or self._connection.closed:
                    await self._connect()
                assert self._connection is not None
                result = await self._run(
                    self._connection,
                    lambda c: c.send_query_prepared(
                        _STATEMENT, parameters, [BINARY] * ARGUMENTS, result_format=BINARY
                    ),
                )
                return unpack(commands, [result.get_value(0, column) for column in range(4)])
            except (psycopg.OperationalError, OSError):
                # Broken, restarting, or a deadlock with another process: the outcome is unknown or nothing. Ask again.
                await self._disconnect()
                if attempt == RESENDS - 1:
                    raise
                await asyncio.sleep(0.1 * 2**attempt)
        raise AssertionError("unreachable")

    async def _run(self, connection: Connection, send: Callable[[PGconn], None]) -> PGresult:
        """One statement straight through libpq: a cursor's adaptation of the parameters costs more than the rest of the call,
        and so does watching the socket anew for each."""
        pgconn = connection.pgconn
        send(pgconn)
        result: PGresult | None = None
        while True:
            while pgconn.flush():  # noqa: ASYNC110  # a batch larger than the socket's buffer; the server is reading it
                await asyncio.sleep(0)
            if not pgconn.is_busy():
                following = pgconn.get_result()
                if following is None:
                    break
                result = following
                continue
            self._readable.clear()
            await self._readable.wait()
            pgconn.consume_input()
        assert result is not None
        if result.status == ExecStatus.FATAL_ERROR:
            raise psycopg.errors.error_from_result(result, encoding="utf-8")
        return result

    async def _connect(self) -> None:
        await self._disconnect()
        self._connection = connection = await connect(self._url, "retrace_writer")
        self._watched = connection.pgconn.socket
        asyncio.get_running_loop().add_reader(self._watched, self._readable.set)
        connection.pgconn.nonblocking = 1
        await self._run(connection, lambda c: c.send_prepare(_STATEMENT, _CALL))

    async def _disconnect(self) -> None:
        if self._watched is not None:
            asyncio.get_running_loop().remove_reader(self._watched)
            self._watched = None
        if self._connection is not None:
            with suppress(psycopg.Error, OSError):
                await self._connection.close()
            self._connection = None


def pack(commands: list[Command]) -> list[bytes]:
    """The arguments of `append`, in the order of its declaration; places count from 1."""
    heads = {tenant: place for place, tenant in enumerate(sorted({c.tenant for c in commands}), 1)}
    counts = [0] * (len(heads) + 1)
    events: list[NewEvent] = []
    e_command: list[int] = []
    e_head: list[int] = []
    e_nth: list[int] = []
    e_actor: list[str] = []
    streams: list[tuple[int, bytes]] = []
    inbox: list[tuple[int, str]] = []
    owed: list[tuple[int, Owed]] = []
    settled: list[tuple[int, Settled]] = []
    tallies: list[tuple[int, Tally]] = []
    keys: list[tuple[int, WrappedKey]] = []
    for number, command in enumerate(commands, 1):
        head = heads[command.tenant]
        if command.inbox is not None:
            inbox.append((len(events) + 1, command.inbox))
        for event in command.events:
            events.append(event)
            e_command.append(number)
            e_head.append(head)
            counts[head] += 1
            e_nth.append(counts[head])
            e_actor.append(command.actor)
            if event.previous is not None:
                streams.append((len(events), event.previous))
        for item in command.work:
            if isinstance(item, Owed):
                owed.append((number, item))
            else:
                settled.append((number, item))
        tallies.extend((number, tally) for tally in command.tallies)
        keys.extend((number, key) for key in command.keys)
    p = packing
    return [
        p.uuids(list(heads)),
        p.bigints(counts[1:]),
        p.uuids([c.tenant for c in commands]),
        p.uuids([c.correlation for c in commands]),
        p.uuids([c.causation for c in commands]),
        p.ints(e_command),
        p.ints(e_head),
        p.bigints(e_nth),
        p.uuids([e.stream for e in events]),
        p.ints([e.version for e in events]),
        p.texts([e.topic for e in events]),
        p.times([e.recorded_at for e in events]),
        p.texts(e_actor),
        p.blobs([e.payload for e in events]),
        p.blobs([e.digest for e in events]),
        p.blobs([e.hash for e in events]),
        p.ints([n for n, _ in streams]),
        p.blobs([previous for _, previous in streams]),
        p.ints([n for n, _ in inbox]),
        p.texts([key for _, key in inbox]),
        p.ints([n for n, _ in owed]),
        p.texts([item.kind for _, item in owed]),
        p.texts([item.key for _, item in owed]),
        p.times([microseconds(item.due_at) for _, item in owed]),
        p.ints([n for n, _ in settled]),
        p.texts([item.kind for _, item in settled]),
        p.texts([item.key for _, item in settled]),
        p.ints([n for n, _ in tallies]),
        p.texts([t.kind for _, t in tallies]),
        p.texts([t.key for _, t in tallies]),
        p.bigints([t.change for _, t in tallies]),
        p.bigints([t.low for _, t in tallies]),
        p.bigints([t.high for _, t in tallies]),
        p.ints([n for n, _ in keys]),
        p.uuids([k.subject.bytes for _, k in keys]),
        p.ints([k.generation for _, k in keys]),
        p.blobs([k.wrapped for _, k in keys]),
    ]


def unpack(commands: list[Command], values: Sequence[bytes | None]) -> list[Verdict]:
    """What `append` said of each command, from its four columns in binary form."""
    verdicts, effects, bases, nths = (packing.integers(value) for value in values)
    heads = {tenant: place for place, tenant in enumerate(sorted({c.tenant for c in commands}))}
    answer: list[Verdict] = []
    event = -1
    for number, command in enumerate(commands):
        event += len(command.events)
        if verdicts[number] == DONE:
            answer.append(Verdict(DONE, bases[heads[command.tenant]] + nths[event]))
        else:
            answer.append(Verdict(verdicts[number], effects[number] if effects else 0))
    return answer
