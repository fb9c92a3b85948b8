"""Tasks come to their end."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from application.base import tasks as finishing
from application.base.tasks import cancel_and_wait, run_to_end, run_together
from infra.redis.wakeups import Hints
from tests.until import PATIENCE


async def test_work_ends_before_a_cancellation_is_passed_on() -> None:
    done = asyncio.Event()

    async def work() -> None:
        await asyncio.sleep(0.05)
        done.set()

    task = asyncio.create_task(run_to_end(work()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done.is_set()


async def test_a_task_that_lost_its_cancellation_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finishing, "AGAIN", 0.01)
    came = asyncio.Event()

    async def deaf_once() -> None:
        while True:
            await asyncio.wait_for(came.wait(), PATIENCE)
            came.clear()

    async def broken() -> None:
        raise ValueError("a bug")

    tasks = [asyncio.create_task(deaf_once()), asyncio.create_task(broken())]
    await asyncio.sleep(0)
    came.set()
    asyncio.get_running_loop().call_soon(tasks[0].cancel)
    with pytest.raises(ValueError, match="a bug"):
        await cancel_and_wait(*tasks)
    assert tasks[0].cancelled()


class Deaf:
    """Work that does not hear the first times that it is cancelled."""

    def __init__(self, times: int) -> None:
        self.left, self.over = times, False

    async def work(self) -> None:
        while not self.over:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                self.over = self.left == 0
                self.left -= 1


async def test_works_abreast_end_though_one_of_them_did_not_hear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finishing, "AGAIN", 0.01)
    deaf, hearing = Deaf(times=2), Deaf(times=0)
    task = asyncio.create_task(run_together(deaf.work(), run_together(hearing.work())))
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait([task], timeout=PATIENCE)
    assert task.cancelled()
    assert deaf.over
    assert hearing.over


async def test_whoever_waits_for_an_end_and_is_cancelled_again_tells_so_again() -> None:
    deaf = Deaf(times=2)
    task = asyncio.create_task(run_together(deaf.work()))
    for _ in range(3):
        await asyncio.sleep(0.01)
        assert not task.done()
        task.cancel()
    await asyncio.wait([task], timeout=PATIENCE)
    assert task.cancelled()
    assert deaf.over


async def test_when_one_of_several_fails_the_others_end_and_all_hear_why() -> None:
    async def broken() -> None:
        await asyncio.sleep(0.01)
        raise ValueError("a bug")

    hearing = Deaf(times=0)
    with pytest.raises(ValueError, match="a bug"):
        await run_together(hearing.work(), broken(), asyncio.sleep(0))
    assert hearing.over


async def test_a_listener_is_cancelled_also_in_the_moment_of_a_hint() -> None:
    hints = Hints()
    heard = 0

    async def listen() -> None:
        nonlocal heard
        async for tenants in hints.listen(poll=10):
            heard += len(tenants)

    for turns in range(4):
        task = asyncio.create_task(listen())
        await asyncio.sleep(0.01)
        hints.changed(uuid4())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task], timeout=PATIENCE)
        assert task.cancelled(), turns
