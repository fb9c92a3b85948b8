"""The worst tenant of a thousand finds as much as by exact search, and never a row too few, while large ones are promoted, and documents come and go.

Real log, real PostgreSQL. A failing run is repeated with what it says: pytest tests/soak/test_worst_tenant.py -m soak --chunks 300000 --seed N
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from statistics import mean
from typing import Any

import numpy as np
import pytest

from application.base.setting import load_setting
from application.base.tasks import cancel_and_wait
from application.base.work import context_of
from application.ports import Item, Kind
from application.retrieval import vector_index
from application.retrieval.vector_index import review_vector_index
from domain.retrieval.vector_index.index import REVIEW_WORK, VectorIndex
from domain.retrieval.vector_index.promotion import IndexRules
from infra.crypto.erasing import SubjectEraser
from infra.ids import uuid7
from infra.postgres.database import Database
from infra.redis.wakeups import Hints
from infra.retrieval.vector_index import keeping
from infra.retrieval.vector_index.indexes import PgVectorIndexes
from infra.retrieval.vector_index.known import KnownIndexes
from infra.retrieval.vector_index.sampling import RecallSampler
from infra.retrieval.vectors import PgVectors
from infra.work.rows import Work
from infra.work.worker import Worker
from tests.cells import cell
from tests.infra.log.parts import Log, log_on
from tests.soak.zipf import Shop, add, fill, in_turn, recall, shops

pytestmark = pytest.mark.soak

TENANTS, WHOLE, LEAST = 1_000, 300_000, 6_000
"""Tenants and chunks of the whole tier; chunks of a share of it."""

WANTED = 0.99
EACH = 5
"""Searches of each tenant at the end, beside those on the way."""

PATIENCE = 3600.0
"""Seconds until each large tenant must have been decided about."""


def now() -> datetime:
    return datetime.now(UTC)


class Scene:
    def __init__(
        self, log: Log, eraser: SubjectEraser, every: list[Shop], rules: IndexRules, seed: int
    ) -> None:
        self.log, self.every, self.rules = log, every, rules
        self.large = [shop for shop in every if shop.size >= 1.2 * rules.least]
        self.sampler = RecallSampler(log.database, serving=0.2)
        self.vectors = PgVectors(
            log.database, log.keyring, known=KnownIndexes(fresh=1.0), sampler=self.sampler
        )
        self.indexes = PgVectorIndexes(log.database, cell(log.url))
        self.seen: dict[Shop, list[float]] = {shop: [] for shop in every}
        self.did: Counter[str] = Counter()
        self._eraser, self._rng = eraser, np.random.default_rng(seed)

    async def check(self, shop: Shop) -> None:
        async with shop.turn:
            self.seen[shop].append(await recall(self.log.database, self.vectors, shop))

    async def ask(self) -> None:
        """Large tenants in turn, so that their indexes are measured."""
        for shop in in_turn(self.large):
            await self.vectors.search(shop.id, shop.question(), "local/wordllama-256", 10)
            await self.sampler.idle()

    async def look_around(self) -> None:
        """Large ones as often as the small."""
        while True:
            among = self.large if self._rng.random() < 0.5 else self.every
            await self.check(among[int(self._rng.integers(len(among)))])
            await asyncio.sleep(0.02)

    async def change(self) -> None:
        while True:
            among = self.large if self._rng.random() < 0.5 else self.every
            await self._change(among[int(self._rng.integers(len(among)))])
            await asyncio.sleep(0.05)

    async def _change(self, shop: Shop) -> None:
        """It stays about as large as it was."""
        async with shop.turn:
            if shop.size <= shop.at_first or len(shop.documents) < 2:
                await add(self.vectors, shop)
                self.did["added"] += 1
                return
            document, count = shop.documents.pop(int(self._rng.integers(len(shop.documents))))
            if self._rng.random() < 0.5:
                await self.vectors.delete(shop.id, document)
                self.did["deleted"] += 1
            else:
                await self._eraser.erase(shop.id, document)
                self.did["erased"] += 1
            shop.size -= count

    async def empty(self, shop: Shop) -> None:
        """Delete most of it at once, and look after each."""
        while len(shop.documents) > 2:
            async with shop.turn:
                document, count = shop.documents.pop()
                await self.vectors.delete(shop.id, document)
                shop.size -= count
            await self.check(shop)

    async def decided(self) -> dict[Shop, str]:
        """How large ones are searched by now: `exact` only where that was decided."""
        found = {}
        for shop in self.large:
            index = await load_setting(VectorIndex, shop.id, store=self.log.store)
            if index is not None and (index.state.status == "promoted" or index.state.because is not None):
                found[shop] = index.state.status
        return found


@asynccontextmanager
async def scene(url: str, every: list[Shop], rules: IndexRules, seed: int) -> AsyncIterator[Scene]:
    """With a worker that looks at large tenants, and all that sees to it."""
    async with (
        log_on(url) as log,
        Database(cell(url), role="retrace_runner", size=3) as system,
        Database(cell(url), role="retrace_eraser", size=1) as erasing,
    ):
        await fill(log, every)
        made = Scene(log, SubjectEraser(erasing, log.keyring), every, rules, seed)

        async def review(item: Item) -> datetime | None:
            context = context_of(item, uuid7)
            return await review_vector_index(
                context, indexes=made.indexes, store=log.store, clock=now, rules=rules
            )

        kinds = {REVIEW_WORK: Kind(handler=review, attempts=20, lease=60.0)}
        worker = Worker(Work(system), kinds, Hints(), concurrency=2)
        running = [
            asyncio.create_task(each)
            for each in (worker.run(), keeping.keep_vector_indexes(system, made.indexes, rules))
        ]
        try:
            yield made
        finally:
            worker.stop()
            await running[0]
            await cancel_and_wait(running[1])
            await made.vectors.close()


@asynccontextmanager
async def beside(*going: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """What goes on meanwhile; where one of it fails all ends."""
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(each) for each in going]
        yield
        for task in running:
            task.cancel()


async def test_the_worst_tenant_finds_what_exact_search_finds(
    database_url: str, share: float, seed: int, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    chunks = pytestconfig.getoption("--chunks") or (WHOLE if share >= 1 else LEAST)
    every = shops(max(50, TENANTS * chunks // WHOLE), chunks, seed)
    rules = IndexRules(least=max(300, chunks // 60), recall=WANTED, most=16)
    monkeypatch.setattr(vector_index, "SOON", timedelta(seconds=1))
    monkeypatch.setattr(vector_index, "LATER", timedelta(seconds=2))
    monkeypatch.setattr(keeping, "EVERY", 2.0)
    async with scene(database_url, every, rules, seed) as made:
        async with beside(made.ask(), made.look_around(), made.change()), asyncio.timeout(PATIENCE):
            while len(await made.decided()) < len(made.large):
                await asyncio.sleep(0.5)
        decided = await made.decided()
        promoted = [shop for shop, status in decided.items() if status == "promoted"]
        assert promoted, "of none was the recall high enough"
        async with beside(made.look_around(), made.change()):
            await made.empty(promoted[0])
            for shop in every:
                for _ in range(EACH):
                    await made.check(shop)
        worst = min(every, key=lambda shop: mean(made.seen[shop]))
        told = {
            "tenants": len(every), "chunks": chunks, "large": len(made.large), "decided": Counter(decided.values()),
            "searches": sum(map(len, made.seen.values())), "changes": dict(made.did),
            "worst": round(mean(made.seen[worst]), 4), "of": worst.size, "promoted": [shop.size for shop in promoted],
            "worst promoted": round(min(mean(made.seen[shop]) for shop in promoted), 4), "seed": seed,
        }  # fmt: skip
        print(told)
        assert mean(made.seen[worst]) >= WANTED, told
