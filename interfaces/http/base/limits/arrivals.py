"""Arrivals: requests that bring a customer's message, from the moment at which they come until it is on record. Whoever is about to answer waits for those that came before.

A line does not know them all: some are still being let in, as where a setting of their tenant's is read anew just then.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from litestar.connection import Request
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from interfaces.http.base.authentication import API_KEY

WAIT = 0.5
"""Seconds for which they are waited for."""

STATE = "arrival"
"""In the state of a request."""


class Arrival:
    """One request's."""

    def __init__(self, group: Group) -> None:
        self._group, self._number = group, group.come()

    def through(self) -> None:
        """What it brings is on record, or it brings nothing. Said again it says nothing."""
        self._group.through(self._number)

    async def after_those_before(self) -> None:
        """Returns when all that came until now are through, at the latest after `WAIT`. Whoever waits is through itself."""
        self.through()
        await self._group.empty_until_now()


class Group:
    """Those that came with one key."""

    def __init__(self) -> None:
        self._last = 0
        self._under_way: dict[int, None] = {}
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        """The number up to which all have to be through, and who waits for it; in the order of their numbers."""

    def __bool__(self) -> bool:
        return bool(self._under_way)

    def come(self) -> int:
        self._last += 1
        self._under_way[self._last] = None
        return self._last

    def through(self, number: int) -> None:
        self._under_way.pop(number, None)
        while self._waiting and self._oldest > self._waiting[0][0]:
            _, waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(None)

    async def empty_until_now(self) -> None:
        if not self._under_way:
            return
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.append((self._last, waiting))
        await asyncio.wait([waiting], timeout=WAIT)
        waiting.cancel()

    @property
    def _oldest(self) -> int:
        return next(iter(self._under_way), self._last + 1)


class Arriving(ASGIMiddleware):
    """For the routes that say `brings=True`. By the key's text, before it has proved anything: whoever has it may hold up its own answers."""

    scopes = (ScopeType.HTTP,)

    def __init__(self) -> None:
        self._groups: dict[str, Group] = {}

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        if not scope["route_handler"].opt.get("brings"):
            await next_app(scope, receive, send)
            return
        headers = Request[Any, Any, Any](scope).headers
        key = headers.get(API_KEY) or headers.get("Authorization") or ""
        group = self._groups.setdefault(key, Group())
        arrival = scope["state"][STATE] = Arrival(group)
        try:
            await next_app(scope, receive, send)
        finally:
            arrival.through()
            if not group and self._groups.get(key) is group:
                del self._groups[key]


def arrival_in(scope: Scope) -> Arrival | None:
    found: Arrival | None = scope["state"].get(STATE)
    return found
