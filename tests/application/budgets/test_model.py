"""Sequences of what may happen to a budget, beside a model of three numbers; and seeded days of a tenant with played providers."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from decimal import Decimal
from uuid import uuid4

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from domain.budgets.budget import BudgetExhausted, BudgetHeld, BudgetRefusal
from domain.budgets.reservation import Reservation
from domain.models.completion import Attempt
from tests.application.tills import Till, attempt
from tests.infra.log.parts import Log, log_on

CENTS = st.integers(0, 60).map(lambda cents: Decimal(cents) / 100)
LIMITS = st.none() | st.integers(0, 200).map(lambda cents: Decimal(cents) / 100)


@pytest_asyncio.fixture(scope="module", name="log")
async def _log(database_url: str) -> AsyncIterator[Log]:
    async with log_on(database_url) as log:
        yield log


class Budgets(RuleBasedStateMachine):
    """Against the real log. `open` are the reservations that nobody has ended, with what each holds."""

    url = ""

    @initialize()
    def begin(self) -> None:
        self.runner = asyncio.Runner()
        self.opened = log_on(self.url)
        self.till = Till(self.runner.run(self.opened.__aenter__()), late=True)
        self.conversation = self.runner.run(self.till.begin())
        self.day: Decimal | None = None
        self.month: Decimal | None = None
        self.spent = self.held = Decimal(0)
        self.open: list[tuple[Reservation, Decimal]] = []

    def teardown(self) -> None:
        if not hasattr(self, "runner"):
            return
        for reservation, _ in self.open:
            self.runner.run(self.till.settle(self.conversation, [], [reservation]))
        self.runner.run(self.till.check())
        self.runner.run(self.opened.__aexit__(None, None, None))
        self.runner.close()

    @rule(day=LIMITS, month=LIMITS)
    def limit(self, day: Decimal | None, month: Decimal | None) -> None:
        self.runner.run(self.till.limit(day, month))
        self.day, self.month = day, month

    @rule(amount=CENTS)
    def reserve(self, amount: Decimal) -> None:
        limits = [limit for limit in (self.day, self.month) if limit is not None]
        fits = all(self.spent + self.held + amount <= limit for limit in limits)
        made, refused = None, None
        try:
            made = self.runner.run(self.till.reserve(amount, seconds=0))
        except BudgetRefusal as refusal:
            refused = type(refusal)
        if refused is not None:
            covered = all(self.spent + amount <= limit for limit in limits)
            assert (fits, refused) == (False, BudgetHeld if covered else BudgetExhausted)
            return
        assert (made is None) == (not limits or not amount)
        if made is not None:
            assert fits
            self.open.append((made, amount))
            self.held += amount

    @rule(pick=st.integers(0), cost=CENTS)
    def settle(self, pick: int, cost: Decimal) -> None:
        if self.open:
            made, amount = self.open.pop(pick % len(self.open))
            self.runner.run(self.till.settle(self.conversation, [attempt(cost)], [made]))
            self.held -= amount
            self.spent += cost

    @rule(pick=st.integers(0), then=st.none() | CENTS)
    def expire(self, pick: int, then: Decimal | None) -> None:
        """And perhaps the call ends after all."""
        if self.open:
            made, amount = self.open.pop(pick % len(self.open))
            self.runner.run(self.till.expire(made))
            self.held -= amount
            if then is not None:
                self.runner.run(self.till.settle(self.conversation, [attempt(then)], [made]))
                self.spent += then

    @rule(cost=CENTS)
    def spend(self, cost: Decimal) -> None:
        self.runner.run(self.till.settle(self.conversation, [attempt(cost)], []))
        self.spent += cost

    @invariant()
    def agree(self) -> None:
        if hasattr(self, "runner"):
            for status in self.runner.run(self.till.stand()):
                assert (status.spent, status.reserved) == (self.spent, self.held)


def test_budgets_do_what_their_model_does(database_url: str) -> None:
    class Here(Budgets):
        url = database_url

    run_state_machine_as_test(  # type: ignore[no-untyped-call]  # hypothesis has no types for it
        Here,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


class Provider:
    """Plays calls by chance: what each attempt costs it has in its own books, `till.paid`."""

    def __init__(self, till: Till, chance: random.Random) -> None:
        self.till, self.chance = till, chance
        self.refused = self.wrongly = 0

    def cost(self, most: Decimal) -> Decimal:
        return (most * Decimal(self.chance.choice((1, 1, 2, 5, 10))) / 10).quantize(Decimal("0.000000000001"))

    async def attempts(self, most: Decimal) -> list[Attempt]:
        """A whole answer, one that was cached, one after failed attempts, a stream that was cut, an embedding and an answer."""
        await asyncio.sleep(0)
        match self.chance.randrange(5):
            case 0:
                return [attempt(0)]
            case 1:
                return [
                    attempt(0, "rate_limited"),
                    attempt(self.cost(most / 2), "timeout"),
                    attempt(self.cost(most / 2)),
                ]
            case 2:
                return [attempt(self.cost(most), "unavailable")]
            case 3:
                return [attempt(Decimal("0.000000123")), attempt(self.cost(most - Decimal("0.000000123")))]
        return [attempt(self.cost(most))]

    async def customer(self) -> None:
        """Calls one after the other. Some customers go away in the middle, some processes never come back."""
        conversation = await self.till.begin()
        for _ in range(self.chance.randrange(1, 7)):
            most = Decimal(self.chance.randrange(1, 300)) / 1000
            interaction = uuid4()
            lost = self.chance.random() < 0.1
            try:
                made = await self.till.reserve(
                    most, interaction=interaction, patience=30, seconds=0 if lost else 120
                )
            except BudgetExhausted as error:
                self.refused += 1
                # What was paid by now must leave no room for it.
                self.wrongly += self.till.paid + most <= error.limit
                continue
            if lost and self.chance.random() < 0.5:
                continue  # its process was killed
            call = asyncio.ensure_future(self.attempts(most))
            try:
                async with asyncio.timeout(0 if self.chance.random() < 0.1 else None):
                    attempts = await call
            except TimeoutError:
                attempts = [attempt(self.cost(most), "cancelled")]
            if lost and made is not None:
                await self.till.expire(made)
            await self.till.settle(conversation, attempts, [made], interaction)


async def one_run(log: Log, seed: str) -> int:
    """How many calls were refused."""
    chance = random.Random(seed)
    till = Till(log, late=True)
    provider = Provider(till, chance)
    if chance.random() < 0.2:  # a budget that comes later
        await provider.customer()
    if chance.random() < 0.9:
        day, month = (Decimal(chance.randrange(0, 2000)) / 1000 for _ in range(2))
        await till.limit(*chance.choice([(day, None), (None, month), (day, month)]))
    if chance.random() < 0.5:
        till.ahead()
    over = asyncio.Event()
    working = asyncio.create_task(expire_until(over, till))
    await asyncio.gather(*(provider.customer() for _ in range(chance.randrange(1, 6))))
    over.set()
    await working
    if till.reservation_pool is not None:
        await till.reservation_pool.close()
    await till.check()
    assert provider.wrongly == 0
    return provider.refused


async def expire_until(over: asyncio.Event, till: Till) -> None:
    """The worker's part."""
    while not over.is_set():
        await till.expire_all()
        with suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), 0.1)
    await till.expire_all()


@pytest.mark.parametrize("runs", [60, pytest.param(1000, marks=pytest.mark.soak)])
async def test_the_books_agree_after_seeded_days(log: Log, runs: int, share: float, seed: int) -> None:
    runs, refused = max(1, round(runs * share)), 0
    for first in range(0, runs, 25):
        numbers = range(first, min(first + 25, runs))
        refused += sum(await asyncio.gather(*(one_run(log, f"{seed} {number}") for number in numbers)))
    assert refused > runs / 10
