"""Saves per second through `LogStore.save`, with encryption, chain, sequence and inbox key on every save.

Beside it: the library's recorder in threads, which does none of that, and pgbench's single-row insert of the same bytes.
"""

from __future__ import annotations

import asyncio
import copy
import itertools
import random
import time
from contextlib import suppress
from uuid import uuid4

import psycopg
import uvloop

from bench.harness import Contestant, Floor, Result, Rounds, arguments, conditions, report, rounds
from bench.parts import Log, message, now, opened
from bench.rivals.pgbench import inserts
from bench.rivals.recorder import saves
from bench.server import server
from domain.base.context import Context
from domain.base.errors import Conflict
from domain.conversations.conversation import Conversation

TENANTS = 4
WRITERS = (1, 16, 64)
ROUNDS = 7
WARM_UP = 0.2
"""Seconds."""
CONFLICTING = 100
"""Every so many-th command of the run with conflicts is of somebody who looked too long ago."""


class Writer:
    """Somebody with a conversation of their own, who sends message after message."""

    def __init__(self, log: Log, context: Context, place: int) -> None:
        self._log = log
        self._context = context
        self._place = place
        self._conversation = Conversation.start(
            uuid4(), channel="http", address=f"customer {place}", name=None, at=now()
        )

    async def begin(self) -> None:
        await self._log.store.save(self._conversation, context=self._context)
        self._old = copy.deepcopy(self._conversation)

    async def write(self, until: float, conflicts: bool) -> int:
        """The saves done until that moment."""
        done, text = 0, message()
        for number in itertools.count(self._place + 1):
            if time.perf_counter() >= until:
                break
            await self._save(self._conversation, text)
            done += 1
            if conflicts and number % CONFLICTING == 0:
                with suppress(Conflict):
                    await self._save(copy.deepcopy(self._old), text)
                    raise AssertionError("a save on an old version must be a conflict")
        return done

    async def _save(self, conversation: Conversation, text: str) -> None:
        id = random.randbytes(16).hex()  # as a channel would give it
        conversation.receive(message=id, text=text, interaction=conversation.id, at=now())
        conversation.state.burst = None  # as an answer would do
        await self._log.store.save(conversation, context=self._context, inbox=f"message:http:{id}")


async def _ours(url: str, writers: int, seconds: float, conflicts: bool) -> float:
    async with opened(url) as log:
        contexts = [Context(tenant=uuid4(), actor="key:bench", correlation=uuid4()) for _ in range(TENANTS)]
        all = [Writer(log, contexts[place % TENANTS], place) for place in range(writers)]
        await asyncio.gather(*(writer.begin() for writer in all))
        # Connections are made and statements planned before anything is counted, as with the others.
        await asyncio.gather(*(writer.write(time.perf_counter() + WARM_UP, False) for writer in all))
        began = time.perf_counter()
        done = await asyncio.gather(*(writer.write(began + seconds, conflicts) for writer in all))
        return sum(done) / (time.perf_counter() - began)


def ours(url: str, writers: int, seconds: float, conflicts: bool = False) -> float:
    """Saves per second."""
    return uvloop.run(_ours(url, writers, seconds, conflicts))


def payload_size(url: str) -> int:
    """Bytes of a message's payload as our log stores it, so that the others write as many."""
    ours(url, 1, 0.2)
    with psycopg.connect(url) as connection:
        query = "SELECT avg(octet_length(payload)) FROM retrace.events WHERE topic = %s"
        row = connection.execute(query, [Conversation.MessageReceived.TOPIC]).fetchone()
    assert row is not None
    size: int = round(row[0])
    return size


def measure(url: str, seconds: float) -> tuple[Rounds, int]:
    """The figures, and the payload's size; `seconds` for the whole."""
    size = payload_size(url)
    state = bytes(size)
    part = seconds / ROUNDS / (3 * len(WRITERS) + 1)

    def contestants(writers: int) -> list[Contestant]:
        return [
            lambda: {f"retrace_{writers}_per_s": ours(url, writers, part)},
            lambda: {f"library_{writers}_per_s": saves(url, writers, part, state)},
            lambda: {f"pgbench_{writers}_per_s": inserts(url, writers, part, size)},
        ]

    everyone = [contestant for writers in WRITERS for contestant in contestants(writers)]
    # Beside the run that it is compared with, so that both see the same machine.
    everyone.insert(4, lambda: {"retrace_16_conflicts_per_s": ours(url, 16, part, conflicts=True)})
    return rounds(everyone, ROUNDS), size


def main() -> None:
    given = arguments("appending to the log", seconds=70)
    with server() as running, running.fresh() as url:
        measured, size = measure(url, given.seconds)
    figures = measured.medians
    for rival in ("library", "pgbench"):
        for writers in WRITERS:
            ratio = measured.ratio(f"retrace_{writers}_per_s", f"{rival}_{writers}_per_s")
            figures[f"to_{rival}_{writers}"] = ratio
    cost = 100 * (1 - measured.ratio("retrace_16_conflicts_per_s", "retrace_16_per_s"))
    result = Result(
        name="append",
        ratio=figures["to_library_16"],
        figures=figures,
        floors=(
            Floor("× library, 16 writers", figures["to_library_16"], least=6),
            Floor("× library, 64 writers", figures["to_library_64"], least=12),
            Floor("× pgbench, 16 writers", figures["to_pgbench_16"], least=0.5),
            Floor("× pgbench, 64 writers", figures["to_pgbench_64"], least=0.9),
            Floor("cost of 1 % conflicts, %", cost, most=10),
        ),
        conditions=conditions(running.version, tenants=TENANTS, payload_bytes=size, rounds=ROUNDS),
    )
    report(result, given.json)


if __name__ == "__main__":
    main()
