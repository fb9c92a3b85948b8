"""Items per second that 1 and 4 worker processes drain when the items do nothing, and how soon an idle worker wakes up.

Every contestant runs with the settings that did best here; a drain is over when its tables say so.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from functools import partial
from importlib.metadata import version
from typing import cast

import psycopg
import uvloop

from bench import owed
from bench.crew import Contestant, Shared, crew, wait_until
from bench.harness import Floor, Result, arguments, conditions, report, rounds
from bench.rivals import pgqueuer_jobs, procrastinate_jobs
from bench.server import Server, server

ROUNDS = 3
CREWS = (1, 4)
RATES = {"retrace": 18_000, "pgqueuer": 6_000, "procrastinate": 400}
"""About what to expect, so that each gets as many items as fill its time."""
WAKE_UPS = 15
"""Items sent to an idle worker, one by one."""
CONTESTANTS = tuple(cast(Contestant, module) for module in (owed, procrastinate_jobs, pgqueuer_jobs))


def drain(server: Server, contestant: Contestant, workers: int, seconds: float) -> dict[str, float]:
    """In a database of its own. With one worker it is then seen to wake up."""
    count = max(100, round(RATES[contestant.NAME] * seconds / 10) * 10)
    with server.fresh() as url:
        uvloop.run(contestant.install(url))
        rate, wake_up = drained(contestant, url, server.redis_url, workers, count)
    figures = {f"{contestant.NAME}_{workers}_per_s": rate}
    return figures if wake_up is None else {**figures, f"{contestant.NAME}_wake_up_ms": wake_up}


def drained(
    contestant: Contestant, url: str, redis_url: str | None, workers: int, count: int
) -> tuple[float, float | None]:
    """Fill the tables, let the workers go, wait until nothing is left: items per second; and of one worker the milliseconds to wake up."""
    uvloop.run(contestant.fill(url, count))
    with (
        psycopg.connect(url, autocommit=True) as connection,
        crew(contestant.work, workers, url, redis_url) as shared,
    ):
        began = time.monotonic()
        shared.go.set()
        wait_until(lambda: shared.done.value >= count, 0.002)
        ended = wait_until(lambda: connection.execute(contestant.LEFT).fetchone() == (False,), 0.005)
        wake_up = uvloop.run(wake_ups(contestant, url, redis_url, shared)) if workers == 1 else None
        # What a killed worker still holds, a next one in this database would wait for.
        wait_until(lambda: connection.execute(contestant.LEFT).fetchone() == (False,), 0.005)
    return count / (ended - began), wake_up


async def wake_ups(contestant: Contestant, url: str, redis_url: str | None, shared: Shared) -> float:
    """Median of the milliseconds from the call that sends an item to the moment when it is begun."""
    times = []
    async with contestant.sending(url, redis_url) as send:
        for number in range(WAKE_UPS + 1):
            await asyncio.sleep(0.05 + 0.013 * (number % 5))
            done, sent = shared.done.value, time.monotonic()
            await send()
            async with asyncio.timeout(30):
                while shared.done.value == done:  # noqa: ASYNC110  # another process counts
                    await asyncio.sleep(0.0005)
            times.append(1000 * (shared.began_at.value - sent))
    return statistics.median(times[1:])


def main() -> None:
    given = arguments("draining work")
    part = given.seconds / ROUNDS / len(CREWS) / len(CONTESTANTS)
    with server() as running:
        runs = [
            partial(drain, running, contestant, workers, part)
            for workers in CREWS
            for contestant in CONTESTANTS
        ]
        measured = rounds(runs, ROUNDS)
    figures = measured.medians
    for rival in ("procrastinate", "pgqueuer"):
        for workers in CREWS:
            ratio = measured.ratio(f"retrace_{workers}_per_s", f"{rival}_{workers}_per_s")
            figures[f"to_{rival}_{workers}"] = ratio
    result = Result(
        name="work",
        ratio=figures["to_pgqueuer_1"],
        figures=figures,
        floors=(
            *(
                Floor(f"× procrastinate, {n} workers", figures[f"to_procrastinate_{n}"], least=10)
                for n in CREWS
            ),
            *(Floor(f"× PgQueuer, {n} workers", figures[f"to_pgqueuer_{n}"], least=2) for n in CREWS),
        ),
        conditions=conditions(
            running.version,
            rounds=ROUNDS,
            tenants=owed.TENANTS,
            procrastinate=f"{version('procrastinate')}, {procrastinate_jobs.CONCURRENCY} at once",
            pgqueuer=f"{version('pgqueuer')}, batches of {pgqueuer_jobs.BATCH}",
        ),
    )
    report(result, given.json)


if __name__ == "__main__":
    main()
