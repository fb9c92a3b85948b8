"""A tenant that tunes models at a vendor's double, with a clock that is set, and a fuse that kills whoever is at it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from application.budgets.budget import SetBudget, set_budget
from application.budgets.fair_queue import FairQueue
from application.budgets.pool import ReservationPool
from application.budgets.status import BudgetStatus, budget_status
from application.learning.tuning import tune as work
from application.learning.tuning.request import RequestTuning, request_tuning
from application.learning.tuning.tune import Tune, tune
from application.ports import FineTuner, TrainingFiles, TuningFile
from domain.base.context import Context
from domain.base.errors import Refused
from domain.budgets.budget import BudgetLimits
from domain.learning import tuning_job, tuning_steps
from domain.learning.tuning_job import TuningJob, TuningPlan
from domain.learning.tuning_target import Targets
from infra.outgoing.client import Outgoing
from infra.providers.tuning import TUNERS, asking
from infra.providers.tuning.targets import load_targets
from interfaces.bootstrap import Services
from tests.doubles.tuning import MODELS, PLACES, TUNED, Vendor, tuning_vendor

TOKENS = 1_000_000
"""In the training files, in one pass."""


class Killed(BaseException):
    """The process is gone."""


SETTLED = timedelta(seconds=0.25)
"""In the place of 20 minutes."""


def quick(patch: pytest.MonkeyPatch) -> None:
    """What takes minutes takes milliseconds."""
    patch.setattr(tuning_steps, "CALLING", SETTLED / 5)
    patch.setattr(tuning_steps, "SETTLED", SETTLED)
    patch.setattr(tuning_steps, "LOOKS", (SETTLED / 5, SETTLED / 2))
    patch.setattr(tuning_steps, "SOONEST", SETTLED / 50)
    patch.setattr(tuning_steps, "LATEST", SETTLED / 50)
    patch.setattr(tuning_job, "FIRST_PAUSE", SETTLED / 50)
    patch.setattr(tuning_job, "LONGEST_PAUSE", SETTLED / 50)
    patch.setattr(asking, "retry_after", lambda fields: None)
    patch.setattr(work, "SETTLED", SETTLED)
    patch.setattr(work, "AGAIN", SETTLED / 10)


@dataclass
class Fuse:
    """Kills at the `left`th point; None: never."""

    left: int | None = None
    burnt: int = 0

    def burn(self) -> None:
        self.burnt += 1
        if self.left is not None and self.burnt == self.left:
            raise Killed


class Fused:
    """Whoever calls a method of `inner` may be killed before it, and after it has had its effect."""

    def __init__(self, inner: Any, fuse: Callable[[], Fuse]) -> None:
        self._inner, self._fuse = inner, fuse

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in (
            "load",
            "save",
            "change",
            "upload",
            "submit",
            "find",
            "job",
            "cancel",
            "uploads",
            "discard",
        ):
            return found

        async def fused(*args: Any, **kwargs: Any) -> Any:
            self._fuse().burn()
            made = await found(*args, **kwargs)
            self._fuse().burn()
            return made

        return fused


@dataclass
class Source:
    """Training sets, as many as there are. `refuses`: the vendor would not take it any more."""

    refuses: bool = False
    lines: int = 80

    async def files(self, tenant: UUID, training_set: UUID, provider: str) -> TrainingFiles:
        if self.refuses:
            raise Refused("3 examples are too few; at least 10 are wanted")
        line = b'{"messages": [{"role": "user", "content": "Open?"}, {"role": "assistant", "content": "Yes."}]}\n'
        return TrainingFiles(
            train=line * self.lines,
            validation=line * 20,
            examples=self.lines,
            validation_examples=20,
            tokens=TOKENS,
        )


@dataclass
class Uploading:
    """`then` comes right after a file is at the vendor's."""

    inner: Any
    then: Callable[[TuningFile], Awaitable[None]]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def upload(self, file: TuningFile, place: Mapping[str, str]) -> str:
        made: str = await self.inner.upload(file, place)
        await self.then(file)
        return made


