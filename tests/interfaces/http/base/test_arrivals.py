"""Whoever is about to answer waits for those that came before, for no others, and not for long."""

from __future__ import annotations

import asyncio

import pytest

from interfaces.http.base.limits import arrivals
from interfaces.http.base.limits.arrivals import Arrival, Group
from tests.until import PATIENCE


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_those_that_came_before_are_waited_for() -> None:
    group = Group()
    first, second, third = (Arrival(group) for _ in range(3))
    waiting = asyncio.create_task(second.after_those_before())
    await settled()
    later = Arrival(group)
    third.through()
    await settled()
    assert not waiting.done()
    first.through()
    await settled()
    assert waiting.done(), "who came later is not waited for"
    later.through()
    assert not group


async def test_those_that_wait_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "WAIT", 600.0)
    group = Group()
    both = [Arrival(group) for _ in range(2)]
    await asyncio.wait_for(asyncio.gather(*(each.after_those_before() for each in both)), PATIENCE)
    assert not group


async def test_each_waits_for_its_own() -> None:
    group = Group()
    first, second = Arrival(group), Arrival(group)
    early = asyncio.create_task(second.after_those_before())
    await settled()
    third, fourth = Arrival(group), Arrival(group)
    late = asyncio.create_task(fourth.after_those_before())
    await settled()
    first.through()
    await settled()
    assert (early.done(), late.done()) == (True, False)
    third.through()
    third.through()
    await settled()
    assert late.done()


async def test_nobody_is_waited_for_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "WAIT", 0.01)
    group = Group()
    stuck, other = Arrival(group), Arrival(group)
    await asyncio.wait_for(other.after_those_before(), PATIENCE)
    assert group
    stuck.through()
    assert not group
