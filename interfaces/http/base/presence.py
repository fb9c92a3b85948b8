"""Whether a client is still there while its answer is made."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Request
from litestar.exceptions import HTTPException

from domain.base.errors import Refusal

AT_ONCE = 0.05
"""Seconds for which nobody looks whether the client is still there: what is quick, as an answer out of the cache, needs no watch."""


LONGEST_WAIT = 60
"""Seconds that a client may ask to wait for what is made."""


GONE = "gone"
"""In the state of a request: tells whether its connection has gone (infra/http/connection.py)."""


class ClientGone(HTTPException):
    """Nobody is there to read an answer: no fault of ours, and told to the counters and the log alone."""

    status_code = 499
    detail = "the client went away before its answer was there"


def is_gone(request: Request[Any, Any, Any]) -> bool:
    """Whether the client has gone, as far as its connection tells."""
    gone = request.scope["state"].get(GONE)
    return gone is not None and bool(gone())


async def done_while_there(
    work: asyncio.Future[Any],
    request: Request[Any, Any, Any] | None,
    over: asyncio.Future[Refusal] | None = None,
) -> bool:
    """Wait for the work. False where the client of `request` goes away before it is done; it goes on.

    Raises what `over` says, once it does.
    """

    async def gone(there: Request[Any, Any, Any]) -> None:
        while (await there.receive())["type"] != "http.disconnect":
            pass

    await asyncio.wait((work,), timeout=AT_ONCE)
    if work.done():
        return True
    watch = asyncio.create_task(gone(request)) if request is not None else None
    others = [each for each in (watch, over) if each is not None]
    try:
        await asyncio.wait((work, *others), return_when=asyncio.FIRST_COMPLETED)
    finally:
        if watch is not None:
            watch.cancel()
    if over is not None and over.done() and not work.done():
        raise over.result()
    return work.done()
