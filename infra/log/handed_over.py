"""Aggregates handed over: what a `change` of this process has just saved is what the next use case that loads it for itself begins with.

So the caller that takes a message in and answers it reads the conversation once. Whoever is handed an aggregate has it alone. One that
another process has changed meanwhile is stale: then the save conflicts, as it does for what was loaded a moment ago. Only what owes
something is handed over: where a stale one said that nothing is to be done, nothing would be saved, and nobody would see it.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any, TypeVar
from uuid import UUID

from domain.base.aggregate import Aggregate

A = TypeVar("A", bound=Aggregate[Any])

FRESH = 0.25
"""Seconds for which it waits to be taken."""


class HandedOver:
    """One per process."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[UUID, UUID], tuple[float, Aggregate[Any]]] = {}

    def put(self, tenant: UUID, aggregate: Aggregate[Any]) -> None:
        """The caller changes it no more. It is dropped soon, for it may hold texts of somebody who is to be forgotten."""
        key = (tenant, aggregate.id)
        self._waiting[key] = (time.monotonic(), aggregate)
        asyncio.get_running_loop().call_later(FRESH, self._expire, key, aggregate)

    def take(self, kind: type[A], id: UUID, tenant: UUID) -> A | None:
        """None where there is none, or too old a one."""
        since, found = self._waiting.pop((tenant, id), (0.0, None))
        fresh = time.monotonic() - since < FRESH
        return found if fresh and isinstance(found, kind) else None

    def has(self, tenant: UUID, id: UUID) -> bool:
        """Whether one waits to be taken."""
        return (tenant, id) in self._waiting

    def _expire(self, key: tuple[UUID, UUID], aggregate: Aggregate[Any]) -> None:
        if (found := self._waiting.get(key)) is not None and found[1] is aggregate:
            del self._waiting[key]

    def drop(self, tenant: UUID, id: UUID) -> None:
        """It was changed."""
        self._waiting.pop((tenant, id), None)
