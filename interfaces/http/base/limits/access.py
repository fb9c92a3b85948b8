"""Requests that go on for long: they end with what let them in (access_watch.py), and there are not too many."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from litestar.connection import Request
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from application.operators.access import SessionGrant
from application.ports import Unavailable
from application.tenancy.access import Grant, KeyGrant
from domain.base.errors import Refusal, TooManyRequests
from interfaces.bootstrap import Services
from interfaces.http.base.authentication import caller_in
from interfaces.http.base.limits.access_watch import Access, AccessWatch

AT_ONCE = 0.05
"""Seconds for which a wait is not watched: what is quick is over before anything is taken away."""

AGAIN = 0.2
"""Seconds after which what goes on although it is over is told so once more."""

STATE = "held"
"""In the state of a request: what is given back at its end."""


class Held(ASGIMiddleware):
    """Gives back at a request's end what it held, however it ends."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        with ExitStack() as held:
            scope["state"][STATE] = held
            await next_app(scope, receive, send)


class Waiting:
    """Ends a wait when its access is over: what `async with` this runs is cancelled, and the reason raised. Not for what writes."""

    def __init__(self, watch: AccessWatch, grant: Grant | None) -> None:
        self._watch, self._grant, self._stack = watch, grant, ExitStack()
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
        over = self._stack.enter_context(self._watch.watch(grant)).over
        over.add_done_callback(self._end)
        self._stack.callback(over.remove_done_callback, self._end)

    def _end(self, over: asyncio.Future[Refusal]) -> None:
        """Again and again: one cancellation may be lost (application/base/tasks.py)."""
        if not self._left:
            self._why, self._told = over.result(), self._told + 1
            self._task.cancel()
            again = asyncio.get_running_loop().call_later(AGAIN, self._end, over)
            self._stack.callback(again.cancel)


class AccessControl:
    """One a process."""

    def __init__(self, services: Services) -> None:
        settings = services.settings
        self._watch, self._figures = AccessWatch(services), services.instruments.streams
        self._of_key, self._of_tenant = settings.max_streams_per_key, settings.max_streams_per_tenant
        self._most = settings.max_connections * 3 // 4
        """The rest of the connections is for requests that end soon."""
        self._open = Counter[UUID | tuple[UUID, str]]()
        self._streams = 0

    def enter(self, request: Request[Any, Any, Any]) -> Access:
        """For a stream, until the request ends. Raises TooManyRequests, Unavailable."""
        grant = grant_of(request)
        assert grant is not None, "no route of the operator's streams"
        held: ExitStack = request.scope["state"][STATE]
        held.enter_context(self._counted(grant))
        return held.enter_context(self._watch.watch(grant))

    def waiting(self, request: Request[Any, Any, Any]) -> Waiting:
        """For whoever waits long and gets one answer in the end: `async with` it."""
        return Waiting(self._watch, grant_of(request))

    @contextmanager
    def _counted(self, grant: Grant) -> Iterator[None]:
        tenant, key = grant.tenant, (grant.tenant, grant.holder)
        streams = self._figures
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


def grant_of(request: Request[Any, Any, Any]) -> Grant | None:
    """What let a request in; None for the operator, whose key is a setting."""
    caller = caller_in(request)
    scope = request.route_handler.opt["scope"]
    if caller.session is not None:
        return SessionGrant(session=caller.session, scope=scope)
    return KeyGrant(principal=caller.principal, scope=scope) if caller.principal else None
