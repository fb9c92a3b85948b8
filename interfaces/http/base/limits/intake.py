"""How much may come in at once: of a tenant's, and in all. What is more is refused at once, before its body is read."""

from __future__ import annotations

import asyncio
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
from domain.base.errors import TooManyRequests
from interfaces.http.base.authentication import caller_in

TENANTS, ALL = 64 * 1024**2, 256 * 1024**2
"""Bytes in hand, of one tenant and of all, in one process: on their way in (uploads lie on the disk, sealed), or asked of a model (prompts)."""

HELD = "intake"
"""In the state of a request: the room that it takes."""

SMALL = 256 * 1024
"""Bytes of a body that is not counted."""

GRACE, PACE = 5.0, 256 * 1024
"""A body that says how large it is has room for all of it for some seconds, and one more for so many bytes; then for what came by then."""


class Intake:
    """Bytes in hand. A tenant that has some has no more than what is free for others: so there is room for somebody else always."""

    def __init__(self, tenants: int = TENANTS, all: int = ALL) -> None:
        self._tenants, self._all = tenants, all
        self._held: Counter[UUID] = Counter()

    @contextmanager
    def room(self, tenant: UUID, size: int) -> Iterator[Room]:
        """Hold `size` bytes. Raises TooManyRequests, Unavailable."""
        room = Room(self, tenant)
        room.grow(size)
        try:
            yield room
        finally:
            room.shrink(0)
            room.left = True

    def take(self, tenant: UUID, more: int) -> None:
        """Hold `more` bytes more. Raises TooManyRequests, Unavailable."""
        held, total = self._held[tenant], self._held.total()
        if held and held + more > min(self._tenants, self._all - total):
            raise TooManyRequests(
                f"{held} bytes of this tenant's are on their way in, or in the prompts of calls under way; send a few at a time"
            )
        if total and total + more > self._all:
            raise Unavailable("too much is on its way in at the moment; try again soon")
        self._held[tenant] += more

    def give(self, tenant: UUID, bytes: int) -> None:
        """Hold so many fewer."""
        self._held[tenant] -= bytes
        if not self._held[tenant]:
            del self._held[tenant]


class Room:
    """What one body holds."""

    def __init__(self, intake: Intake, tenant: UUID) -> None:
        self._intake, self._tenant = intake, tenant
        self._size = 0
        self.left = False

    def grow(self, to: int) -> None:
        """Hold `to` bytes, if it is more. Raises TooManyRequests, Unavailable."""
        if to > self._size:
            self._intake.take(self._tenant, to - self._size)
            self._size = to

    def shrink(self, to: int) -> None:
        """Hold `to` bytes, if it is less."""
        if to < self._size and not self.left:
            self._intake.give(self._tenant, self._size - to)
            self._size = to


class Bounded(ASGIMiddleware):
    """Large bodies are read only where there is room for them."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, intake: Intake | None = None) -> None:
        self._intake = intake or Intake()

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        request: Request[Any, Any, Any] = Request(scope, receive)
        most = largest(request.route_handler)
        if most <= SMALL:
            await next_app(scope, receive, send)
            return
        told = request.headers.get("content-length", "")
        size = min(int(told), most) if told.isascii() and told.isdigit() else None
        if size is not None and size <= SMALL:
            await next_app(scope, receive, send)
            return
        with ExitStack() as held:
            room = held.enter_context(self._intake.room(caller_in(request).tenant, size or SMALL))
            scope["state"][HELD] = held
            await next_app(scope, _counted(receive, room, size, held), send)


def _counted(receive: Receive, room: Room, size: int | None, held: ExitStack) -> Receive:
    """Whoever does not say how much will come, or lets it be waited for, holds what has come."""
    got, reserved = 0, size is not None

    def late() -> None:
        nonlocal reserved
        reserved = False
        room.shrink(max(SMALL, got))

    if size is not None:
        timer = asyncio.get_running_loop().call_later(GRACE + size / PACE, late)
        held.callback(timer.cancel)

    async def counted() -> Any:
        nonlocal got
        message = await receive()
        if message["type"] == "http.request" and not room.left:
            got += len(message.get("body", b""))
            if not message.get("more_body"):
                room.shrink(got)
            if not reserved:
                room.grow(got)
        return message

    return counted


def taken_in(request: Request[Any, Any, Any]) -> None:
    """The body is where it belongs: what its request does from now on takes no room."""
    held: ExitStack | None = request.scope["state"].get(HELD)
    if held is not None:
        held.close()


def largest(handler: Any) -> int:
    """Bytes that a route's body may have."""
    return (handler.resolve_request_max_body_size() or 0) if isinstance(handler, HTTPRouteHandler) else 0
