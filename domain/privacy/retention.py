"""How long a tenant keeps conversations in which nothing happens any more."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from domain.base.aggregate import NIL, CreatedEvent
from domain.base.errors import Invalid
from domain.base.one_per_tenant import OnePerTenant

SHORTEST, LONGEST = 1, 36_500
"""Days."""


class RetentionState(msgspec.Struct):
    days: int | None = None
    """None: for ever."""


class Retention(OnePerTenant[RetentionState]):
    """One per tenant; without one everything is kept for ever. Nothing in it is personal."""

    TOPIC = "retention"
    State = RetentionState

    class Event(OnePerTenant.Event, frozen=True, kw_only=True):
        pass

    class Begun(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "retention.begun"
        PERSONAL: ClassVar[bool] = False

    class PeriodSet(Event, frozen=True, kw_only=True):
        """Conversations without any activity for `days` are erased from now on; None: none are."""

        TOPIC: ClassVar[str] = "retention.period_set"
        PERSONAL: ClassVar[bool] = False
        days: int | None

        def apply(self, aggregate: Retention) -> None:
            aggregate.state.days = self.days

    @property
    def subject(self) -> UUID:
        return NIL

    def keep(self, days: int | None, at: datetime) -> None:
        """Keep idle conversations for so many days; None: for ever."""
        if days is not None and not SHORTEST <= days <= LONGEST:
            raise Invalid(f"conversations are kept for {SHORTEST} to {LONGEST} days, or for ever (null)")
        if days != self.state.days:
            self.trigger(self.PeriodSet, at=at, days=days)
