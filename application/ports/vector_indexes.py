"""Approximate indexes of large tenants, as they stand in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

import msgspec

from domain.retrieval.vector_index.recall import Recall


class StandingIndex(msgspec.Struct, frozen=True, kw_only=True):
    """`whole`: it is finished and valid; else it is being built, or was cut off. `ef`: with which searches go by it; None: they don't.
    `recalls`: what was measured of it since it was asked to begin anew."""

    model: str
    dimension: int
    whole: bool
    ef: int | None
    bytes: int
    recalls: Sequence[Recall]


class VectorIndexes(Protocol):
    async def standing(self, tenant: UUID) -> StandingIndex | None: ...

    async def chunks(self, tenant: UUID, model: str) -> int:
        """How many vectors of the space `model` the tenant has."""

    async def build(self, tenant: UUID, model: str, dimension: int, most: int) -> bool:
        """Beside all traffic, which takes minutes. False: not now, as another one is being built, or `most` are there."""

    async def serve(self, tenant: UUID, ef: int) -> None:
        """Searches go by it, with `ef` candidates; recall is counted anew."""

    async def measure_anew(self, tenant: UUID) -> None: ...

    async def drop(self, tenant: UUID) -> None:
        """Searches go by it no more, and it goes, at the latest when no other is being built."""
