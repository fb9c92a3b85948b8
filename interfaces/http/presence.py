"""Whether a client is still there while its answer is made."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Request
from litestar.exceptions import HTTPException

AT_ONCE = 0.05
"""Seconds for which nobody looks whether the client is still there: what is quick, as an answer out of the cache, needs no watch."""


LONGEST_WAIT = 60
"""Seconds that a client may ask to wait for what is made."""


class ClientGone(HTTPException):
    """Nobody is there to read an answer: no fault of ours, and told to the counters and the log alone."""

    status_code = 499
    detail = "the client went away before its answer was there"


async def done_while_there(work: asyncio.Future[Any], request: Request[Any, Any, Any]) -> bool:
    """Wait for the work. False where the client goes away before it is done; it goes on."""

    async def gone() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    await asyncio.wait((work,), timeout=AT_ONCE)
    if work.done():
        return True
    watch = asyncio.create_task(gone())
    try:
        await asyncio.wait((work, watch), return_when=asyncio.FIRST_COMPLETED)
    finally:
        watch.cancel()
    return work.done()
