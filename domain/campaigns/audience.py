"""The audience of a campaign: which of the tenant's customers, by when they wrote last and what they bought or booked. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from domain.base.errors import Invalid

Days = Annotated[int, Meta(ge=1, le=3650)]


class Bought(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Who has ordered a product, or booked a service, that was not cancelled: any, or this one; at any time, or since then."""

    kind: Literal["product", "service", "any"] = "any"
    item: UUID | None = None
    since: datetime | None = None
    within_days: Days | None = None
    never: bool = False
    """Who has not."""


class Audience(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """All that is given holds at once. Customers are those who have written by the channel: nobody else has an address here.

    `heard_…`: when they wrote last; `within_days` count back from when the campaign begins. `bought`: what they have bought or booked, or
    have not.
    """

    channel: Annotated[str, Meta(min_length=1, max_length=32)] = "whatsapp"
    heard_after: datetime | None = None
    heard_before: datetime | None = None
    heard_within_days: Days | None = None
    bought: Annotated[tuple[Bought, ...], Meta(max_length=10)] = ()
    conversations: Annotated[tuple[UUID, ...], Meta(max_length=1000)] = ()
    """Only these customers; empty: all."""

    def check(self) -> None:
        """Raises Invalid."""
        for moment in (self.heard_after, self.heard_before, *(each.since for each in self.bought)):
            if moment is not None and moment.tzinfo is None:
                raise Invalid("audience: a time needs its offset, as 2026-11-30T09:00:00Z")
        if (
            self.heard_after is not None
            and self.heard_before is not None
            and self.heard_after >= self.heard_before
        ):
            raise Invalid("audience: heard_after is not before heard_before, so nobody is in it")
        for each in self.bought:
            if each.item is not None and each.kind == "any":
                raise Invalid("audience: say of an item whether its kind is product or service")

    def since(self, begins: datetime) -> datetime | None:
        """The earliest last message that is in it."""
        within = None if self.heard_within_days is None else begins - timedelta(days=self.heard_within_days)
        return max((each for each in (within, self.heard_after) if each is not None), default=None)


def bought_since(bought: Bought, begins: datetime) -> datetime | None:
    """From when on what was bought counts."""
    within = None if bought.within_days is None else begins - timedelta(days=bought.within_days)
    return max((each for each in (within, bought.since) if each is not None), default=None)
