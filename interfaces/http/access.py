"""Requests that go on for long: each ends within a second when what let it in is taken away, and there are not too many.

One watch for all of a process: it hears of a tenant's changes, or finds that a tenant's log has moved on, looks at the tenant once, whatever
the number of its streams, and ends those whose key, scope or tenant is not what it was. What expires, expires by the clock.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import ExitStack, aclosing, contextmanager, suppress
from datetime import datetime
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from litestar.connection import Request
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from application.access import EXPIRED, Grant, KeyGrant
from application.ports import Unavailable
from application.repeated import Repeated
from domain.errors import Refusal, TooManyRequests, Unauthenticated
from interfaces.bootstrap import Services
from interfaces.http.authentication import caller_in

log = logging.getLogger("retrace.http")

POLL = 0.5
"""Seconds after which the watch looks where tenants' logs end, though no hint came."""

GATHER = 0.1
"""Seconds for which hints gather: a tenant in which much happens is looked at no more often than this."""

LINGER = 2.0
"""Seconds for which the watch goes on with nothing to watch."""

AT_ONCE = 0.05
"""Seconds for which a wait is not watched: what is quick is over before anything is taken away."""

AGAIN = 0.2
"""Seconds after which what goes on although it is over is told so once more."""

LONGEST = 3600.0
"""Seconds of a timer; a clock may be set meanwhile."""

UNKNOWN = "streams go on although it can't be asked whether they may"

AT_A_TIME = 4
"""Tenants that are looked at at once."""

STATE = "held"
"""In the state of a request: what is given back at its end."""


class Held(ASGIMiddleware):
    """Gives back at a request's end what it held, however it ends."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        with ExitStack() as held:
            scope["state"][STATE] = held
            await next_app(scope, receive, send)


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


class Waiting:
    """Ends a wait when its access is over: what `async with` this runs is cancelled, and the reason raised. Not for what writes."""

    def __init__(self, access_control: AccessControl, grant: Grant | None) -> None:
        self._control, self._grant, self._stack = access_control, grant, ExitStack()
        self._why: Refusal | None = None
        self._left, self._told = False, 0

    async def __aenter__(self) -> Self:
        if self._grant is not None:
            task = asyncio.current_task()
            assert task is not None
            self._task, self._cancelling = task, task.cancelling()
            begin = asyncio.get_running_loop().call_later(AT_ONCE, self._begin, self._grant)
            self._stack.callback(begin.cancel)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left = True
        self._stack.close()
        for _ in range(self._told):
            self._task.uncancel()
        if self._why is None or kind is not asyncio.CancelledError:
            return
        if self._task.cancelling() <= self._cancelling:
            raise self._why from error

    def _begin(self, grant: Grant) -> None:
        over = self._stack.enter_context(self._control.watch(grant)).over
        over.add_done_callback(self._end)
        self._stack.callback(over.remove_done_callback, self._end)

    def _end(self, over: asyncio.Future[Refusal]) -> None:
        """Again and again: one cancellation may be lost (application/finishing.py)."""
        if not self._left:
            self._why, self._told = over.result(), self._told + 1
            self._task.cancel()
            again = asyncio.get_running_loop().call_later(AGAIN, self._end, over)
            self._stack.callback(again.cancel)


class AccessControl:
    """One a process."""

    def __init__(self, services: Services) -> None:
        settings = services.settings
        self._services = services
        self._of_key, self._of_tenant = settings.max_streams_per_key, settings.max_streams_per_tenant
        self._most = settings.max_connections * 3 // 4
        """The rest of the connections is for requests that end soon."""
        self._open = Counter[UUID | tuple[UUID, str]]()
        self._streams = 0
        self._watched: dict[UUID, dict[Grant, set[Access]]] = {}
        self._fresh: set[UUID] = set()
        """Tenants to be looked at."""
        self._news = asyncio.Event()
        self._ends: dict[UUID, int] = {}
        """Where the logs of watched tenants ended when they were last looked at."""
        self._watching: asyncio.Task[None] | None = None
        self._told = Repeated(log)

    def enter(self, request: Request[Any, Any, Any]) -> Access:
        """For a stream, until the request ends. Raises TooManyRequests, Unavailable."""
        grant = grant_of(request)
        assert grant is not None, "no route of the operator's streams"
        held: ExitStack = request.scope["state"][STATE]
        held.enter_context(self._counted(grant))
        return held.enter_context(self.watch(grant))

    def waiting(self, request: Request[Any, Any, Any]) -> Waiting:
        """For whoever waits long and gets one answer in the end: `async with` it."""
        return Waiting(self, grant_of(request))

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

    @contextmanager
    def _counted(self, grant: Grant) -> Iterator[None]:
        tenant, key = grant.tenant, (grant.tenant, grant.holder)
        streams = self._services.instruments.streams
        if self._open[key] >= self._of_key:
            streams.refused("key")
            raise TooManyRequests(
                f"this key has {self._open[key]} streams open here, as many as it may have; end some of them first"
            )
        if self._open[tenant] >= self._of_tenant:
            streams.refused("tenant")
            raise TooManyRequests(
                f"this tenant has {self._open[tenant]} streams open here, as many as it may have; end some of them first"
            )
        if self._streams >= self._most:
            streams.refused("all")
            raise Unavailable("there are as many streams here as there may be; try again soon")
        self._streams += 1
        self._open.update((tenant, key))
        streams.opened(self._streams)
        try:
            yield
        finally:
            self._streams -= 1
            for each in (tenant, key):
                self._open[each] -= 1
                if not self._open[each]:
                    del self._open[each]
            streams.opened(self._streams)

    def _look(self, tenant: UUID) -> None:
        self._fresh.add(tenant)
        self._news.set()

    async def _watch(self) -> None:
        hearing = asyncio.create_task(self._hear())
        looked = needed = time.monotonic()
        try:
            while needed + LINGER > (now := time.monotonic()):
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


def grant_of(request: Request[Any, Any, Any]) -> Grant | None:
    """What let a request in; None for the operator, whose key is a setting."""
    principal = caller_in(request).principal
    return KeyGrant(principal=principal, scope=request.route_handler.opt["scope"]) if principal else None
