"""The cases of a version, on the real log: what was frozen stays, what was erased is left out and counted."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from application.base.erase import Erase, erase
from application.learning.cases import Place as CasePlace
from application.learning.cases import cases_of, page_of_cases
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
from application.ports import Found, Store
from domain.base.errors import Erased, NotFound
from domain.base.recorded import Recorded
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


@dataclass
class Watched:
    """A store that counts the events that are opened."""

    store: Any
    opened: int = 0

    async def stream(self, *facts: Any, **more: Any) -> AsyncIterator[Recorded]:
        async for recorded in self.store.stream(*facts, **more):
            self.opened += 1
            yield recorded

    async def find(self, *facts: Any, **more: Any) -> AsyncIterator[Found]:
        async for found in self.store.find(*facts, **more):
            self.opened += len(found.events)
            yield found


async def written(shop: Shop, dataset: UUID, count: int, at_once: int) -> list[UUID]:
    """So many cases, so many in an event."""
    every = [
        Case(id=uuid4(), exchange=Exchange(message=f"{n}?", answer="x"), source="hand") for n in range(count)
    ]
    for first in range(0, count, at_once):
        some = every[first : first + at_once]
        await add(dataset, some, (), shop.context, store=shop.parts.store, clock=shop.parts.clock)
    return [case.id for case in every]


async def paged(
    shop: Shop, dataset: UUID, version: int | None, limit: int, store: Any = None
) -> tuple[list[UUID], int]:
    """All cases, page by page; and how many were erased."""
    found: list[UUID] = []
    erased, after = 0, None
    while True:
        page = await page_of_cases(
            dataset, version, after, limit, shop.context.tenant, store=store or shop.parts.store
        )
        assert len(page.cases) <= limit
        found += [case.id for case in page.cases]
        erased, after = erased + page.erased, page.ended
        if after is None:
            return found, erased


async def test_a_page_of_thousands_of_cases_opens_what_it_shows(shop: Shop) -> None:
    store, clock, dataset = shop.parts.store, shop.parts.clock, await begun(shop)
    many = await written(shop, dataset, 6_000, 200)
    few = await written(shop, dataset, 60, 1)
    await freeze_dataset(dataset, shop.context, store=store, clock=clock)
    await remove_cases(dataset, many[:150], shop.context, store=store, clock=clock)
    for version, begin in ((1, 0), (2, 150)):
        watched, after, told = Watched(store), None, 3  # created, removed, frozen
        for number in range(5):
            watched.opened = 0
            page = await page_of_cases(
                dataset, version, after, 50, shop.context.tenant, store=cast(Store, watched)
            )
            at = begin + 50 * number
            assert [case.id for case in page.cases] == many[at : at + 50]
            assert watched.opened <= told + 1 + 3
            after = page.ended
    watched = Watched(store)
    found, _ = await paged(shop, dataset, 2, 200, watched)
    assert found == many[150:] + few
    last = CasePlace(32, 1)  # created, 30 of 200 each, the first of one each
    watched.opened = 0
    page = await page_of_cases(dataset, 1, last, 50, shop.context.tenant, store=cast(Store, watched))
    assert [case.id for case in page.cases] == few[1:51]
    assert watched.opened <= 3 + 1 + 2 * 51


async def test_a_page_among_cases_that_are_gone_ends_where_it_has_opened_enough(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("application.learning.cases.MOST_OPENED", 100)
    store, clock, dataset = shop.parts.store, shop.parts.clock, await begun(shop)
    many = await written(shop, dataset, 400, 40)
    await remove_cases(dataset, many[:350], shop.context, store=store, clock=clock)
    first = await page_of_cases(dataset, None, None, 50, shop.context.tenant, store=store)
    assert (first.cases, first.ended is None) == ((), False)
    assert await paged(shop, dataset, None, 30) == (many[350:], 0)


@pytest.mark.parametrize("seed", range(3))
async def test_pages_have_what_the_whole_has_whatever_was_done(shop: Shop, seed: int) -> None:
    chance, store, clock, dataset = random.Random(seed), shop.parts.store, shop.parts.clock, await begun(shop)
    gone = [(await shop.receive("hello", address=f"customer {n}")).conversation for n in range(3)]
    pool = [
        Case(
            id=uuid4(),
            exchange=Exchange(message=f"{n}?", answer="x"),
            source="hand",
            conversation=chance.choice([None, *gone]),
        )
        for n in range(40)
    ]
    there: dict[UUID, Case] = {}
    versions: dict[int, list[Case]] = {}
    frozen = True
    for _ in range(25):
        what = chance.choice(("add", "add", "remove", "freeze"))
        if what == "add":
            some = chance.sample(pool, chance.randint(1, 6))
            new = [case for case in some if case.id not in there]
            frozen = frozen and not new
            there.update({case.id: case for case in new})
            await add(dataset, some, (), shop.context, store=store, clock=clock)
        elif what == "remove" and there:
            out = chance.sample(list(there), chance.randint(1, min(3, len(there))))
            there = {id: case for id, case in there.items() if id not in out}
            await remove_cases(dataset, out, shop.context, store=store, clock=clock)
            frozen = False
        elif what == "freeze" and there:
            version, _ = await freeze_dataset(dataset, shop.context, store=store, clock=clock)
            versions[version] = list(there.values())
            frozen = True
    if not frozen:
        versions[max(versions, default=0) + 1] = list(there.values())
    for conversation in gone[:2]:
        subject = Erase(subject=conversation)
        await erase(subject, shop.context, eraser=shop.parts.eraser, cache=shop.parts.cache)
    for version, cases in versions.items():
        left = [case.id for case in cases if case.conversation not in gone[:2]]
        whole = await cases_of(dataset, version, shop.context.tenant, store=store)
        assert ([case.id for case in whole.cases], whole.erased) == (left, len(cases) - len(left))
        assert await paged(shop, dataset, version, chance.randint(1, 5)) == (left, len(cases) - len(left))
    assert (await cases_of(dataset, None, shop.context.tenant, store=store)).version == max(versions)
    with pytest.raises(NotFound):
        await cases_of(dataset, max(versions) + 1, shop.context.tenant, store=store)