@dataclass
class TuningShop:
    """`application.learning.ports.Ports` of one tenant."""

    parts: Services
    context: Context
    vendor: Vendor
    inner: FineTuner
    provider: str
    fuse: Fuse = field(default_factory=Fuse)
    training: Source = field(default_factory=Source)
    targets: Targets = field(default_factory=load_targets)
    budget_queue: FairQueue = field(default_factory=FairQueue)
    reservation_pool: ReservationPool | None = None
    keyless: bool = False

    @property
    def store(self) -> Any:
        return Fused(self.parts.store, lambda: self.fuse)

    @property
    def clock(self) -> Callable[[], datetime]:
        return self.parts.clock

    @property
    def ids(self) -> Any:
        return self.parts.ids

    @property
    def catalogue(self) -> Any:
        return self.parts.catalogue

    @property
    def tuners(self) -> TuningShop:
        return self

    async def tuner(self, tenant: UUID, provider: str) -> Any:
        if self.keyless:
            raise Refused(f"there is no key for {provider}")
        return Fused(self.inner, lambda: self.fuse)

    @property
    def plan(self) -> TuningPlan:
        place = PLACES.get(self.provider, {})
        return TuningPlan(
            provider=self.provider, model=MODELS[self.provider], training_set=uuid4(), place=place, epochs=2
        )

    async def limit(self, day: Decimal) -> None:
        await set_budget(
            SetBudget(limits=BudgetLimits(day=day)), self.context, store=self.parts.store, clock=self.clock
        )

    async def request(self) -> UUID:
        return (await request_tuning(RequestTuning(plan=self.plan), self.context, self)).job.id

    async def step(self, job: UUID) -> datetime | None:
        """One try of a worker's."""
        return await tune(Tune(job=job), self.context, self)

    async def work(self, job: UUID, until: Callable[[TuningJob], bool], most: int = 60) -> TuningJob:
        """A worker's tries, each when it is due."""
        for _ in range(most):
            again = await self.step(job)
            found = await self.job(job)
            if until(found):
                return found
            assert again is not None, "nothing is left to be done"
            await self.wait(again)
        raise AssertionError(f"still {found.state.status}")

    async def wait(self, until: datetime) -> None:
        """Some milliseconds: `quick` has made minutes of them."""
        await asyncio.sleep(max(0.0, (until - self.clock()).total_seconds()))

    async def job(self, id: UUID) -> TuningJob:
        return await self.parts.store.load(TuningJob, id, tenant=self.context.tenant)

    async def status(self) -> BudgetStatus:
        day, _ = await budget_status(
            BudgetLimits(), self.clock().date(), tenant=self.context.tenant, store=self.parts.store
        )
        return day

    def finish(self, word: str | None = None, tokens: int | None = 2 * TOKENS) -> None:
        """At the vendor's."""
        for job in self.vendor.ours():
            if not job.cancelled:
                word = word or self.vendor.DONE
                model = TUNED[self.provider] if word == self.vendor.DONE else None
                self.vendor.end(job, word, model, tokens)


@asynccontextmanager
async def tuning_shop(provider: str, parts: Services, tenant: UUID) -> AsyncIterator[TuningShop]:
    async with tuning_vendor(provider) as vendor, Outgoing(guarded=False, kept=None) as http:
        tuner = TUNERS[provider](key=vendor.key, base_url=vendor.url, http=http, tenants=True)
        context = Context(tenant=tenant, actor="key:test", correlation=uuid4())
        shop = TuningShop(parts, context, vendor, tuner, provider)
        vendor.clock = shop.clock
        yield shop


async def survive(shop: TuningShop, seed: int, points: int = 60) -> TuningJob:
    """A job whose workers are killed at seeded points, at a vendor that loses answers and lists late; all comes to its end."""
    chance = random.Random(seed)
    fates = [chance.choice(("ok", "ok", "ok", "lost", "500-made", "500", "429")) for _ in range(6)]
    shop.vendor.fate = lambda number: fates[number - 1] if number <= len(fates) else "ok"
    shop.vendor.lag, shop.vendor.unknown = (
        SETTLED * chance.choice((0, 0.2, 0.9)),
        SETTLED * chance.choice((0, 0.5)),
    )
    job = await shop.request()
    kills = [chance.randint(1, points), *(chance.randint(1, 20) for _ in range(chance.randint(0, 2)))]
    shop.fuse = Fuse(kills.pop(0))
    for _ in range(200):
        if chance.random() < 0.2:
            shop.vendor.faults.append(chance.choice((429, 503)))
        try:
            again = await shop.step(job)
        except Killed:
            shop.fuse = Fuse(kills.pop(0) if kills else None)
            continue
        if again is None:
            return await shop.job(job)
        await shop.wait(min(again, shop.clock() + SETTLED))  # files that stay are deleted an hour later
        if shop.vendor.ours() and (await shop.job(job)).state.status in ("submitted", "running"):
            shop.finish()
    raise AssertionError(f"seed {seed}: it never ends")


async def there_once(shop: TuningShop, job: TuningJob, seed: int) -> None:
    """One job at the vendor, its model in the catalogue, its cost charged, nothing held, no file left."""
    told = f"seed {seed}"
    assert job.state.status == "succeeded", (told, job.state)
    assert len(shop.vendor.ours()) == 1, (told, [each.attempt for each in shop.vendor.ours()])
    assert shop.vendor.files == {}, told
    assert job.state.registered == f"{shop.provider}/{TUNED[shop.provider]}", told
    status = await shop.status()
    assert (status.reserved, job.state.discarded) == (0, True), told
