"""The way of a large tenant's own index: built, tried beside exact search, promoted, withdrawn; cut off anywhere, it is gone on with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest
import pytest_asyncio

from application.base.setting import change_setting, load_setting
from application.retrieval.vector_index import review_vector_index, vector_index_of
from domain.base.aggregate import Event
from domain.base.errors import NotFound
from domain.retrieval.embedding_model import EmbeddingModel
from domain.retrieval.vector_index.index import VectorIndex
from domain.retrieval.vector_index.promotion import EFS, SAMPLES, IndexRules
from infra.retrieval.vector_index.indexes import PgVectorIndexes
from tests.infra.log.parts import context
from tests.infra.retrieval.vector_index.crowd import DIMENSION, MODEL, Crowd, crowd_on, own_indexes

RULES = IndexRules(least=100, recall=0.99, most=9)


def now() -> datetime:
    return datetime.now(UTC)


class Reviewed:
    """A tenant of 120 chunks, in whose name a worker looks."""

    def __init__(self, crowd: Crowd) -> None:
        self.crowd, self.context = crowd, context()
        self.documents: list[UUID] = []

    @property
    def tenant(self) -> UUID:
        return self.context.tenant

    async def review(
        self, rules: IndexRules = RULES, indexes: PgVectorIndexes | None = None
    ) -> datetime | None:
        return await review_vector_index(
            self.context,
            indexes=indexes or self.crowd.indexes,
            store=self.crowd.log.store,
            clock=now,
            rules=rules,
        )

    async def measure(self, found: int) -> None:
        """As if searches had found so many of the ten nearest."""
        standing = await self.crowd.indexes.standing(self.tenant)
        assert standing is not None
        with psycopg.connect(self.crowd.log.url) as superuser:
            superuser.execute("DELETE FROM retrace.vector_recalls WHERE tenant = %s", [self.tenant])
            for ef in EFS if standing.ef is None else [standing.ef]:
                superuser.execute(
                    "INSERT INTO retrace.vector_recalls SELECT tenant, name, %s, %s, %s FROM retrace.vector_indexes WHERE tenant = %s",
                    [ef, found, SAMPLES, self.tenant],
                )

    async def promoted(self) -> None:
        await self.review()
        await self.measure(10)
        await self.review()
        assert (await self.state()).status == "promoted"

    async def state(self) -> object:
        found = await load_setting(VectorIndex, self.tenant, store=self.crowd.log.store)
        assert found is not None
        return found.state

    async def events(self) -> list[Event]:
        stream = self.crowd.log.store.stream(self.tenant, VectorIndex.id_of(self.tenant))
        return [each.event async for each in stream][1:]

    async def searched_exactly(self) -> None:
        vector = self.crowd.vector()
        assert await self.crowd.found(self.tenant, vector) == pytest.approx(
            await self.crowd.nearest(self.tenant, vector)
        )


@pytest_asyncio.fixture(name="large")
async def _large(database_url: str) -> AsyncIterator[Reviewed]:
    async with crowd_on(database_url) as crowd:
        large = Reviewed(crowd)
        large.documents = await crowd.fill(large.tenant, 120)
        yield large


async def test_a_large_tenant_is_promoted_by_what_its_own_searches_find(large: Reviewed) -> None:
    tenant, crowd = large.tenant, large.crowd
    assert await large.review() is not None
    [built] = await large.events()
    assert isinstance(built, VectorIndex.Built)
    assert (built.size.model, built.size.dimension, built.size.chunks) == (MODEL, DIMENSION, 120)
    shown = await vector_index_of(tenant, indexes=crowd.indexes, store=crowd.log.store)
    assert (shown.status, shown.ef, shown.because) == ("trial", None, None)
    assert shown.bytes > 0
    for _ in range(SAMPLES + 1):
        await crowd.vectors.search(tenant, crowd.vector(), MODEL, 10)
        await crowd.sampler.idle()
    await large.review()
    [_, promoted] = await large.events()
    assert isinstance(promoted, VectorIndex.Promoted)
    assert [(each.ef, each.queries, each.at_p5) for each in promoted.recalls] == [
        (ef, SAMPLES, 1.0) for ef in EFS
    ]
    shown = await vector_index_of(tenant, indexes=crowd.indexes, store=crowd.log.store)
    assert (shown.status, shown.ef, list(shown.recalls)) == ("promoted", EFS[0], [])
    await large.searched_exactly()
    await large.review()
    assert len(await large.events()) == 2


async def test_one_whose_recall_falls_is_withdrawn_and_not_built_again_at_once(large: Reviewed) -> None:
    await large.promoted()
    await large.measure(9)
    await large.review()
    [*_, withdrawn] = await large.events()
    assert isinstance(withdrawn, VectorIndex.Withdrawn)
    assert (withdrawn.status, withdrawn.because, withdrawn.recalls[0].at_p5) == ("promoted", "recall", 0.9)
    assert own_indexes(large.crowd.log.url) == {}
    await large.searched_exactly()
    await large.review()
    assert own_indexes(large.crowd.log.url) == {}
    shown = await vector_index_of(large.tenant, indexes=large.crowd.indexes, store=large.crowd.log.store)
    assert (shown.status, shown.because, shown.ef, shown.bytes) == ("exact", "recall", None, 0)


async def test_one_that_stays_good_is_measured_anew(large: Reviewed) -> None:
    await large.promoted()
    await large.measure(10)
    await large.review()
    standing = await large.crowd.indexes.standing(large.tenant)
    assert standing is not None
    assert (standing.ef, standing.recalls) == (EFS[0], [])
    assert (await large.state()).status == "promoted"


async def test_a_tenant_that_has_shrunk_is_searched_exactly(large: Reviewed) -> None:
    await large.promoted()
    await large.crowd.vectors.delete(large.tenant, large.documents[0])
    await large.searched_exactly()
    assert await large.review() is None, "no further look"
    assert (await large.state()).because == "size"
    assert own_indexes(large.crowd.log.url) == {}


async def test_when_another_embedding_model_serves_its_vectors_get_an_index(large: Reviewed) -> None:
    await large.promoted()
    other, store = "test/other", large.crowd.log.store
    await large.crowd.fill(large.tenant, 150, other, 64)

    def serve(setting: EmbeddingModel) -> None:
        setting.serve(other, 64, "tenant", now())

    await change_setting(EmbeddingModel, serve, large.context, store=store, clock=now)
    found = await large.crowd.vectors.search(large.tenant, large.crowd.vector()[:64], other, 50)
    assert len(found.passages) == 50
    await large.review()
    assert (await large.state()).because == "model"
    await large.review()
    [*_, built] = await large.events()
    assert isinstance(built, VectorIndex.Built)
    assert (built.size.model, built.size.dimension, built.size.chunks) == (other, 64, 150)
    assert list(own_indexes(large.crowd.log.url).values()) == [True]


async def test_one_that_is_lost_is_built_again(large: Reviewed) -> None:
    await large.promoted()
    [name] = own_indexes(large.crowd.log.url)
    with psycopg.connect(large.crowd.log.url) as superuser:
        superuser.execute(f"DROP INDEX retrace.{name}".encode())
    await large.searched_exactly()
    await large.review()
    assert (await large.state()).because == "lost"
    await large.review()
    assert (await large.state()).status == "trial"


async def test_where_none_are_wanted_any_more_they_go(large: Reviewed) -> None:
    await large.promoted()
    await large.review(IndexRules(least=100, recall=0.99, most=0))
    assert (await large.state()).because == "off"
    assert own_indexes(large.crowd.log.url) == {}


class Cut(Exception):
    pass


async def test_cut_off_after_a_decision_the_next_look_goes_on(large: Reviewed) -> None:
    class NeverServing(PgVectorIndexes):
        async def serve(self, tenant: UUID, ef: int) -> None:
            raise Cut

        async def drop(self, tenant: UUID) -> None:
            raise Cut

    cut = NeverServing(large.crowd.log.database, large.crowd.indexes.cell)
    await large.review()
    await large.measure(10)
    with pytest.raises(Cut):
        await large.review(indexes=cut)
    await large.review()
    standing = await large.crowd.indexes.standing(large.tenant)
    assert standing is not None
    assert standing.ef == EFS[0]
    await large.measure(5)
    with pytest.raises(Cut):
        await large.review(indexes=cut)
    assert list(own_indexes(large.crowd.log.url).values()) == [True]
    await large.review()
    assert own_indexes(large.crowd.log.url) == {}
    assert [type(each).__name__ for each in await large.events()] == ["Built", "Promoted", "Withdrawn"]


async def test_cut_off_after_the_build_it_is_on_record_in_the_end(large: Reviewed) -> None:
    assert await large.crowd.indexes.build(large.tenant, MODEL, DIMENSION, 9)
    with pytest.raises(NotFound):
        await large.crowd.log.store.load(VectorIndex, VectorIndex.id_of(large.tenant), tenant=large.tenant)
    await large.review()
    assert (await large.state()).status == "trial"
    assert list(own_indexes(large.crowd.log.url).values()) == [True]
