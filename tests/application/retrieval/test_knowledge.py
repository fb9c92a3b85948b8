"""What an entry says is found as it is now, in whatever order changes and the work that they make due come."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from application.base.erase import ERASE_WORK, Erase, erase
from application.budgets.charges import compare_tallies
from application.ports import INDEX_WORK
from application.retrieval.knowledge.entry import key_of
from application.retrieval.words import index_words
from domain.base.errors import Erased, Invalid, NotFound
from domain.models.completion import Passage
from domain.retrieval.embedding import Embedding
from domain.retrieval.embedding_model import LOCAL
from domain.retrieval.knowledge_entry import KnowledgeEntry
from domain.retrieval.knowledge_index import KnowledgeIndex, index_of
from tests.application.conftest import Shop
from tests.application.privacy.traces import CANARY, read_models
from tests.application.retrieval.entries import found, index, remove, said, update, write, written
from tests.application.retrieval.remains import rows_with

NINE, TEN = "From nine to five.", "From ten to five."


async def test_an_entry_is_found_once_it_is_indexed_with_its_title_and_not_its_keywords(shop: Shop) -> None:
    entry = await write(shop, said(NINE, keywords=("opening times",)))
    assert await shop.owed() == {(INDEX_WORK, key_of(entry, 1))}
    assert await shop.parts.vectors.pending(shop.context.tenant) == 1
    await index(shop, entry, 1)
    assert await shop.owed() == set()
    assert await found(shop) == [f"When are you open?\n{NINE}"]
    [passage] = await passages(shop)
    assert (passage.document, passage.title, passage.source) == (entry, "When are you open?", "knowledge")
    assert passage.came_at is not None
    assert timedelta(0) <= shop.parts.clock() - passage.came_at < timedelta(minutes=1)


async def passages(shop: Shop) -> list[Passage]:
    async with shop.parts.embedder.metering(shop.context, "search") as meter:
        [vector] = await meter.embed(["When are you open?"])
    tenant, model = shop.context.tenant, LOCAL
    return list((await shop.parts.vectors.search(tenant, vector, model, 50)).passages)


async def test_nothing_is_found_of_what_was_changed_from_that_moment_on(shop: Shop) -> None:
    entry = await written(shop, said(NINE))
    revision = await update(shop, entry, said(TEN))
    assert await found(shop) == []
    assert await shop.owed() == {(INDEX_WORK, key_of(entry, revision))}
    await index(shop, entry, revision)
    assert await found(shop) == [f"When are you open?\n{TEN}"]
    await update(shop, entry, said(TEN, active=False))
    assert await found(shop) == []
    revision = await update(shop, entry, said(TEN))
    await index(shop, entry, revision)
    await remove(shop, entry)
    assert await found(shop) == []


async def test_what_is_said_already_changes_nothing(shop: Shop) -> None:
    entry = await written(shop, said(NINE))
    assert await update(shop, entry, said(f" {NINE} ")) == 1
    assert (await found(shop), await shop.owed()) == ([f"When are you open?\n{NINE}"], set())


class Between:
    """Vectors of which one step comes only after something else has happened."""

    def __init__(self, shop: Shop, step: str, do: Callable[[], Awaitable[object]]) -> None:
        self._vectors, self._step, self._do = shop.parts.vectors, step, do

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._vectors, name)
        if name != self._step:
            return call

        async def late(*args: Any, **more: Any) -> Any:
            await self._do()
            return await call(*args, **more)

        return late


async def test_an_old_run_never_puts_an_old_text_back(shop: Shop) -> None:
    """The entry is changed, and indexed, between an older run's look at it and its end."""
    entry = await write(shop, said(NINE))

    async def change() -> None:
        revision = await update(shop, entry, said(TEN))
        await index(shop, entry, revision)

    vectors: Any = Between(shop, "replace", change)
    await index(shop, entry, 1, vectors)
    assert await found(shop) == [f"When are you open?\n{TEN}"]
    index_now = await shop.parts.store.load(KnowledgeIndex, index_of(entry), tenant=shop.context.tenant)
    assert index_now.state.revision == 2
    events = [each.event async for each in shop.parts.store.events(shop.context.tenant)]
    vain = [each for each in events if isinstance(each, Embedding.Metered) and each.purpose == "index"]
    assert len(vain) == 1, "what was embedded for nothing is on record"


