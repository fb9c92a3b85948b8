"""Lease renewal of reservations: what a call has reserved is held for as long as the call lives, and soon ends when its process dies."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from application.base.tasks import cancel_and_wait, run_to_end
from application.budgets.hold import refresh
from application.budgets.settle import LIFETIME, copied, owed
from application.gateway.run import Run
from application.ports import Clock, Fault, Store
from domain.base.context import Context
from domain.base.errors import Conflict

log = logging.getLogger("retrace.budget")

EVERY = LIFETIME.total_seconds() / 3
"""Seconds between two extensions."""

AGAIN = 5.0
"""Seconds after which an extension is tried again that could not be saved."""


@asynccontextmanager
async def holding(run: Run, context: Context, *, store: Store, clock: Clock) -> AsyncIterator[None]:
    """As long as this is entered, nothing expires that `run` has reserved."""
    extending: list[asyncio.Task[None]] = []  # most calls have ended before the first extension

    def begin() -> None:
        extending.append(asyncio.create_task(_extend(run, context, store, clock)))

    first = asyncio.get_running_loop().call_later(EVERY, begin)
    try:
        yield
    finally:
        first.cancel()
        await cancel_and_wait(*extending)


async def _extend(run: Run, context: Context, store: Store, clock: Clock) -> None:
    while True:
        pause = EVERY
        try:
            await run_to_end(_extend_once(run, context, store, clock))
        except Fault as error:
            pause = AGAIN
            log.warning("what a call has reserved could not be extended: %s", type(error).__name__)
        await asyncio.sleep(pause)


async def _extend_once(run: Run, context: Context, store: Store, clock: Clock) -> None:
    async with run.lock:
        at = clock()
        extended = [copied(reservation) for reservation in run.reservations]
        for reservation in extended:
            reservation.extend(at + LIFETIME, at)
        if not extended:
            return
        try:
            await store.save(*extended, context=context, work=[owed(reservation) for reservation in extended])
        except Conflict:  # this process stood still for so long that it was taken to be dead
            await refresh(run, context.tenant, store)
        else:
            run.reservations[:] = extended
