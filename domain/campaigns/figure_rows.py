"""The rows that a campaign's figures are counted from, and the events that change them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

import msgspec

from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.campaigns.campaign import Campaign
from domain.campaigns.state import Status as CampaignStatus
from domain.channels.delivery import Delivery as D
from domain.channels.delivery import delivery_of
from domain.conversations.conversation import Conversation as C
from domain.shop.booking import Booking
from domain.shop.order import Order

LEFT_OUT = "left_out"
MOST_BUTTONS = 10

LIFE: dict[type[Event], CampaignStatus] = {
    Campaign.Scheduled: "scheduled",
    Campaign.Started: "running",
    Campaign.Paused: "paused",
    Campaign.Cancelled: "cancelled",
    Campaign.Finished: "finished",
}

DELIVERED: tuple[type[Event], ...] = (
    D.TakenIn,
    D.Attempted,
    D.Accepted,
    D.NotTaken,
    D.FateUnknown,
    D.StatusTold,
    D.Replaced,
    D.GivenUp,
)
EVENTS: tuple[type[Event], ...] = (
    Campaign.Drafted,
    Campaign.Revised,
    Campaign.Resumed,
    Campaign.Advanced,
    *LIFE,
    *DELIVERED,
    C.CampaignClicked,
    C.OptedOut,
    Order.Placed,
    Order.Cancelled,
    Booking.Made,
    Booking.Cancelled,
)


class CampaignRow(msgspec.Struct, kw_only=True):
    campaign: UUID
    status: CampaignStatus
    created_at: datetime
    began_at: datetime | None = None
    ended_at: datetime | None = None
    conversion_days: int = 7


class ReachedRow(msgspec.Struct, kw_only=True):
    """A customer, by their delivery. `status`: of the last of its messages, or `left_out`, for which `code` says why. `number`: of that
    message. `pressed`: a bit for each button. `conversation`: of who was left out."""

    campaign: UUID
    delivery: UUID
    conversation: UUID | None = None
    number: int = 0
    status: str = "queued"
    code: str | None = None
    over: int = 0
    position: int
    at: datetime
    counts_until: datetime
    clicks: int = 0
    pressed: int = 0
    opted_out: bool = False
    orders: int = 0
    bookings: int = 0


class ConversionRow(msgspec.Struct, kw_only=True):
    """An order or a booking that counts for a campaign: what it was made for, whether or not it was cancelled since."""

    purchase: UUID
    campaign: UUID
    delivery: UUID
    kind: Literal["order", "booking"]
    at: datetime
    currency: str
    amount: Decimal
    cancelled: bool = False


def deliveries_named(batch: Iterable[Recorded]) -> set[UUID]:
    """Whose rows the batch may change."""
    found: set[UUID] = set()
    for recorded in batch:
        event = recorded.event
        if isinstance(event, DELIVERED):
            found.add(recorded.stream)
        elif recorded.topic in (C.CampaignClicked.TOPIC, C.OptedOut.TOPIC):
            found.add(delivery_of(recorded.stream))
        elif isinstance(event, Order.Placed | Booking.Made):
            found.add(delivery_of(event.conversation))
        elif isinstance(event, Campaign.Advanced):
            found |= {delivery_of(each.conversation) for each in event.omitted}
    return found
