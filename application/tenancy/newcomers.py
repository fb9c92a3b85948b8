"""Newcomers: tenants whose key has not opened anything in this process yet. A bulkhead: they are looked up a few at once.

A key's text names a tenant before it has proved anything, and anybody can make such ids up, a new one for each request. Nor can the
database tell them apart: each would have a line of its own there. So they wait here, in one line, and nobody waits behind them who has
been here before.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from uuid import UUID

from application.ports import Unavailable

AT_ONCE = 4
"""Newcomers that are looked up at once."""

WAIT = 5.0
"""Seconds that one waits for its turn."""

KNOWN = 10_000
"""Tenants that a process remembers to have been here; those that came longest ago are forgotten first."""

THROUGH: AbstractAsyncContextManager[None] = nullcontext()


class Newcomers:
    """One a process."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(AT_ONCE)
        self._known: OrderedDict[UUID, None] = OrderedDict()

    def turn(self, tenant: UUID) -> AbstractAsyncContextManager[None]:
        """To look the tenant up: at once where it is known. Raises Unavailable."""
        return THROUGH if tenant in self._known else self._turn()

    def came_in(self, tenant: UUID) -> None:
        """A key of the tenant's was good."""
        self._known[tenant] = None
        self._known.move_to_end(tenant)
        if len(self._known) > KNOWN:
            self._known.popitem(last=False)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(WAIT):
                await self._places.acquire()
        except TimeoutError as error:
            raise Unavailable("many keys of tenants unknown here came at once; try again") from error
        try:
            yield
        finally:
            self._places.release()
