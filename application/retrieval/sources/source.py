"""Passage source: a place that is asked for passages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from application.retrieval.query import Query
from domain.retrieval.fusion import Ranked


class Brought(msgspec.Struct, frozen=True, kw_only=True):
    """Best first. `pending`: how many of the tenant's documents no passage can come of yet."""

    ranked: Sequence[Ranked] = ()
    pending: int = 0


class PassageSource(Protocol):
    """Asked beside others. Whatever it raises, and however long it takes, the answer goes on without it; but where all of the tenant's own are
    Unavailable, as the database is, the answer is made later."""

    @property
    def name(self) -> str:
        """As it stands on record."""

    @property
    def own(self) -> bool:
        """Whether what it brings is the tenant's own. A source that is not is waited for only as long as nothing of the tenant's own is certain."""

    def serves(self, query: Query) -> bool:
        """Whether the query is one for it."""

    async def find(self, query: Query) -> Brought: ...
