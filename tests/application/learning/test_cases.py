"""The cases of a version, on the real log: what was frozen stays, what was erased is left out and counted."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from application.base.erase import Erase, erase
from application.learning.cases import cases_of
from application.learning.dataset import (
    CreateDataset,
    add,
    add_cases,
    create_dataset,
    delete_dataset,
    freeze_dataset,
    import_cases,
    remove_cases,
)
from domain.base.errors import Erased, NotFound
from domain.feedback.exchange import Exchange
from domain.learning.case import Case
from domain.learning.importing import CaseIn
from domain.models.completion import Turn
from tests.application.conftest import Shop

FILE = '\ufeffmessage;expected_answer;context;quality\r\n"Wann;\noffen?";Um neun;"[{""role"":""user"",""text"":""Hallo""}]";4,5\r\n;x;;\r\nWie?;So;;\r\nWie?;So;;7\r\n'


async def begun(shop: Shop) -> UUID:
    parts = shop.parts
    made, _ = await create_dataset(
        CreateDataset(name="Answers"), shop.context, store=parts.store, clock=parts.clock, ids=parts.ids
    )
    return made.id


async def messages(shop: Shop, dataset: UUID, version: int | None = None) -> list[str]:
    found = await cases_of(dataset, version, shop.context.tenant, store=shop.parts.store)
    return [case.exchange.message for case in found.cases if case.exchange is not None]


async def test_each_version_that_was_frozen_can_be_read_as_it_was(shop: Shop) -> None:
    store, keyring, clock, dataset = shop.parts.store, shop.parts.keyring, shop.parts.clock, await begun(shop)
    written = [CaseIn(message=text, expected_answer="yes") for text in ("a", "b", "a")]
    added = await add_cases(dataset, written, shop.context, store=store, keyring=keyring, clock=clock)
    assert (added.added, added.duplicates, added.cases, added.version) == (2, 1, 2, 1)
    assert added.warning is not None
    assert "500" in added.warning
    assert (await freeze_dataset(dataset, shop.context, store=store, clock=clock))[0] == 1
    assert (await freeze_dataset(dataset, shop.context, store=store, clock=clock))[1] == 0
    first = await cases_of(dataset, 1, shop.context.tenant, store=store)
    await remove_cases(dataset, [first.cases[0].id], shop.context, store=store, clock=clock)
    imported = await import_cases(
        dataset, FILE.encode(), shop.context, store=store, keyring=keyring, clock=clock
    )
    assert (imported.added, imported.duplicates, imported.refused_count, imported.version) == (2, 0, 2, 2)
    assert [(each.row, each.reason.split()[0]) for each in imported.refused] == [
        (3, "message"),
        (5, "quality"),
    ]
    assert await messages(shop, dataset, 1) == ["a", "b"]
    assert await messages(shop, dataset) == ["b", "Wann;\noffen?", "Wie?"]
    latest = await cases_of(dataset, 2, shop.context.tenant, store=store)
    assert (first.frozen, latest.frozen, latest.version) == (True, False, 2)
    wann = latest.cases[1]
    assert wann.exchange is not None
    assert (wann.exchange.context, wann.quality, wann.source) == (
        (Turn(role="user", text="Hallo"),),
        4.5,
        "import",
    )
    for version in (0, 3):
        with pytest.raises(NotFound):
            await cases_of(dataset, version, shop.context.tenant, store=store)
    with pytest.raises(NotFound):
        await cases_of(dataset, 1, uuid4(), store=store)


async def test_an_erased_customers_cases_are_left_out_and_counted(shop: Shop) -> None:
    store, dataset = shop.parts.store, await begun(shop)
    conversation = (await shop.receive("hello")).conversation
    cases = [
        Case(id=uuid4(), exchange=Exchange(message="theirs", answer="x"), source="interaction", conversation=conversation),
        Case(id=uuid4(), exchange=Exchange(message="ours", answer="x"), source="hand"),
    ]  # fmt: skip
    await add(dataset, cases, (), shop.context, store=store, clock=shop.parts.clock)
    await freeze_dataset(dataset, shop.context, store=store, clock=shop.parts.clock)
    assert await messages(shop, dataset, 1) == ["theirs", "ours"]
    await erase(Erase(subject=conversation), shop.context, eraser=shop.parts.eraser, cache=shop.parts.cache)
    found = await cases_of(dataset, 1, shop.context.tenant, store=store)
    assert ([case.exchange for case in found.cases], found.erased) == ([cases[1].exchange], 1)


async def test_a_deleted_dataset_is_gone_with_all_that_was_imported(shop: Shop) -> None:
    store, keyring, clock, dataset = shop.parts.store, shop.parts.keyring, shop.parts.clock, await begun(shop)
    await import_cases(
        dataset,
        b'{"message": "m", "expected_answer": "a"}',
        shop.context,
        store=store,
        keyring=keyring,
        clock=clock,
    )
    await delete_dataset(dataset, shop.context, store=store, clock=clock)
    assert ("erase", dataset.hex) in await shop.owed()
    await erase(Erase(subject=dataset), shop.context, eraser=shop.parts.eraser, cache=shop.parts.cache)
    assert [each.event is None for each in await shop.events(dataset)] == [True, True, False]
    with pytest.raises(Erased):
        await cases_of(dataset, None, shop.context.tenant, store=store)
    assert (await shop.parts.verify(shop.context.tenant)).findings == []
