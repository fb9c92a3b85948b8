"""Aggregates that many read and few change, as settings and budgets: shared within a process, and at most a second old.

Of many who want one at the same moment one asks the log, and the others wait for it: however many they are, and whatever moment it has to
be of, one asks at a time.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection
from typing import Any, TypeVar, cast
from uuid import UUID

from domain.base.aggregate import Aggregate
from domain.base.errors import Ahead, nowhere

A = TypeVar("A", bound=Aggregate[Any])
Key = tuple[UUID, UUID]
"""Tenant and aggregate."""

FRESH = 1.0
"""Seconds for which it gives what it has without asking the log."""

SHARED = 10_000
"""Aggregates that are kept, those among them that there are not."""

CaughtUp = Callable[[type[Any], UUID, UUID, Any], Awaitable[Any]]
"""kind, id, tenant, what is known of it (None: nothing) → the aggregate as it is now, None where there is none."""


class Latest:
    """`head` tells where a tenant's log ends."""

    def __init__(self, caught_up: CaughtUp, head: Callable[[UUID], Awaitable[int]]) -> None:
        self._caught_up, self._head = caught_up, head
        self._known: OrderedDict[Key, tuple[float, Aggregate[Any] | None]] = OrderedDict()
        self._asking: dict[Key, tuple[float, asyncio.Task[Any]]] = {}
        """When it began, and who asks."""
        self._seen: OrderedDict[UUID, tuple[float, int]] = OrderedDict()
        """Of tenants whose readers ask for a position: when the log's end was looked for last, and where it was."""

    async def get(self, kind: type[A], id: UUID, tenant: UUID, since: float | None = None) -> A:
        """`since`: of the monotonic clock; what was asked of the log before it counts no more. Raises NotFound."""
        key = (tenant, id)
        while True:
            now = time.monotonic()
            at, known = self._known.get(key, (-FRESH, None))
            least = max(self._seen.get(tenant, (at, 0))[0], at if since is None else since)
            if now - at < FRESH and at >= least:
                break
            began, asking = self._asking.get(key, (0.0, None))
            if asking is not None and since is not None and began < since and not asking.done():
                await asyncio.wait(
                    [asking]
                )  # too early for this one: all who need a later one share the next
                continue
            if asking is None:
                asking = asyncio.create_task(self._ask(kind, key, known))
                self._asking[key] = now, asking
                asking.add_done_callback(_heard)
            known = await asyncio.shield(asking)
            break
        if known is None:
            raise nowhere(kind.TOPIC, id)
        return cast(A, known)  # an id has one kind

    def has(self, tenant: UUID, ids: Collection[UUID]) -> bool:
        """Whether `get` gives these without asking the log."""
        now = time.monotonic()
        seen = self._seen.get(tenant, (-FRESH, 0))[0]
        return all(
            at >= seen and now - at < FRESH
            for at, _ in [self._known.get((tenant, id), (-FRESH, None)) for id in ids]
        )

    async def reach(self, tenant: UUID, position: int) -> None:
        """From now on what was asked of the log before it had come to `position` counts no more. Raises Ahead."""
        if self._seen.get(tenant, (0.0, 0))[1] >= position:
            return
        began = time.monotonic()
        if (end := await self._head(tenant)) < position:
            raise Ahead(position, end)
        self._seen[tenant] = (began, end)
        self._seen.move_to_end(tenant)
        if len(self._seen) > SHARED:
            self._seen.popitem(last=False)
        for key in [key for key in self._asking if key[0] == tenant]:
            del self._asking[key]

    def changed(self, tenant: UUID, id: UUID) -> None:
        """What this process has written it knows at once, also where it was just asking."""
        key = (tenant, id)
        if self._asking:
            self._asking.pop(key, None)
        if (known := self._known.get(key)) is not None:
            self._known[key] = (-FRESH, known[1])

    def forget(self, tenant: UUID, subject: UUID | None) -> None:
        """All of a tenant whose keys are gone from here (`subject` None): it has moved, or was erased."""
        if subject is None:
            for key in [key for key in self._known if key[0] == tenant]:
                del self._known[key]

    async def _ask(self, kind: type[Any], key: Key, known: Aggregate[Any] | None) -> Aggregate[Any] | None:
        began, task = time.monotonic(), asyncio.current_task()
        try:
            found: Aggregate[Any] | None = await self._caught_up(kind, key[1], key[0], known)
            if self._asks(key, task):
                self._known[key] = (began, found)
                self._known.move_to_end(key)
                if len(self._known) > SHARED:
                    self._known.popitem(last=False)
            return found
        finally:
            if self._asks(key, task):
                del self._asking[key]

    def _asks(self, key: Key, task: asyncio.Task[Any] | None) -> bool:
        return self._asking.get(key, (0.0, None))[1] is task


def _heard(asking: asyncio.Task[Any]) -> None:
    """Whoever waited may have gone; then nobody else hears of its error."""
    if not asking.cancelled():
        asking.exception()
