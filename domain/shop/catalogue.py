"""Catalogue: all that a tenant offers, to be filtered and to be found by what somebody calls it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Literal
from uuid import UUID

import msgspec

from domain.shop.matching import Match, OfferIndex, words
from domain.shop.offer import Offer

OfferKind = Literal["product", "service"]


class Offered(msgspec.Struct, frozen=True, kw_only=True):
    """`facts` as of position `position` of the log."""

    kind: OfferKind
    id: UUID
    position: int
    created_at: datetime
    facts: Offer


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """None: whatever it is. `category` and `tag` without regard to capitals and accents."""

    kind: OfferKind | None = None
    category: str | None = None
    tag: str | None = None
    active: bool | None = None


class Catalogue:
    """`offers` in any order; they are named by their numbers."""

    def __init__(self, offers: Sequence[Offered]) -> None:
        self.offers = offers

    @cached_property
    def index(self) -> OfferIndex:
        return OfferIndex([each.facts for each in self.offers])

    @cached_property
    def by_id(self) -> Mapping[UUID, Offered]:
        return {each.id: each for each in self.offers}

    def filtered(self, filters: Filters) -> list[int]:
        category = None if filters.category is None else words(filters.category)
        tag = None if filters.tag is None else words(filters.tag)
        return [
            number
            for number, each in enumerate(self.offers)
            if filters.kind in (None, each.kind)
            and filters.active in (None, each.facts.active)
            and (category is None or words(each.facts.category) == category)
            and (tag is None or any(words(own) == tag for own in each.facts.tags))
        ]

    def find(self, text: str, filters: Filters, *, least: float) -> list[Match]:
        """The surest first; none below `least`."""
        among = None if filters == Filters() else frozenset(self.filtered(filters))
        return self.index.find(text, least=least, among=among)
