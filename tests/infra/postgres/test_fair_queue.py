"""Places that are had in turn: none is lost, none is given twice, nobody waits behind another's crowd."""

from __future__ import annotations

import asyncio
import random

import pytest

from infra.postgres.fair_queue import FairQueue


async def test_the_first_of_each_has_its_turn() -> None:
    queue, order = FairQueue(1), list[str]()

    async def come(who: str) -> None:
        await queue.enter(who, 10)
        order.append(who)
        queue.leave()

    await queue.enter("a", 10)
    tasks = [asyncio.create_task(come(who)) for who in ("a", "a", "a", "b", "c", "b")]
    await asyncio.sleep(0)
    assert queue.waiting == 6
    queue.leave()
    await asyncio.gather(*tasks)
    assert order == ["a", "b", "c", "a", "b", "a"]
    assert queue.waiting == 0


async def test_whoever_waits_in_vain_hears_so_and_takes_no_place() -> None:
    queue = FairQueue(1)
    await queue.enter("a", 10)
    with pytest.raises(TimeoutError):
        await queue.enter("b", 0.01)
    assert (queue.waiting, queue.refused) == (0, 1)
    assert queue.waited >= 0.01
    queue.leave()
    await queue.enter("b", 0.01)


@pytest.mark.parametrize("seed", range(20))
async def test_no_place_is_lost_or_doubled_whoever_goes_away(seed: int) -> None:
    chance, queue, places = random.Random(seed), FairQueue(3), 3
    held = most = 0

    async def come(who: int) -> None:
        nonlocal held, most
        await queue.enter(who, chance.choice((0, 0.001, 5)))
        held += 1
        most = max(most, held)
        try:
            await asyncio.sleep(chance.choice((0, 0, 0.001)))
        finally:
            held -= 1
            queue.leave()

    tasks = [asyncio.create_task(come(chance.randrange(4))) for _ in range(60)]
    for task in tasks:
        if chance.random() < 0.3:
            await asyncio.sleep(0)
            task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(each) for each in ended} <= {type(None), TimeoutError, asyncio.CancelledError}
    assert most <= places
    assert queue.waiting == held == 0
    for who in range(places):
        await queue.enter(who, 0)
    with pytest.raises(TimeoutError):
        await queue.enter("more", 0)
