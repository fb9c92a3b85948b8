"""Rules of review: what a tenant asks of whoever approves corrections."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from domain.base.aggregate import NIL, CreatedEvent
from domain.base.one_per_tenant import OnePerTenant


class ReviewRulesState(msgspec.Struct):
    four_eyes: bool = False
    """Whoever proposed a correction can't approve it."""


class ReviewRules(OnePerTenant[ReviewRulesState]):
    """One per tenant. Nothing in it is personal."""

    TOPIC = "review_rules"
    State = ReviewRulesState

    class Event(OnePerTenant.Event, frozen=True, kw_only=True):
        pass

    class Begun(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "review_rules.begun"
        PERSONAL: ClassVar[bool] = False

    class Set(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "review_rules.set"
        PERSONAL: ClassVar[bool] = False
        four_eyes: bool

        def apply(self, aggregate: ReviewRules) -> None:
            aggregate.state.four_eyes = self.four_eyes

    @property
    def subject(self) -> UUID:
        return NIL

    def set(self, *, four_eyes: bool, at: datetime) -> None:
        if four_eyes != self.state.four_eyes:
            self.trigger(self.Set, at=at, four_eyes=four_eyes)
