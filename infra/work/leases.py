"""What one worker holds: leased items that wait and those being done. Plain bookkeeping, in seconds of one monotonic clock."""

from __future__ import annotations

import asyncio
import math
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from uuid import UUID

from infra.work.items import Item

SHARE = 0.75
"""The part of a worker's places that one tenant may fill, so that there is always one for another's item."""


class Lease:
    """`until`: when it surely still holds; `begun`: when the try began, which `scope` can end."""

    __slots__ = ("begun", "claimed", "scope", "until")

    def __init__(self, claimed: float, until: float) -> None:
        self.claimed, self.until = claimed, until
        self.begun: float | None = None
        self.scope: asyncio.Timeout | None = None

    def give_up(self) -> None:
        """Make the try fail with a TimeoutError."""
        self.until = math.inf
        if self.scope is not None and not self.scope.expired():
            self.scope.reschedule(0)


class Leases:
    """Leased items; `lengths`: kind → seconds; `places`: how many may be done at once."""

    def __init__(self, lengths: Mapping[str, float], places: int) -> None:
        self._lengths, self._places = lengths, places
        self._share = max(1, int(places * SHARE))
        self._held: dict[Item, Lease] = {}
        self._doing: Counter[UUID] = Counter()
        self._aside: dict[UUID, deque[Item]] = {}

    def __len__(self) -> int:
        return len(self._held)

    def take(self, items: Sequence[Item], now: float) -> None:
        """`now` is the time before the claim was sent: the database counts from a later moment."""
        for item in items:
            self._held[item] = Lease(now, now + self._lengths[item.kind])

    def begin(self, item: Item, now: float) -> Lease | None:
        """None: it was dropped, or put aside until another item of its tenant ends."""
        lease = self._held.get(item)
        if lease is None:
            return None
        if self._doing[item.tenant] >= self._share:
            self._aside.setdefault(item.tenant, deque()).append(item)
            return None
        self._doing[item.tenant] += 1
        lease.begun = now
        return lease

    def end(self, item: Item) -> Item | None:
        """The next item of the same tenant that was put aside, if any."""
        del self._held[item]
        if self._doing[item.tenant] == 1:
            del self._doing[item.tenant]
        else:
            self._doing[item.tenant] -= 1
        if not (aside := self._aside.get(item.tenant)):
            return None
        following = aside.popleft()
        if not aside:
            del self._aside[item.tenant]
        return following

    def drop(self, items: Sequence[Item]) -> None:
        """Forget items that were not begun."""
        for item in items:
            del self._held[item]
        for tenant, aside in list(self._aside.items()):
            if kept := deque(item for item in aside if item in self._held):
                self._aside[tenant] = kept
            else:
                del self._aside[tenant]

    def renewed(self, items: Sequence[Item], now: float) -> None:
        for item in items:
            if lease := self._held.get(item):
                lease.until = now + self._lengths[item.kind]

    def lost(self, items: Sequence[Item]) -> None:
        for item in items:
            if lease := self._held.get(item):
                lease.give_up()

    def room(self, ahead: int) -> tuple[int, list[UUID]]:
        """(how many more items to claim, tenants that have their share), with `ahead` items beyond the places."""
        busy = [tenant for tenant, count in self._doing.items() if count >= self._share]
        most = max((count for count in self._doing.values() if count < self._share), default=0)
        waits = sum(map(len, self._aside.values())) if self._aside else 0
        return min(self._places + waits - len(self._held), self._share - most) + ahead, busy

    def waiting(self, since: float = math.inf) -> list[Item]:
        """Items not begun that were claimed before `since`."""
        return [item for item, lease in self._held.items() if lease.begun is None and lease.claimed < since]

    def ending(self, now: float) -> list[Item]:
        """Items being done whose lease has less than half of its length left."""
        return [
            item
            for item, lease in self._held.items()
            if lease.begun is not None and lease.until - now < self._lengths[item.kind] / 2
        ]
