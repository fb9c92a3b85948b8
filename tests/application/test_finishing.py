"""Tasks come to their end."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from application import finishing
from application.finishing import ended, finished
from infra.hints import Hints


async def test_work_ends_before_a_cancellation_is_passed_on() -> None:
    done = asyncio.Event()

    async def work() -> None:
        await asyncio.sleep(0.05)
        done.set()

    task = asyncio.create_task(finished(work()))
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
            await asyncio.wait_for(came.wait(), 10)
            came.clear()

    async def broken() -> None:
        raise ValueError("a bug")

    tasks = [asyncio.create_task(deaf_once()), asyncio.create_task(broken())]
    await asyncio.sleep(0)
    came.set()
    asyncio.get_running_loop().call_soon(tasks[0].cancel)
    with pytest.raises(ValueError, match="a bug"):
        await ended(*tasks)
    assert tasks[0].cancelled()


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
        await asyncio.wait([task], timeout=1)
        assert task.cancelled(), turns