@pytest.mark.parametrize("erased", [False, True])
async def test_an_old_run_puts_nothing_of_a_deleted_entry_in_place(shop: Shop, erased: bool) -> None:
    entry = await write(shop, said(NINE))

    async def vanish() -> None:
        await remove(shop, entry, erase=erased)

    vectors: Any = Between(shop, "replace", vanish)
    await index(shop, entry, 1, vectors)
    assert await found(shop) == []


async def test_a_change_that_comes_late_to_the_index_takes_nothing_new_away(shop: Shop) -> None:
    """Its own work was quicker, or that of a later change."""
    entry = await written(shop, said(NINE))
    vectors = shop.parts.vectors

    async def quicker() -> None:
        await index(shop, entry, 2, vectors)

    shop.parts = replaced(shop, Between(shop, "delete", quicker))
    await update(shop, entry, said(TEN))
    assert await found(shop) == [f"When are you open?\n{TEN}"]


def replaced(shop: Shop, vectors: Any) -> Any:
    return dataclasses.replace(shop.parts, vectors=vectors)


async def test_an_old_run_of_an_inactive_entry_takes_nothing_new_away(shop: Shop) -> None:
    entry = await write(shop, said(NINE, active=False))

    async def activate() -> None:
        await index(shop, entry, await update(shop, entry, said(NINE)))

    vectors: Any = Between(shop, "delete", activate)
    await index(shop, entry, 1, vectors)
    assert await found(shop) == [f"When are you open?\n{NINE}"]


async def test_work_that_comes_twice_or_late_has_one_effect(shop: Shop) -> None:
    entry = await written(shop, said(NINE))
    revision = await update(shop, entry, said(TEN))
    await index(shop, entry, 1)
    assert await found(shop) == []
    await index(shop, entry, revision)
    await remove(shop, entry)
    await index(shop, entry, revision)
    assert await found(shop) == []


async def test_what_embedding_has_cost_is_on_record_and_charged(shop: Shop) -> None:
    entry = await written(shop, said(NINE))
    events = [each.event for each in await shop.events(index_of(entry))]
    placed = events[-1]
    assert isinstance(placed, KnowledgeIndex.Placed)
    assert (placed.entry, placed.revision, placed.chunks) == (entry, 1, 1)
    [attempt] = placed.embeddings
    assert (attempt.kind, attempt.outcome, attempt.usage.input > 0) == ("embedding", "ok", True)
    assert await compare_tallies(shop.context.tenant, store=shop.parts.store) == {}
    every = [each.event async for each in shop.parts.store.events(shop.context.tenant)]
    assert not [each for each in every if isinstance(each, Embedding.Metered) and each.purpose == "index"]


async def test_a_long_entry_is_found_by_its_end_and_by_its_title(shop: Shop) -> None:
    filling = "\n\n".join(f"Paragraph {n} is about the weather in the hills." for n in range(300))
    await written(shop, said(f"{filling}\n\nZebras are fed at noon.", title="Feeding of animals"))
    texts = await found(shop, "At what time are zebras fed?")
    assert len(texts) > 5
    assert texts[0].endswith("Zebras are fed at noon.")


async def test_an_entry_that_says_nothing_is_refused_and_nothing_is_saved(shop: Shop) -> None:
    entry = await written(shop, said(NINE))
    for knowledge in (said(" "), said("a\x00b"), said(NINE, title="")):
        with pytest.raises(Invalid):
            await write(shop, knowledge)
        with pytest.raises(Invalid):
            await update(shop, entry, knowledge)
    assert await found(shop) == [f"When are you open?\n{NINE}"]
    with pytest.raises(NotFound):
        await update(shop, UUID(int=1), said(NINE))


async def test_no_word_of_an_entry_stands_in_clear_anywhere(shop: Shop) -> None:
    words = [f"{CANARY}{number}" for number in range(500)]
    for start in range(0, 500, 50):
        some = words[start : start + 50]
        title, keywords, category = some[0], tuple(some[1:5]), some[5]
        entry = await written(
            shop, said(" and ".join(some[6:]) + ".", title=title, keywords=keywords, category=category)
        )
    await update(shop, entry, said(f"{CANARY} changed."))
    await read_models(shop)
    known = await shop.parts.store.load(KnowledgeEntry, entry, tenant=shop.context.tenant)
    await shop.parts.store._snapshots.save(known, shop.context.tenant)
    assert len(await found(shop, words[40])) >= 9
    assert rows_with(shop, CANARY) == []


