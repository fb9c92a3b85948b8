"""What counts as an action that a customer has completed: a purchase, a booking; and a call of the tenant's own actions, where the tenant says so."""

from __future__ import annotations

from domain.actions.call import ActionCall
from domain.base.aggregate import Event
from domain.shop.booking import Booking
from domain.shop.order import Order

ACTIONS: tuple[type[Event], ...] = (Booking.Made, Order.Placed, ActionCall.Completed)
"""Events of other rooms. Each has a `conversation`, the customer's, and holds nothing personal."""


def completes(event: Event | None) -> bool:
    """Whether one of these events counts."""
    return not isinstance(event, ActionCall.Completed) or event.counts_as is not None
