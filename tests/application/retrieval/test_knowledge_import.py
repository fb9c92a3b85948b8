"""Knowledge from a file: each row by itself, and the same file again changes nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from application.retrieval.knowledge import importing
from application.retrieval.knowledge.importing import Imported, import_entries
from domain.base.errors import Invalid
from domain.retrieval.knowledge_entry import KnowledgeEntry
from tests.application.conftest import Shop
from tests.application.privacy.traces import CANARY
from tests.application.retrieval.entries import found, index, remove, update
from tests.application.retrieval.entries import said as says
from tests.application.retrieval.remains import rows_with

FILE = "key,title,content\na,When are you open?,From nine.\nb,Do you ship?,Yes.\n,,nothing\n,What is new?,Much.\n"


async def imported(shop: Shop, text: str = FILE) -> Imported:
    parts = shop.parts
    return await import_entries(
        text.encode(),
        shop.context,
        store=parts.store,
        keyring=parts.keyring,
        vectors=parts.vectors,
        clock=parts.clock,
    )


def outcomes(report: Imported) -> list[str]:
    return [row.outcome for row in report.rows]


async def test_a_repeated_import_updates_what_changed_and_doubles_nothing(shop: Shop) -> None:
    first = await imported(shop)
    assert outcomes(first) == ["created", "created", "refused", "created"]
    assert first.counts == {"created": 3, "updated": 0, "unchanged": 0, "refused": 1}
    assert [row.row for row in first.rows] == [2, 3, 4, 5]
    for row in first.rows:
        if row.id is not None:
            await index(shop, row.id, 1)
    again = await imported(shop)
    assert outcomes(again) == ["unchanged", "unchanged", "refused", "unchanged"]
    assert again.position == 0
    changed = await imported(shop, FILE.replace("From nine.", "From ten."))
    assert outcomes(changed) == ["updated", "unchanged", "refused", "unchanged"]
    assert [row.id for row in changed.rows] == [row.id for row in first.rows]
    assert not [text for text in await found(shop) if "nine" in text], "from that moment on"
    assert changed.rows[0].id is not None
    await index(shop, changed.rows[0].id, 2)
    assert (await found(shop))[0] == "When are you open?\nFrom ten."
    assert len(await found(shop)) == 3


async def test_the_same_file_at_once_makes_each_entry_once(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "AT_ONCE", 7)
    rows = "\n".join(f"{n},Title {n},Content {n}." for n in range(40))
    reports = await asyncio.gather(*(imported(shop, f"key,title,content\n{rows}") for _ in range(4)))
    assert sum(report.counts["created"] for report in reports) == 40
    assert sum(report.counts["unchanged"] for report in reports) == 120
    assert len({row.id for report in reports for row in report.rows}) == 40


async def test_a_row_that_somebody_changes_meanwhile_takes_nothing_from_the_others(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await imported(shop)
    entry = first.rows[0].id
    assert entry is not None
    save, raced = shop.parts.store.save, []

    async def late(*args: Any, **more: Any) -> Any:
        if not raced:
            raced.append(1)
            await update(shop, entry, says("Somebody else's words."))
        return await save(*args, **more)

    monkeypatch.setattr(shop.parts.store, "save", late)
    report = await imported(shop, FILE.replace("From nine.", "From ten.").replace("Yes.", "No."))
    assert outcomes(report) == ["updated", "updated", "refused", "unchanged"]
    known = await shop.parts.store.load(KnowledgeEntry, entry, tenant=shop.context.tenant)
    assert known.state.knowledge is not None
    assert (known.state.knowledge.content, known.state.version) == ("From ten.", 3)


async def test_what_was_deleted_is_not_written_over_and_what_was_erased_is_written_anew(shop: Shop) -> None:
    first = await imported(shop)
    kept, gone = first.rows[0].id, first.rows[1].id
    assert kept is not None
    assert gone is not None
    await remove(shop, kept)
    await remove(shop, gone, erase=True)
    again = await imported(shop)
    assert outcomes(again) == ["refused", "created", "refused", "unchanged"]
    assert again.rows[0].reason is not None
    assert "restore it" in again.rows[0].reason
    assert again.rows[1].id not in (None, gone)


async def test_too_many_rows_change_nothing(shop: Shop) -> None:
    rows = "\n".join(f"Title {n},x" for n in range(importing.MOST + 1))
    with pytest.raises(Invalid, match="in parts"):
        await imported(shop, f"title,content\n{rows}")
    assert await shop.owed() == set()


async def test_no_word_of_a_file_stands_in_clear(shop: Shop) -> None:
    rows = "\n".join(f"{CANARY}-{n},{CANARY} {n}?,{CANARY} says {n}." for n in range(100))
    report = await imported(shop, f"key,title,content\n{rows}")
    assert report.counts["created"] == 100
    assert rows_with(shop, CANARY) == []
