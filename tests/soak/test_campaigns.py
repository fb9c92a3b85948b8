"""A campaign as a whole, through Twilio's double: killed and resumed each customer gets it once; beside answers the sender's rate is kept.

Full size: 20,000 customers. What was measured stands in the printed line.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from pathlib import Path

import pytest

from domain.audit.invariants import Invariants
from domain.channels.delivery import Delivery
from domain.channels.next_step import SETTLED
from interfaces.processes import keeping
from tests.soak.campaigns import Arrivals, Marketer, address, have_written, windows
from tests.soak.customers import QUESTIONS, Customers, customers
from tests.soak.kills import end

pytestmark = pytest.mark.soak
CUSTOMERS, ANSWERS = 20_000, 50
"""Of the full size; answers that go on beside it, a second."""

FEW = 600
"""Customers of a share of it, however large: each takes its time at the sender's rate."""

TARGETS = ("worker", "database", "worker", "serve", "worker")
PER_SECOND = 80
TAILS = 3.0
"""Seconds at the beginning and the end, when the campaign does not ask for all that there is."""


async def test_killed_and_resumed_each_customer_gets_it_once(
    pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "PAUSES", (0.0,))
    share, seed = pytestconfig.getoption("--share"), pytestconfig.getoption("--seed")
    count, chance = (CUSTOMERS if share >= 1 else FEW), random.Random(f"campaign {seed}")
    per_second = min(PER_SECOND, max(10, count // 15))
    opted_out = range(0, count, 20)
    with tempfile.TemporaryDirectory(prefix="retrace-campaign-") as folder:
        async with asyncio.timeout(7200), customers(Path(folder), seed) as all:
            arrivals = Arrivals(all)
            await have_written(all, count, opted_out)
            marketer = Marketer(all)
            path = await marketer.begin(per_second, all.twilio.account, all.twilio.token)
            for number, target in enumerate(TARGETS, 1):
                wanted = count * number // (len(TARGETS) + 1)
                while len(arrivals.got) < wanted:
                    await asyncio.sleep(0.02)
                await asyncio.sleep(chance.uniform(0, 0.3))
                await end(all.deployed, target)
            while (await marketer.ask("GET", path))["status"] != "finished":
                await asyncio.sleep(0.5)
            unsettled = await settle(all, arrivals, count - len(opted_out), long=share >= 1)
            found = arrivals.got
            assert max(found.values()) == 1
            assert not {address(number) for number in opted_out} & found.keys()
            assert len(found) + unsettled == count - len(opted_out)
            events = [recorded async for recorded in all.deployed.parts.store.events(all.tenant)]
            invariants = Invariants()
            invariants.fold(events)
            assert invariants.violations == []
            looked_for = sum(isinstance(recorded.event, Delivery.FateUnknown) for recorded in events)
            print(
                f"{len(found)} of {count}, {looked_for} looked for after kills, {unsettled} not settled yet"
            )


async def settle(all: Customers, arrivals: Arrivals, wanted: int, *, long: bool) -> int:
    """Until all have got it. Without `long`: how many were attempted by whoever was killed, and are waited for until it is sure that they never came."""
    until = time.monotonic() + (SETTLED.total_seconds() + 300 if long else 90)
    while len(arrivals.got) < wanted and time.monotonic() < until:
        await asyncio.sleep(0.5)
    left = wanted - len(arrivals.got)
    if not left:
        return 0
    latest: dict[object, str] = {}
    async for recorded in all.deployed.parts.store.events(all.tenant):
        event = recorded.event
        if isinstance(
            event, Delivery.Attempted | Delivery.FateUnknown | Delivery.Accepted | Delivery.NotTaken
        ):
            latest[recorded.stream] = type(event).__name__
    assert sum(each in ("Attempted", "FateUnknown") for each in latest.values()) == left
    assert not long, f"{left} were never settled"
    return left


async def test_the_rate_is_kept_and_answers_wait_no_longer(pytestconfig: pytest.Config) -> None:
    share, seed = pytestconfig.getoption("--share"), pytestconfig.getoption("--seed")
    count = CUSTOMERS if share >= 1 else FEW
    answers = ANSWERS if share >= 1 else max(1.0, ANSWERS * share)
    per_second = PER_SECOND if share >= 1 else 20
    with tempfile.TemporaryDirectory(prefix="retrace-campaign-") as folder:
        async with asyncio.timeout(7200), customers(Path(folder), seed) as all:
            arrivals, all.twilio.statuses = Arrivals(all), ("delivered",)
            await have_written(all, count, range(0))
            marketer = Marketer(all)
            account, token = all.twilio.account, all.twilio.token
            await answered(all, arrivals, answers, 10)  # warm
            alone = await answered(all, arrivals, answers, 30)
            path = await marketer.begin(per_second, account, token)
            while not arrivals.got:
                await asyncio.sleep(0.05)
            beside = await answered(all, arrivals, answers, min(30.0, (count - answers * 10) / per_second))
            while len(arrivals.got) < count:
                await asyncio.sleep(0.2)
            assert (await marketer.ask("GET", path))["progress"]["failed"] == 0
            first, last = arrivals.campaign[0], arrivals.campaign[-1]
            moments = [each for each in arrivals.moments if first + TAILS < each < last - TAILS]
            fewest, most = windows(moments, 10.0)
            before, after = percentile(alone), percentile(beside)
            print(
                f"{count} customers at {per_second}/s beside {answers:g} answers/s: {last - first:.0f} s, within 10 s "
                f"{fewest} to {most} of {per_second * 10} ({fewest / per_second * 10 - 100:+.1f} to {most / per_second * 10 - 100:+.1f} %); "
                f"answers p95 {before:.2f} s alone, {after:.2f} s beside it ({after / before:.2f} x), load {load()}"
            )
            # Where others are at work the machine stands still at times, and what was sent by then arrives at once.
            assert most <= per_second * 10 * (1.02 if share >= 1 else 1.1)
            if share >= 1:
                assert fewest >= per_second * 10 * 0.98
                assert after <= 1.2 * before


def percentile(waits: list[float]) -> float:
    return sorted(waits)[int(len(waits) * 0.95)]


def load() -> str:
    return Path("/proc/loadavg").read_text().split()[0]


async def answered(all: Customers, arrivals: Arrivals, per_second: float, seconds: float) -> list[float]:
    """Customers who ask at this rate, each a new one; seconds from their message to Twilio's having the answer."""
    chance, began, waits = random.Random(time.time()), time.monotonic(), list[float]()

    async def one(number: int) -> None:
        customer = f"whatsapp:+1555{chance.randrange(10**7):07d}"
        came = arrivals.answered[customer] = asyncio.Event()
        await asyncio.sleep(began + number / per_second - time.monotonic())
        at = time.monotonic()
        await all.twilio.says(all.url, customer, chance.choice(QUESTIONS))
        async with asyncio.timeout(120):
            await came.wait()
        waits.append(time.monotonic() - at)

    await asyncio.gather(*(one(number) for number in range(int(per_second * seconds))))
    return waits
