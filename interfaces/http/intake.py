"""How much may come in at once: of a tenant's, and in all. What is more is refused at once, before its body is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
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
from interfaces.bootstrap import Services
from interfaces.http.authentication import caller_of

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
    def room(self, tenant: UUID, size: int) -> Iterator[None]:
        """Hold `size` bytes. Raises TooManyRequests, Unavailable."""
        if self._held[tenant] and self._held[tenant] + size > self._tenants:
            raise TooManyRequests(
                f"{self._held[tenant]} bytes of this tenant's are on their way in; send a few files at a time"
            )
        if self._held.total() and self._held.total() + size > self._all:
            raise Unavailable("too much is on its way in at the moment; try again soon")
        self._held[tenant] += size
        try:
            yield
        finally:
            self._held[tenant] -= size
            if not self._held[tenant]:
                del self._held[tenant]


class Bounded(ASGIMiddleware):
    """Large bodies are read only where there is room for them."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, services: Services) -> None:
        self._services, self._intake = services, Intake()

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        request: Request[Any, Any, Any] = Request(scope, receive)
        most = largest(request.route_handler)
        if most <= SMALL:
            await next_app(scope, receive, send)
            return
        tenant = (await caller_of(request, self._services)).tenant
        told = request.headers.get("content-length", "")
        size = min(int(told), most) if told.isascii() and told.isdigit() else most
        with ExitStack() as held:
            held.enter_context(self._intake.room(tenant, size))
            scope["state"][HELD] = held
            await next_app(scope, receive, send)


def taken_in(request: Request[Any, Any, Any]) -> None:
    """The body is where it belongs: what its request does from now on takes no room."""
    held: ExitStack = request.scope["state"][HELD]
    held.close()


def largest(handler: Any) -> int:
    """Bytes that a route's body may have."""
    return (handler.resolve_request_max_body_size() or 0) if isinstance(handler, HTTPRouteHandler) else 0
