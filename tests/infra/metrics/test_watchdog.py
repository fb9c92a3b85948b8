from __future__ import annotations

import asyncio
import time

from infra.metrics.instruments import Instruments
from infra.metrics.watchdog import ALLOWED, Watchdog

HERE = "tests/infra/metrics/test_watchdog.py"


class Seen:
    def __init__(self) -> None:
        self.stalls: list[tuple[str, str, float]] = []

    def held(self, where: str, kind: str, seconds: float) -> None:
        self.stalls.append((where, kind, seconds))

    def at(self, function: str) -> list[tuple[str, float]]:
        return [(kind, seconds) for where, kind, seconds in self.stalls if where == f"{HERE}:{function}"]


def compute() -> None:
    until = time.thread_time() + 0.2
    while time.thread_time() < until:
        pass


def wait() -> None:
    time.sleep(0.2)  # as a file or a lock would


async def held_up() -> Seen:
    """What is seen where others leave the machine to it: else who looks is woken late too."""
    for _ in range(10):
        seen = Seen()
        with Watchdog(seen):
            await asyncio.sleep(0.05)
            compute()
            await asyncio.sleep(0.1)
            wait()
            await asyncio.sleep(0.1)
            await asyncio.to_thread(wait)  # beside the loop holds nothing up
            await asyncio.sleep(0.1)
        if len(seen.stalls) == 2:
            break
    return seen


async def test_what_holds_the_loop_is_counted_and_named() -> None:
    seen = await held_up()
    ((kind, seconds),) = seen.at("compute")
    assert (kind, seconds > 0.2 - 2 * ALLOWED) == ("busy", True)
    assert [kind for kind, _ in seen.at("wait")] == ["waiting"]


async def test_the_metrics_tell_it() -> None:
    instruments = Instruments()
    with Watchdog(instruments):
        await asyncio.sleep(0.05)
        compute()
        await asyncio.sleep(0.1)
    text = instruments.exposition()[0].decode()
    (line,) = [
        each
        for each in text.splitlines()
        if each.startswith("retrace_loop_held_seconds_count") and "compute" in each
    ]
    assert f'where="{HERE}:compute"' in line
    assert line.endswith(" 1.0")


async def test_a_watchdog_that_has_ended_counts_nothing() -> None:
    seen = Seen()
    with Watchdog(seen):
        pass
    compute()
    await asyncio.sleep(0.1)
    assert seen.stalls == []
