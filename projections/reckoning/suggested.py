"""What became of suggestions, one after the other: all that came after each is looked through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from uuid import UUID

from domain.base.recorded import Recorded
from domain.conversations.conversation import Conversation
from domain.shop.booking import Booking
from domain.shop.order import Order
from projections.reckoning.base import Reckoned, Rows


def reckon_suggestions(events: Sequence[Recorded]) -> Reckoned:
    rows: Rows = {}
    for n, recorded in enumerate(events):
        event = recorded.event
        if not isinstance(event, Conversation.Metered) or event.outcome is None:
            continue
        for shown in event.outcome.suggested:
            done = list(_done(events[n + 1 :], recorded, event.interaction, shown.offer))
            liked = [what for what in done if what != "declined"]
            rows[event.interaction, shown.offer] = {
                "to": shown.to,
                "reason": shown.reason,
                "conversation": recorded.stream,
                "at": recorded.recorded_at,
                "accepted": liked[0] if liked else None,
                "bought": "ordered" in done or "booked" in done,
                "declined": "declined" in done,
            }
    return {"suggestions": rows}


def _done(after: Sequence[Recorded], shown: Recorded, interaction: UUID, offer: UUID) -> Iterator[str]:
    """What the customer did about it, in order."""
    for recorded in after:
        event = recorded.event
        if isinstance(event, Conversation.Metered) and event.outcome is not None:
            for reaction in event.outcome.reactions:
                if (reaction.interaction, reaction.offer) == (interaction, offer):
                    yield reaction.kind
        elif isinstance(event, Order.Placed | Booking.Made):
            mine = event.conversation == shown.stream
            if mine and recorded.recorded_at - shown.recorded_at <= timedelta(days=3):
                if isinstance(event, Booking.Made):
                    yield from ["booked"] * (event.service == offer)
                else:
                    yield from ["ordered"] * any(line.product == offer for line in event.lines)