async def test_an_erased_entry_leaves_nothing_that_can_be_read(shop: Shop) -> None:
    tenant = shop.context.tenant
    entry = await written(shop, said(f"{CANARY} opens at nine."))
    await index(shop, entry, await update(shop, entry, said(f"{CANARY} opens at ten.")))
    await read_models(shop)
    await remove(shop, entry)
    await remove(shop, entry, erase=True)
    assert await shop.owed() == {(ERASE_WORK, entry.hex)}
    await erase(Erase(subject=entry), shop.context, eraser=shop.parts.eraser, cache=shop.parts.cache)
    assert rows_with(shop, f"\\x01{entry.bytes.hex()}") == []
    left = [type(each.event) for each in await shop.events(entry) if each.event is not None]
    assert left == [KnowledgeEntry.Deleted, KnowledgeEntry.Erased]
    with pytest.raises(Erased):
        await shop.parts.store.load(KnowledgeEntry, entry, tenant=tenant)
    with pytest.raises(NotFound):
        await update(shop, entry, said(NINE))
    after = await read_models(shop)
    assert ["erased" in row for row in after["knowledge"]] == [True]
    assert await read_models(shop, anew=True) == after


async def test_an_entry_is_found_by_its_keywords_and_says_none_of_them(shop: Shop) -> None:
    await written(
        shop, said("Bring it to the counter.", title="Broken goods", keywords=("RMA-7741", "Garantiefall"))
    )
    for number in range(30):
        await written(shop, said(f"Content about the matter {number}.", title=f"Matter {number}"))
    for query in ("RMA-7741", "Garantiefall?"):
        texts = await found(shop, query)
        assert texts[0] == "Broken goods\nBring it to the counter."
    assert rows_with(shop, "Garantiefall") == rows_with(shop, "RMA-7741") == []
    tenant = shop.context.tenant
    with psycopg.connect(str(shop.parts.settings.database_url), autocommit=True) as superuser:
        superuser.execute("UPDATE retrace.posting_documents SET made = 0 WHERE tenant = %s", [tenant])
    await index_words(tenant, vectors=shop.parts.vectors)  # as after an upgrade that changes the rules
    assert (await found(shop, "RMA-7741"))[0] == "Broken goods\nBring it to the counter."


async def test_of_two_entries_that_fit_as_well_the_one_of_higher_priority_comes_first(shop: Shop) -> None:
    low = await written(shop, said("From nine.", priority=2))
    await written(shop, said("From ten.", priority=8))
    assert (await found(shop))[:2] == ["When are you open?\nFrom ten.", "When are you open?\nFrom nine."]
    await index(shop, low, await update(shop, low, said("From nine.", priority=10)))
    assert (await found(shop))[0] == "When are you open?\nFrom nine."


async def test_a_change_whose_process_dies_before_it_takes_the_old_text_out_is_finished_by_its_work(
    shop: Shop,
) -> None:
    entry = await written(shop, said(NINE))
    vectors = shop.parts.vectors

    async def die() -> None:
        raise Died

    shop.parts = replaced(shop, Between(shop, "delete", die))
    with pytest.raises(Died):
        await update(shop, entry, said(TEN))
    assert await shop.owed() == {(INDEX_WORK, key_of(entry, 2))}
    await index(shop, entry, 2, vectors)
    assert await found(shop) == [f"When are you open?\n{TEN}"]
    with pytest.raises(Died):
        await remove(shop, entry)
    await index(shop, entry, 3, vectors)
    assert await found(shop) == []


async def test_work_that_dies_before_its_record_is_done_once_more_with_one_effect(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = await write(shop, said(NINE))
    save = shop.parts.store.save

    async def die(*aggregates: Any, **more: Any) -> Any:
        if any(isinstance(each, KnowledgeIndex) for each in aggregates):
            raise Died
        return await save(*aggregates, **more)

    with monkeypatch.context() as patch:
        patch.setattr(shop.parts.store, "save", die)
        with pytest.raises(Died):
            await index(shop, entry, 1)
    assert await found(shop) == [f"When are you open?\n{NINE}"], "it is in place"
    assert await shop.owed() == {(INDEX_WORK, key_of(entry, 1))}, "and owed still"
    await index(shop, entry, 1)
    assert (await found(shop), await shop.owed()) == ([f"When are you open?\n{NINE}"], set())
    placed = [each.event for each in await shop.events(index_of(entry))]
    assert [type(each) for each in placed] == [KnowledgeIndex.Begun, KnowledgeIndex.Placed]
    assert await compare_tallies(shop.context.tenant, store=shop.parts.store) == {}


class Died(Exception):
    """As a process does that is killed: nothing comes after it."""
