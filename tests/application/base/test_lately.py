"""One look answers all who ask."""

from __future__ import annotations

import asyncio

import pytest

from application.base import lately
from application.base.lately import Lately
from application.ports import Unavailable


class Asked:
    """Counts how often it is asked, and holds every look up."""

    def __init__(self) -> None:
        self.times, self.go_on, self.fails = 0, asyncio.Event(), False

    async def __call__(self) -> int:
        self.times += 1
        await self.go_on.wait()
        if self.fails:
            raise Unavailable("away")
        return self.times


async def test_of_many_who_ask_at_once_one_looks_and_all_hear_it() -> None:
    asked = Asked()
    known = Lately(asked)
    waiting = [asyncio.create_task(known.get()) for _ in range(50)]
    await asyncio.sleep(0)
    waiting[0].cancel()  # whoever goes away takes nothing from the others
    asked.go_on.set()
    _, *others = await asyncio.gather(*waiting, return_exceptions=True)
    assert others == [1] * 49
    assert await known.get() == 1
    assert asked.times == 1


async def test_what_is_old_is_asked_again_and_an_error_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked()
    known = Lately(asked)
    asked.fails = True
    waiting = [asyncio.create_task(known.get()) for _ in range(50)]
    await asyncio.sleep(0)
    asked.go_on.set()
    failed = await asyncio.gather(*waiting, return_exceptions=True)
    assert {type(error) for error in failed} == {Unavailable}
    asked.fails = False
    assert await known.get() == 2
    assert await known.get() == 2
    monkeypatch.setattr(lately, "FRESH", 0.0)
    assert await known.get() == 3
