"""What a process knows of tenants' approximate indexes: read along with a search, now and then, and good for the next ones."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

FRESH = 10.0
"""Seconds for which it counts. Who goes by an index that has gone meanwhile searches exactly, and slower."""

REMEMBERED = 10_000
"""Tenants of which a process knows it."""

INDEX_OF = "SELECT name, model, dimension, ef FROM vector_indexes WHERE tenant = $1 AND built_at IS NOT NULL"


class KnownIndex(NamedTuple):
    """`ef` None: it is on trial, and searches don't go by it."""

    name: str
    model: str
    dimension: int
    ef: int | None

    def fits(self, model: str, dimension: int) -> bool:
        return (self.model, self.dimension) == (model, dimension)


class KnownIndexes:
    def __init__(self, fresh: float = FRESH) -> None:
        self._fresh = fresh
        self._known: OrderedDict[UUID, tuple[float, KnownIndex | None]] = OrderedDict()

    def of(self, tenant: UUID) -> tuple[KnownIndex | None, bool]:
        """What is known, and whether it is to be read again."""
        at, known = self._known.get(tenant, (None, None))
        return known, at is None or time.monotonic() - at >= self._fresh

    def learn(self, tenant: UUID, rows: Sequence[Sequence[Any]]) -> None:
        """Of `INDEX_OF`."""
        self._known[tenant] = time.monotonic(), KnownIndex(*rows[0]) if rows else None
        self._known.move_to_end(tenant)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
