"""Bulkhead: how many requests are worked on at once, fair queuing between tenants. Others wait for their turn; their connections cost little.

One loop serves all: a request takes as much longer as there are others on it. So where several tenants come, few are in work at once, of
one tenant fewer, and of those who wait the first of each tenant has its turn after that of another. A tenant alone is held up by
nobody but itself.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

from litestar.connection import Request
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from application.base.in_work import place
from application.ports import Unavailable
from domain.base.errors import TooManyRequests
from interfaces.http.base.authentication import caller_in
from interfaces.http.base.gate import without_key
from interfaces.http.base.limits.arrivals import Arrival, arrival_in
from interfaces.http.base.presence import ClientGone, is_gone

T = TypeVar("T")

ALONE = 64
"""Requests in work at once while one tenant alone comes."""

SHARED, EACH = 4, 1
"""The same while several do: of all, and of each. So one that comes while another has all that it may have finds a place."""

RECENT = 5.0
"""Seconds for which a tenant counts after it came."""

LINE = 100
"""Requests of one tenant that wait for their turn."""

PATIENCE = 10.0
"""Seconds that one waits."""

HELD = 0.5
"""Seconds after which a place is free again, whatever its request does: it waits for something, or there is too much to do for all."""

GIVEN_UP = 1.0
"""Seconds after which a request whose client has gone meanwhile is not begun, also one that writes: nobody was told that it was taken."""

STUCK = 0.02
"""Seconds of waiting for a client, to send its body or to take its answer, or for another request, after which it has no place any more."""


class Place:
    """Implements `application.base.in_work.Place`."""

    def __init__(
        self,
        free: Callable[[], None],
        again: Callable[[], Awaitable[object]],
        arrival: Arrival | None = None,
    ) -> None:
        self._freeing, self._again, self._arrival = free, again, arrival
        self._holders = 1
        self._have()

    def _have(self) -> None:
        self._free: Callable[[], None] | None = self._freeing
        self._over = asyncio.get_running_loop().call_later(HELD, self._give_back)

    def keep(self) -> Callable[[], None]:
        self._holders += 1
        return self.release

    def release(self) -> None:
        """By one of those that have it."""
        self._holders -= 1
        if not self._holders:
            self.leave()

    def leave(self) -> None:
        self._give_back()
        if self._arrival is not None:
            self._arrival.through()

    def _give_back(self) -> None:
        if self._free is not None:
            free, self._free = self._free, None
            self._over.cancel()
            free()

    async def step_back(self) -> None:
        """Where there is too much to do for it to have its turn in time, it goes on without a place."""
        self.leave()
        if self._arrival is not None:
            await self._arrival.after_those_before()
        try:
            await self._again()
        except Unavailable:
            return
        self._have()
        if not self._holders:  # all that had it have gone meanwhile
            self.leave()

    async def beside(self, waiting: Awaitable[T]) -> T:
        if self._free is None:
            return await waiting
        stuck = asyncio.get_running_loop().call_later(STUCK, self.leave)
        try:
            return await waiting
        finally:
            stuck.cancel()


class Places:
    """One a process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: OrderedDict[UUID, float] = OrderedDict()
        """When tenants came last, those that came longest ago first."""
        self._in_work = Counter[UUID]()
        self._lines: dict[UUID, deque[asyncio.Future[None]]] = {}
        """In the order of their turns."""

    async def enter(self, tenant: UUID, arrival: Arrival | None = None) -> tuple[Place, float]:
        """A place, and the seconds that it was waited for. Raises TooManyRequests, Unavailable."""
        self._seen[tenant] = came = self._clock()
        self._seen.move_to_end(tenant)
        line = self._lines.get(tenant)
        if line is not None and len(line) >= LINE:
            raise TooManyRequests(
                f"{len(line)} requests of this tenant's wait for their turn here, as many as may; send fewer at once"
            )
        await self._turn(tenant)
        held = Place(lambda: self._left(tenant), lambda: self._turn(tenant), arrival)
        return held, self._clock() - came

    async def _turn(self, tenant: UUID) -> None:
        """After those of the tenant that wait already. Raises Unavailable."""
        if tenant in self._lines or not self._free_for(tenant):
            await self._wait(tenant)
        else:
            self._in_work[tenant] += 1

    async def _wait(self, tenant: UUID) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._lines.setdefault(tenant, deque()).append(turn)
        try:
            async with asyncio.timeout(PATIENCE):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():  # it came at the moment at which nobody waited any more
                self._left(tenant)
            else:
                self._forget(tenant, turn)
            if isinstance(error, TimeoutError):
                raise Unavailable("there is too much to do here at the moment; try again soon") from error
            raise

    def _left(self, tenant: UUID) -> None:
        self._in_work[tenant] -= 1
        if not self._in_work[tenant]:
            del self._in_work[tenant]
        for each in [*self._lines]:
            while each in self._lines and self._free_for(each):
                self._let_in(each)
                if self._several:
                    break  # the others' turn

    def _let_in(self, tenant: UUID) -> None:
        """The first of its line, which goes behind all others."""
        line = self._lines.pop(tenant)
        turn = line.popleft()
        if line:
            self._lines[tenant] = line
        if not turn.done():
            self._in_work[tenant] += 1
            turn.set_result(None)

    def _forget(self, tenant: UUID, turn: asyncio.Future[None]) -> None:
        line = self._lines.get(tenant)
        if line is not None and turn in line:
            line.remove(turn)
            if not line:
                del self._lines[tenant]

    @property
    def _several(self) -> bool:
        """Whether more than one tenant came of late."""
        since = self._clock() - RECENT
        while self._seen and next(iter(self._seen.values())) < since:
            self._seen.popitem(last=False)
        return len(self._seen) > 1

    def _free_for(self, tenant: UUID) -> bool:
        """One that had all while it was alone counts no more than its share since it is not."""
        all, each = (SHARED, EACH) if self._several else (ALONE, ALONE)
        return self._in_work[tenant] < each and sum(min(each, n) for n in self._in_work.values()) < all


class InWork(ASGIMiddleware):
    """Requests have a place while they are worked on, but for the operator's."""

    scopes = (ScopeType.HTTP,)
    should_bypass_for_scope = staticmethod(without_key)

    def __init__(self) -> None:
        self._places = Places()

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        request: Request[Any, Any, Any] = Request(scope, receive)
        tenant = caller_in(request).counted
        if tenant is None:
            await next_app(scope, receive, send)
            return
        held, waited = await self._places.enter(tenant, arrival_in(scope))
        token = place.set(held)
        try:
            if waited and is_gone(request) and (request.method == "GET" or waited > GIVEN_UP):
                raise ClientGone  # nobody hears of it, and others wait
            await next_app(scope, _received(receive, held), _sent(send, held))
        finally:
            place.reset(token)
            held.release()


def _received(receive: Receive, held: Place) -> Receive:
    """Whoever sends its body slowly has no place meanwhile. What comes after the body is no work."""
    whole = False

    async def received() -> Any:
        nonlocal whole
        if whole:
            return await receive()
        message = await held.beside(receive())
        whole = not message.get("more_body", False)
        return message

    return received


def _sent(send: Send, held: Place) -> Send:
    """Nor has whoever takes its answer slowly."""

    async def sent(message: Message) -> None:
        await held.beside(send(message))

    return sent
