"""How much may come in at once: of a tenant's, and in all. What is more is refused at once, before its body is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from uuid import UUID

from litestar.connection import Request
from litestar.enums import ScopeType
from litestar.handlers import HTTPRouteHandler
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from application.ports import Unavailable
from domain.errors import TooManyRequests
from interfaces.http.authentication import caller_in

TENANTS, ALL = 64 * 1024**2, 256 * 1024**2
"""Bytes that are on their way in, of one tenant and of all, in one process. They lie on the disk, sealed."""

HELD = "intake"
"""In the state of a request: the room that it takes."""

SMALL = 256 * 1024
"""Bytes of a body that is not counted."""


class Intake:
    """Bytes that are on their way in."""

    def __init__(self, tenants: int = TENANTS, all: int = ALL) -> None:
        self._tenants, self._all = tenants, all
        self._held: Counter[UUID] = Counter()

    @contextmanager
    def room(self, tenant: UUID, size: int) -> Iterator[Callable[[int], None]]:
        """Hold `size` bytes; what is given may be told how many they were. Raises TooManyRequests, Unavailable."""
        if self._held[tenant] and self._held[tenant] + size > self._tenants:
            raise TooManyRequests(
                f"{self._held[tenant]} bytes of this tenant's are on their way in; send a few files at a time"
            )
        if self._held.total() and self._held.total() + size > self._all:
            raise Unavailable("too much is on its way in at the moment; try again soon")
        self._held[tenant] += size

        def shrink(to: int) -> None:
            nonlocal size
            if to < size:
                self._held[tenant] -= size - to
                size = to

        try:
            yield shrink
        finally:
            self._held[tenant] -= size
            size = 0
            if not self._held[tenant]:
                del self._held[tenant]


class Bounded(ASGIMiddleware):
    """Large bodies are read only where there is room for them."""

    scopes = (ScopeType.HTTP,)

    def __init__(self) -> None:
        self._intake = Intake()

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        request: Request[Any, Any, Any] = Request(scope, receive)
        most = largest(request.route_handler)
        if most <= SMALL:
            await next_app(scope, receive, send)
            return
        told = request.headers.get("content-length", "")
        size = min(int(told), most) if told.isascii() and told.isdigit() else most
        if size <= SMALL:
            await next_app(scope, receive, send)
            return
        tenant = caller_in(request).tenant
        with ExitStack() as held:
            shrink, got = held.enter_context(self._intake.room(tenant, size)), 0
            scope["state"][HELD] = held

            async def counted() -> Any:
                """Whoever does not say how much will come holds the most that may come, until all is there."""
                nonlocal got
                message = await receive()
                if message["type"] == "http.request":
                    got += len(message.get("body", b""))
                    if not message.get("more_body"):
                        shrink(got)
                return message

            await next_app(scope, counted, send)


def taken_in(request: Request[Any, Any, Any]) -> None:
    """The body is where it belongs: what its request does from now on takes no room."""
    held: ExitStack | None = request.scope["state"].get(HELD)
    if held is not None:
        held.close()


def largest(handler: Any) -> int:
    """Bytes that a route's body may have."""
    return (handler.resolve_request_max_body_size() or 0) if isinstance(handler, HTTPRouteHandler) else 0
