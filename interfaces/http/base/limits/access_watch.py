"""The watch of requests that go on for long: each ends within a second when what let it in is taken away.

One for all of a process: it hears of a tenant's changes, or finds that a tenant's log has moved on, looks at the tenant once, whatever
the number of its streams, and ends those whose key, scope or tenant is not what it was. What expires, expires by the clock.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection, Iterator
from contextlib import aclosing, contextmanager, suppress
from datetime import datetime
from uuid import UUID

from application.base.repeated import Repeated
from application.tenancy.access import EXPIRED, Grant
from domain.base.errors import Refusal, Unauthenticated
from interfaces.bootstrap import Services

log = logging.getLogger("retrace.http")

POLL = 0.5
"""Seconds after which the watch looks where tenants' logs end, though no hint came."""

GATHER = 0.1
"""Seconds for which hints gather: a tenant in which much happens is looked at no more often than this."""

LINGER = 2.0
"""Seconds for which the watch goes on with nothing to watch."""

LONGEST = 3600.0
"""Seconds of a timer; a clock may be set meanwhile."""

AT_A_TIME = 4
"""Tenants that are looked at at once."""

UNKNOWN = "streams go on although it can't be asked whether they may"


class Access:
    """A request that was let in. `over` has a result, why, from the moment at which it is no more."""

    def __init__(self, grant: Grant) -> None:
        self.grant = grant
        self.over: asyncio.Future[Refusal] = asyncio.get_running_loop().create_future()
        self._at: datetime | None = None
        self._timer: asyncio.TimerHandle | None = None

    def end(self, why: Refusal) -> None:
        if not self.over.done():
            self.over.set_result(why)
        self.forget()

    def until(self, at: datetime | None, services: Services) -> None:
        """It ends at this moment, if it is not told another one before."""
        if at == self._at and (at is None or self._timer is not None):
            return
        self.forget()
        self._at = at
        if at is None or self.over.done():
            return
        left = (at - services.clock()).total_seconds()
        if left <= 0:
            services.instruments.streams.cut(Unauthenticated.__name__)
            self.end(Unauthenticated(EXPIRED))
            return
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(min(left, LONGEST), self._again, at, services)

    def _again(self, at: datetime, services: Services) -> None:
        self._timer = None
        self.until(at, services)

    def forget(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class AccessWatch:
    """One a process."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._watched: dict[UUID, dict[Grant, set[Access]]] = {}
        self._fresh: set[UUID] = set()
        """Tenants to be looked at."""
        self._news = asyncio.Event()
        self._ends: dict[UUID, int] = {}
        """Where the logs of watched tenants ended when they were last looked at."""
        self._watching: asyncio.Task[None] | None = None
        self._told = Repeated(log)

    @contextmanager
    def watch(self, grant: Grant) -> Iterator[Access]:
        access = Access(grant)
        self._watched.setdefault(grant.tenant, {}).setdefault(grant, set()).add(access)
        self._look(grant.tenant)  # it was let in by what was known, which may be a second old
        if self._watching is None or self._watching.done():
            self._watching = asyncio.create_task(self._watch())
        try:
            yield access
        finally:
            access.forget()
            watched = self._watched[grant.tenant]
            watched[grant].discard(access)
            if not watched[grant]:
                del watched[grant]
            if not watched:
                del self._watched[grant.tenant]
                self._ends.pop(grant.tenant, None)

    def _look(self, tenant: UUID) -> None:
        self._fresh.add(tenant)
        self._news.set()

    async def _watch(self) -> None:
        hearing = asyncio.create_task(self._hear())
        looked = needed = time.monotonic()
        try:
            while self._watched or needed + LINGER > time.monotonic():
                now = time.monotonic()
                with suppress(TimeoutError):
                    async with asyncio.timeout(POLL):
                        await self._news.wait()
                self._news.clear()
                due, self._fresh = self._fresh & self._watched.keys(), set()
                if self._watched and now - looked >= POLL:
                    looked = now
                    due |= await self._moved()
                await self._check(due)
                if self._watched:
                    needed = time.monotonic()
                await asyncio.sleep(GATHER)
        finally:
            hearing.cancel()

    async def _hear(self) -> None:
        async with aclosing(self._services.hints.listen(LONGEST)) as hints:
            async for tenants in hints:
                for tenant in tenants & self._watched.keys():
                    self._look(tenant)

    async def _moved(self) -> set[UUID]:
        """Watched tenants whose log has moved on: one question for all of them."""
        try:
            ends = await self._services.reads.heads(self._watched.keys())
        except Exception as error:  # noqa: BLE001  # the watch goes on
            self._told.warn(UNKNOWN, type(error).__name__)
            return set()
        moved = {tenant for tenant, end in ends.items() if self._ends.get(tenant) != end}
        self._ends = dict(ends)
        return moved

    async def _check(self, tenants: Collection[UUID]) -> None:
        turns = asyncio.Semaphore(AT_A_TIME)

        async def check(tenant: UUID) -> None:
            async with turns:
                await self._check_tenant(tenant)

        if len(tenants) == 1:
            await self._check_tenant(*tenants)
        elif tenants:
            await asyncio.gather(*map(check, tenants))

    async def _check_tenant(self, tenant: UUID) -> None:
        """Once for all that were let in by the same."""
        since = time.monotonic()
        for grant, accesses in list(self._watched.get(tenant, {}).items()):
            try:
                until = await grant.check(self._services.store, self._services.clock(), since)
            except Refusal as why:
                self._told.warn("what went on was ended: its caller may do this no more", why.detail)
                for access in list(accesses):
                    self._services.instruments.streams.cut(type(why).__name__)
                    access.end(type(why)(why.detail, **why.facts))
            except Exception as error:  # noqa: BLE001  # what befalls one tenant's look must not end that of the others
                self._told.warn(UNKNOWN, type(error).__name__)
                self._ends.pop(tenant, None)  # to be looked at again
                return
            else:
                for access in accesses:
                    access.until(until, self._services)
