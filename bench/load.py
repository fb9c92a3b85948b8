"""Loading long streams, and a command's latency in a long log: both must stay flat. Streams are read back from a snapshot and what follows it."""

from __future__ import annotations

import statistics
import time
from functools import partial
from uuid import UUID, uuid4

import psycopg
import uvloop

from bench.conversations import exchange, fill
from bench.harness import Contestant, Floor, Result, arguments, conditions, report, rounds
from bench.parts import Log, message, now, opened
from bench.server import server
from domain.base.context import Context
from domain.conversations.conversation import Conversation

LENGTHS = (10, 150, 10_050)
"""The first load of a long one replays it and keeps a snapshot; medians are of the loads after it."""
SHORT_LOG, LONG_LOG = 10_000, 1_000_000
ROUNDS = 5
SAVED_AT_ONCE = 90


async def _talk(log: Log, tenant: UUID, length: int) -> UUID:
    """A conversation of so many events, or up to three more: questions and their answers."""
    context = Context(tenant=tenant, actor="system:bench", correlation=uuid4())
    made = Conversation.start(uuid4(), channel="http", address="customer", name=None, at=now())
    document, texts = uuid4(), [message(300) for _ in range(8)]
    while made.version < length:
        until = min(made.version + SAVED_AT_ONCE, length)
        while made.version < until:
            exchange(made, 0, document, texts)
        await log.store.save(made, context=context)
    return made.id


async def _write_streams(url: str) -> tuple[UUID, dict[int, UUID]]:
    tenant = uuid4()
    async with opened(url) as log:
        return tenant, {length: await _talk(log, tenant, length) for length in LENGTHS}


async def _load(url: str, tenant: UUID, stream: UUID, seconds: float) -> float:
    times = []
    async with opened(url) as log:
        until = time.perf_counter() + seconds
        while (began := time.perf_counter()) < until:
            await log.store.load(Conversation, stream, tenant=tenant)
            times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times)


async def _command(url: str, tenant: UUID, seconds: float) -> float:
    """Load, decide, save: a message into a conversation of ten events."""
    times = []
    async with opened(url) as log:
        context = Context(tenant=tenant, actor="key:bench", correlation=uuid4())
        stream = await _talk(log, tenant, 10)

        def decide(found: Conversation | None) -> Conversation:
            assert found is not None
            found.receive(message=uuid4().hex, text=message(), interaction=found.id, at=now())
            found.state.burst = None
            return found

        until = time.perf_counter() + seconds
        while (began := time.perf_counter()) < until:
            await log.store.change(Conversation, stream, decide, context=context)
            times.append(1000 * (time.perf_counter() - began))
            if len(times) % 50 == 0:
                stream = await _talk(log, tenant, 10)
    return statistics.median(times)


def main() -> None:
    given = arguments("long streams and long logs", seconds=20)
    part = given.seconds / ROUNDS / (len(LENGTHS) + 2)
    with server() as running, running.fresh() as short, running.fresh() as long:
        (few,), (many,) = uvloop.run(fill(short, SHORT_LOG, 1)), uvloop.run(fill(long, LONG_LOG, 1))
        tenant, streams = uvloop.run(_write_streams(short))
        for url in (short, long):
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("VACUUM ANALYZE retrace.events")
        running.checkpoint()

        def load(length: int) -> dict[str, float]:
            return {f"load_{length}_ms": uvloop.run(_load(short, tenant, streams[length], part))}

        def command(name: str, url: str, owner: UUID) -> dict[str, float]:
            return {f"command_{name}_log_ms": uvloop.run(_command(url, owner, part))}

        runs: list[Contestant] = [partial(load, length) for length in LENGTHS]
        runs += [partial(command, "short", short, few), partial(command, "long", long, many)]
        measured = rounds(runs, ROUNDS)
    figures = measured.medians
    figures["long_to_short_log"] = measured.ratio("command_long_log_ms", "command_short_log_ms")
    figures["load_10050_to_150"] = measured.ratio("load_10050_ms", "load_150_ms")
    result = Result(
        name="load",
        ratio=figures["long_to_short_log"],
        figures=figures,
        floors=(
            Floor("a command, log of 10⁶ to 10⁴ events", figures["long_to_short_log"], most=1.2),
            Floor("a load, stream of 10,050 to 150 events", figures["load_10050_to_150"], most=1.5),
        ),
        conditions=conditions(running.version, rounds=ROUNDS, short_log=SHORT_LOG, long_log=LONG_LOG),
    )
    report(result, given.json)


if __name__ == "__main__":
    main()
