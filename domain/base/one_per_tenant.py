"""Aggregates of which a tenant has one, as its settings: where they are, and how they begin."""

from __future__ import annotations

from datetime import datetime
from functools import cache, lru_cache
from typing import Any, Generic, Self, TypeVar
from uuid import UUID, uuid5

import msgspec

from domain.base.aggregate import Aggregate, CreatedEvent, events_of

S = TypeVar("S", bound=msgspec.Struct)


class OnePerTenant(Aggregate[S], Generic[S]):
    """It needs no id to be found by, and begins by its first command. Its first event says nothing but that it is there."""

    @classmethod
    def id_of(cls, tenant: UUID) -> UUID:
        """The id follows from the tenant's and the kind's topic, for ever."""
        return _id_of(tenant, cls.TOPIC)

    @classmethod
    def begin(cls, tenant: UUID, at: datetime) -> Self:
        return cls.create(_first_of(cls), id=cls.id_of(tenant), at=at)


@lru_cache(maxsize=20_000)
def _id_of(tenant: UUID, topic: str) -> UUID:
    return uuid5(tenant, topic)


@cache
def _first_of(kind: type[Aggregate[Any]]) -> type[CreatedEvent]:
    (first,) = (event for event in events_of(kind).values() if issubclass(event, CreatedEvent))
    return first
