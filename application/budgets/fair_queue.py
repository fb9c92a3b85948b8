"""Fair waiting for the budget: calls of a process that need more of it than is free, first come first served after a second.

Whoever has waited for a second has the right of way over all that came later, so that small calls which always find room do not starve
a large one. After some more seconds it loses it again: then it waits for calls that last, and nobody is helped by waiting behind it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

POLITE = 1.0
"""Seconds in which others may still overtake."""

RIGHT_OF_WAY = 20.0
"""Seconds, after those, in which nobody may who came later."""


class Turn:
    """A call that wants something of the budget, since `since` by the monotonic clock."""

    __slots__ = ("since",)

    def __init__(self) -> None:
        self.since = time.monotonic()


class FairQueue:
    """One a process."""

    def __init__(self) -> None:
        self._waiting: dict[UUID, list[Turn]] = {}

    @contextmanager
    def waiting(self, tenant: UUID) -> Iterator[Turn]:
        """Behind all that wait already."""
        turn = Turn()
        self._waiting.setdefault(tenant, []).append(turn)
        try:
            yield turn
        finally:
            waiting = self._waiting[tenant]
            waiting.remove(turn)
            if not waiting:
                del self._waiting[tenant]

    def free(self, tenant: UUID, turn: Turn | None = None) -> bool:
        """Whether nobody has the right of way over `turn`; None: over whoever comes now."""
        now = time.monotonic()
        for other in self._waiting.get(tenant, ()):
            if other is turn:
                return True
            if POLITE <= now - other.since < POLITE + RIGHT_OF_WAY:
                return False
        return True
