"""What was bought and booked, sale by sale."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from domain.base.recorded import Recorded
from domain.shop.booking import Booking
from domain.shop.order import Order
from projections.reckoning.base import Reckoned, amount, one, slots, summed

SAID = ("conversation.answered", "conversation.replied", "conversation.forgotten")


def reckon_sales(events: Sequence[Recorded]) -> Reckoned:
    cancelled = {
        each.stream for each in events if isinstance(each.event, Order.Cancelled | Booking.Cancelled)
    }
    said: dict[object, Recorded] = {}
    facts = []
    for recorded in events:
        event, at = recorded.event, recorded.recorded_at
        if recorded.topic in SAID:
            said[recorded.stream] = recorded
        if not isinstance(event, Order.Placed | Booking.Made):
            continue
        last = said.get(event.conversation)
        led = last is not None and last.topic == SAID[0] and at - last.recorded_at <= timedelta(hours=24)
        kind = "purchase" if isinstance(event, Order.Placed) else "booking"
        price = event.total if isinstance(event, Order.Placed) else event.price
        gone = recorded.stream in cancelled
        row = {
            "made": 1,
            "attributed": one(led),
            "cancelled": one(gone),
            "cancelled_attributed": one(gone and led),
            "amount": price,
            "attributed_amount": amount(led, price),
            "cancelled_amount": amount(gone, price),
            "cancelled_attributed_amount": amount(gone and led, price),
        }
        facts += [((grain, slot, kind, event.currency), row) for grain, slot in slots(at)]
    return {"sales": summed(facts)}
