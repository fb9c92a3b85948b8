"""What a client of OpenAI's API waits for: made in a task of its own, which ends with its client unless somebody may come back for it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from litestar import Request

from application.base.in_work import kept
from application.base.tasks import cancel_and_wait
from domain.base.errors import Refusal
from interfaces.bootstrap import Services
from interfaces.http.base.idempotency import KEY
from interfaces.http.base.limits.access import AccessControl
from interfaces.http.base.presence import ClientGone, done_while_there

T = TypeVar("T")


def begun(work: Coroutine[Any, Any, T], services: Services) -> asyncio.Task[T]:
    """Its failure is on record, and not told to the loop."""
    task = asyncio.create_task(work)
    services.background.add(task)
    task.add_done_callback(services.background.discard)
    leave = kept()
    task.add_done_callback(lambda _: leave())
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return task


def leaves(request: Request[Any, Any, Any]) -> Request[Any, Any, Any] | None:
    """Whose client ends the work when it goes away; None: with a kept response somebody may come back for it."""
    return request if request.headers.get(KEY) is None else None


async def made_while_there(
    task: asyncio.Task[T], request: Request[Any, Any, Any], access_control: AccessControl
) -> T:
    """What the task gives. A client that goes away ends it, and so does a key that may do this no more. Raises as it does, ClientGone."""
    try:
        async with access_control.waiting(request):
            there = await done_while_there(task, leaves(request))
    except Refusal:
        task.cancel()  # it ends by itself; what it has cost goes on record
        raise
    if not there:
        await cancel_and_wait(task)
        if task.cancelled():
            raise ClientGone
    return await task


def fresh(request: Request[Any, Any, Any]) -> bool:
    """Whether the client asks for an answer that was not given before."""
    said = request.headers.get("Cache-Control", "").lower().split(",")
    return not {"no-cache", "no-store", "max-age=0"}.isdisjoint(each.strip() for each in said)
