"""A role's part in each cell: the main one ends the role, the others nobody but themselves."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from application.ports import Unavailable
from infra.settings import MAIN, Secret, Settings
from interfaces.cells import every
from interfaces.cells.every import in_every_cell

SETTINGS = Settings(
    data=Path("here"),
    master_key=Secret("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="),
    cells=Secret("west=postgresql://west/retrace"),
)


async def test_a_cell_that_fails_is_tried_again_beside_the_others(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(every, "AGAIN", 0.001)
    told, tried, served = asyncio.Event(), list[str](), asyncio.Event()

    async def part(name: str, settings: Settings) -> None:
        if name == MAIN:
            assert settings.data == Path("here")
            await served.wait()
            return
        tried.append(str(settings.data))
        if len(tried) < 3:
            raise Unavailable("the database is away")
        opened.add(name)
        served.set()
        await told.wait()

    opened = {MAIN}
    async with asyncio.timeout(60):
        await in_every_cell(SETTINGS, part, told, opened)
    assert (tried, told.is_set()) == ([str(Path("here/cells/west"))] * 3, True)
    reasons = [record.__dict__["facts"]["reason"] for record in caplog.records]
    assert reasons == ["the database is away"] * 2
    assert "secret" not in caplog.text


async def test_what_still_waits_for_its_database_does_not_hold_the_end_up() -> None:
    told, begun = asyncio.Event(), asyncio.Event()

    async def part(name: str, settings: Settings) -> None:
        if name == MAIN:
            await begun.wait()
            raise Unavailable("the main one is away")
        begun.set()
        await asyncio.Event().wait()

    async with asyncio.timeout(60):
        with pytest.raises(Unavailable, match="the main one"):
            await in_every_cell(SETTINGS, part, told, {MAIN})
