"""Entries of one file are embedded together: few requests, each text paid for once whatever happens on the way."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from application.ports import INDEX_WORK
from application.retrieval.knowledge.batches import INDEX_BATCH_WORK, IndexBatch, index_batch
from application.retrieval.knowledge.entry import key_of
from application.retrieval.knowledge.importing import import_entries
from domain.retrieval.embedding import Embedding
from domain.retrieval.knowledge_index import KnowledgeIndex, index_of
from infra.settings import Secret, Settings
from interfaces.bootstrap import Services, services
from tests.application.conftest import MASTER, Shop, nothing
from tests.application.retrieval.entries import found, remove, update
from tests.application.retrieval.entries import said as says
from tests.application.retrieval.remote import ask_at, embed_by
from tests.doubles.embeddings import Embeddings, embeddings_double


@pytest_asyncio.fixture(scope="module", name="parts")
async def _parts(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Services]:
    """Whose providers may lie on this machine."""
    settings = Settings(
        database_url=Secret(database_url),
        data=tmp_path_factory.mktemp("data"),
        master_key=Secret(MASTER),
        allow_private_addresses=True,
    )
    async with services(settings, pool=8) as parts:
        yield parts


@pytest_asyncio.fixture(name="double")
async def _double() -> AsyncIterator[Embeddings]:
    async with embeddings_double() as double:
        yield double


async def imported(shop: Shop, rows: int) -> list[UUID]:
    """Entries by row, each with words of its own."""
    parts = shop.parts
    text = "\n".join(f"{n},What about shelf {n}?,Shelf{n} holds item{n} since autumn." for n in range(rows))
    report = await import_entries(
        f"key,title,content\n{text}".encode(),
        shop.context,
        store=parts.store,
        keyring=parts.keyring,
        vectors=parts.vectors,
        clock=parts.clock,
    )
    return [row.id for row in report.rows if row.id is not None]


async def batches_owed(shop: Shop) -> list[UUID]:
    return sorted(UUID(key) for kind, key in await shop.owed() if kind == INDEX_BATCH_WORK)


async def indexed(shop: Shop, batch: UUID) -> datetime | None:
    parts = shop.parts
    return await index_batch(
        IndexBatch(batch=batch),
        shop.context,
        store=parts.store,
        keyring=parts.keyring,
        embedder=parts.embedder,
        vectors=parts.vectors,
        clock=parts.clock,
    )


async def metered(shop: Shop) -> list[Embedding.Metered]:
    events = [each.event async for each in shop.parts.store.events(shop.context.tenant)]
    return [each for each in events if isinstance(each, Embedding.Metered) and each.purpose == "document"]


async def placed(shop: Shop, entries: list[UUID]) -> int:
    count = 0
    for entry in entries:
        index = await shop.parts.store.load(KnowledgeIndex, index_of(entry), tenant=shop.context.tenant)
        count += index.state.revision == 1
    return count


async def test_a_hundred_entries_are_one_request_and_all_are_found(shop: Shop, double: Embeddings) -> None:
    await embed_by(shop, double)
    before = len(double.requests)
    entries = await imported(shop, 230)
    owed = await batches_owed(shop)
    assert len(owed) == 3
    assert {(INDEX_WORK, key_of(each, 1)) for each in entries} <= await shop.owed(), "should a batch be lost"
    for batch in owed:
        assert await indexed(shop, batch) is None
    assert sorted(len(body["input"]) for body in double.requests[before:]) == [30, 100, 100]
    assert max(double.embedded.values()) == 1
    assert not [kind for kind, _ in await shop.owed() if kind == INDEX_WORK]
    assert await placed(shop, entries) == 230
    assert any("Shelf7 holds item7 " in text for text in await found(shop, "shelf7 item7"))
    events, asked = await metered(shop), len(double.requests)
    assert sum(len(each.attempts) for each in events) == 3
    for batch in owed:  # again: nothing is left to do
        assert await indexed(shop, batch) is None
    assert len(double.requests) == asked
    assert len(await metered(shop)) == 3


async def test_what_was_changed_or_erased_meanwhile_is_not_paid_for(shop: Shop, double: Embeddings) -> None:
    await embed_by(shop, double)
    entries = await imported(shop, 4)
    await update(shop, entries[0], says("Other words."))
    await remove(shop, entries[1])
    await remove(shop, entries[2], erase=True)
    (batch,) = await batches_owed(shop)
    assert await indexed(shop, batch) is None
    assert [
        text for text in double.embedded if "Shelf0" in text or "Shelf1" in text or "Shelf2" in text
    ] == []
    assert [text for text in await found(shop, "shelf3 item3") if "Shelf3" in text]


async def test_a_provider_that_is_away_is_asked_again_and_nothing_is_lost(
    shop: Shop, double: Embeddings
) -> None:
    await embed_by(shop, double)
    entries = await imported(shop, 3)
    await ask_at(shop, double.url("500"))
    (batch,) = await batches_owed(shop)
    again = await indexed(shop, batch)
    assert again is not None
    assert again > shop.parts.clock()
    await ask_at(shop, double.url("scripted"))
    assert await indexed(shop, batch) is None
    assert await placed(shop, entries) == 3


async def test_one_that_can_not_be_put_in_place_takes_nothing_from_the_others(
    shop: Shop, double: Embeddings, monkeypatch: pytest.MonkeyPatch
) -> None:
    await embed_by(shop, double)
    entries = await imported(shop, 5)
    (batch,) = await batches_owed(shop)
    replace = type(shop.parts.vectors).replace

    async def broken(self: Any, tenant: UUID, document: UUID, *more: Any, **named: Any) -> None:
        if document == entries[2]:
            raise OSError("the disk is full")
        await replace(self, tenant, document, *more, **named)

    with monkeypatch.context() as patch:
        patch.setattr(type(shop.parts.vectors), "replace", broken)
        with pytest.raises(OSError, match="disk"):
            await indexed(shop, batch)
    paid = double.embedded.copy()
    assert await indexed(shop, batch) is None
    assert await placed(shop, entries) == 5
    assert double.embedded == paid


async def test_processes_that_are_killed_pay_for_no_entry_twice(shop: Shop, double: Embeddings) -> None:
    """kill -9 when the vectors go out, and right after they came."""
    await embed_by(shop, double)
    entries = await imported(shop, 60)
    (batch,) = await batches_owed(shop)
    settings, children = shop.parts.settings, list[asyncio.subprocess.Process]()

    async def kill() -> None:
        children[-1].kill()

    calls = list[int]()

    def script(body: dict[str, Any]) -> str:
        # Before its vectors go out: nobody has been billed.
        calls.append(len(body["input"]))
        double.before = kill
        return "never"

    double.script = script
    for _ in range(2):
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.application.retrieval.batching",
            str(settings.database_url),
            str(settings.data),
            str(shop.context.tenant),
            str(batch),
        )
        children.append(child)
        assert await child.wait() == -signal.SIGKILL
    assert calls == [60, 60]
    double.script, double.before = lambda body: "ok", nothing
    assert await indexed(shop, batch) is None
    assert await placed(shop, entries) == 60
    assert max(double.embedded.values()) == 1
    assert await shop.parts.embedder.kept.unrecorded(shop.context.tenant) == []
