"""What counts as an action that a customer has completed: a purchase, a booking."""

from __future__ import annotations

from domain.base.aggregate import Event
from domain.shop.booking import Booking
from domain.shop.order import Order

ACTIONS: tuple[type[Event], ...] = (Booking.Made, Order.Placed)
"""Events of other rooms. Each has a `conversation`, the customer's, and holds nothing personal."""
