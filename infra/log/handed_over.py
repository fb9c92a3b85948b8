"""Aggregates handed over: what a `change` of this process has just saved is what the next use case that loads it for itself begins with.

So the caller that takes a message in and answers it reads the conversation once. Whoever is handed an aggregate has it alone. One that
another process has changed meanwhile is stale: then the save conflicts, as it does for what was loaded a moment ago.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import Any, TypeVar
from uuid import UUID

from domain.base.aggregate import Aggregate

A = TypeVar("A", bound=Aggregate[Any])

FRESH = 0.25
"""Seconds for which it waits to be taken."""


class HandedOver:
    """One per process."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[tuple[UUID, UUID], tuple[float, Aggregate[Any]]] = OrderedDict()

    def put(self, tenant: UUID, aggregate: Aggregate[Any]) -> None:
        """The caller changes it no more."""
        now = time.monotonic()
        while self._waiting and now - next(iter(self._waiting.values()))[0] >= FRESH:
            self._waiting.popitem(last=False)
        self._waiting[tenant, aggregate.id] = (now, aggregate)

    def take(self, kind: type[A], id: UUID, tenant: UUID) -> A | None:
        """None where there is none, or too old a one."""
        since, found = self._waiting.pop((tenant, id), (0.0, None))
        fresh = time.monotonic() - since < FRESH
        return found if fresh and isinstance(found, kind) else None

    def drop(self, tenant: UUID, id: UUID) -> None:
        """It was changed."""
        self._waiting.pop((tenant, id), None)
